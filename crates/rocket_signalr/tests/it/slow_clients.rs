//! Clients that do not take what is sent to them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{Stream, stream};
use rocket_signalr::{Caller, DisconnectReason, Hub, HubContext, HubOptions, hub, hub_client};
use serde_json::{Value, json};

use crate::support::{
    Client, Encoding, End, Log, OnDrop, Server, closed_with, ending, eventually, options, settled,
    within,
};

#[hub_client]
trait SlowClient {
    async fn got(&self, text: &str);
}

#[derive(Clone, Default)]
struct SlowHub {
    log: Log,
    made: Arc<AtomicUsize>,
}

#[hub(client = SlowClient)]
impl SlowHub {
    fn on_connected(&self, caller: &Caller<Self>) {
        caller.insert(Arc::new(OnDrop(self.log.clone(), "let go")));
    }

    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn ok(&self) -> bool {
        true
    }

    fn echo(&self, text: String) -> String {
        self.made.fetch_add(1, Relaxed);
        text
    }

    fn flood(&self, count: usize) -> impl Stream<Item = String> + Send {
        let made = self.made.clone();
        stream::iter((0..count).map(move |_| {
            made.fetch_add(1, Relaxed);
            "x".repeat(100_000)
        }))
    }
}

const TOO_SLOW: &str = "SlowClientException: The client takes its messages too slowly.";

async fn serve(options: HubOptions) -> (Server, HubContext<SlowHub>, SlowHub) {
    let hub = SlowHub::default();
    let (server, context) = Server::of(hub.clone(), options).await;
    (server, context, hub)
}

/// Serves a hub and connects a client that reads.
async fn serve_reader(options: HubOptions) -> (Server, HubContext<SlowHub>, SlowHub, Client) {
    let (server, context, hub) = serve(options).await;
    let mut reader = server.connect().await;
    reader.invoke("Ok", json!([])).await.unwrap();
    (server, context, hub, reader)
}

/// So little may wait that it is soon too much.
fn little() -> HubOptions {
    HubOptions { slow_client_limit: 300_000, close_timeout: Duration::from_millis(50), ..options() }
}

/// Sends to all until the reader, who gets all of it, is left alone.
async fn flood(context: &HubContext<SlowHub>, reader: &mut Client) {
    let large = "x".repeat(200_000);
    within("the end of the slow ones", async {
        while context.connection_count() > 1 {
            context.clients().all().got(&large).await.unwrap();
            reader.expect_call("got", json!([large])).await;
        }
    })
    .await;
}

#[tokio::test]
async fn client_that_stops_reading_is_dropped_with_all_that_waits_for_it() {
    let (server, context, hub, mut reader) = serve_reader(little()).await;
    let mut slow = server.connect().await;
    slow.invoke("Ok", json!([])).await.unwrap();
    flood(&context, &mut reader).await;
    hub.log.wait(TOO_SLOW).await;
    // Though its socket still stands and nothing was read from it.
    hub.log.wait("let go").await;
    assert_eq!(reader.invoke("Ok", json!([])).await, Ok(json!(true)));
    assert_eq!(context.connection_count(), 1);
    drop(slow);
}

#[tokio::test]
async fn client_that_takes_nothing_is_dropped_in_time_though_little_waits() {
    let (server, context, hub, mut reader) = serve_reader(HubOptions {
        slow_client_limit: 100_000_000,
        transport_send_timeout: Duration::from_millis(300),
        ..options()
    })
    .await;
    let mut slow = server.connect().await;
    slow.invoke("Ok", json!([])).await.unwrap();
    flood(&context, &mut reader).await;
    hub.log.wait(TOO_SLOW).await;
    hub.log.wait("let go").await;
    drop(slow);
}

#[tokio::test]
async fn event_stream_that_is_not_read_is_dropped() {
    let (server, context, hub, mut reader) = serve_reader(little()).await;
    let slow = server.event_stream().await;
    eventually("both", || context.connection_count() == 2).await;
    flood(&context, &mut reader).await;
    hub.log.wait(TOO_SLOW).await;
    drop(slow);
    hub.log.wait("let go").await;
}

#[tokio::test]
async fn client_that_does_not_poll_is_dropped() {
    let (server, context, hub, mut reader) = serve_reader(little()).await;
    let _slow = server.poller().await;
    eventually("both", || context.connection_count() == 2).await;
    flood(&context, &mut reader).await;
    hub.log.wait(TOO_SLOW).await;
    hub.log.wait("let go").await;
}

fn message(text: &str) -> Value {
    json!({"type": 1, "target": "got", "arguments": [text]})
}

fn dropped() -> Value {
    closed_with(TOO_SLOW)
}

#[tokio::test]
async fn limit_is_exact_and_the_message_that_crosses_it_is_taken() {
    const LIMIT: usize = 1000;
    let around = message("").to_string().len() + 1;
    let (server, context, hub) = serve(HubOptions { slow_client_limit: LIMIT, ..options() }).await;
    let mut poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    let send_all = async |sizes: &[usize]| {
        let mut messages = Vec::new();
        for size in sizes {
            let text = "x".repeat(size - around);
            context.clients().all().got(&text).await.unwrap();
            messages.push(message(&text));
        }
        messages
    };
    for sizes in [&[50_000][..], &[400, 600, 50_000]] {
        for message in send_all(sizes).await {
            assert_eq!(poller.next().await, Some(message));
        }
    }
    let messages = send_all(&[400, 601, 100]).await;
    // It is told behind what waited.
    assert_eq!(poller.next().await.as_ref(), Some(&messages[0]));
    assert_eq!(poller.next().await.as_ref(), Some(&messages[1]));
    assert_eq!(poller.next().await, Some(dropped()));
    assert_eq!(poller.next().await, None);
    hub.log.wait(TOO_SLOW).await;
}

#[tokio::test]
async fn slow_client_that_reads_again_finds_all_up_to_its_end() {
    let (server, context, hub) =
        serve(HubOptions { slow_client_limit: 300_000, ..options() }).await;
    let mut slow = server.connect().await;
    slow.invoke("Ok", json!([])).await.unwrap();
    let filling = "x".repeat(100_000);
    let mut sent = 0;
    within("its end", async {
        while context.connection_count() > 0 {
            context.clients().all().got(&format!("{sent} {filling}")).await.unwrap();
            sent += 1;
            tokio::task::yield_now().await;
        }
    })
    .await;
    hub.log.wait(TOO_SLOW).await;
    let End { mut last, code } = slow.end().await;
    assert_eq!((last.pop(), code), (Some(dropped()), Some(1000)));
    assert!(last.len() < sent, "the one over the limit is not sent");
    for (number, came) in last.into_iter().enumerate() {
        assert!(came == message(&format!("{number} {filling}")), "{number}");
    }
}

#[tokio::test]
async fn slow_clients_slow_nobody_down() {
    const COUNT: usize = 300;
    let (server, context, hub) =
        serve(HubOptions { slow_client_limit: 1_000_000, ..little() }).await;
    let mut slow = Vec::new();
    for _ in 0..10 {
        slow.push(server.connect().await);
    }
    let _pollers = [server.poller().await, server.poller().await];
    let mut reader = server.connect().await;
    reader.invoke("Ok", json!([])).await.unwrap();
    eventually("all", || context.connection_count() == 13).await;
    let filling = "x".repeat(20_000);
    for number in 0..COUNT {
        let text = format!("{number} {filling}");
        context.clients().all().got(&text).await.unwrap();
        reader.expect(message(&text)).await;
        // Its calls are answered, too.
        assert_eq!(reader.invoke("Ok", json!([])).await, Ok(json!(true)));
    }
    hub.log.wait_times(TOO_SLOW, 12).await;
    assert_eq!(context.connection_count(), 1);
}

#[tokio::test]
async fn each_place_of_a_hub_has_its_own_limit() {
    let limit = |slow_client_limit| HubOptions { slow_client_limit, ..options() };
    let endpoint =
        SlowHub::default().at("/hub").options(limit(1000)).also_at("/more").options(limit(2000));
    let context = endpoint.context();
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let mut less = server.poller().await;
    let mut more = server.poller_at("/more", Encoding::Json).await;
    eventually("two", || context.connection_count() == 2).await;
    let text = "x".repeat(700);
    for _ in 0..3 {
        context.clients().all().got(&text).await.unwrap();
    }
    for expected in [message(&text), message(&text), dropped()] {
        assert_eq!(less.next().await, Some(expected));
    }
    for _ in 0..3 {
        assert_eq!(more.next().await, Some(message(&text)));
    }
}

#[tokio::test]
async fn stream_goes_as_fast_as_its_client_reads() {
    const COUNT: usize = 300;
    let (server, _, hub) = serve(options()).await;
    let mut client = server.connect().await;
    let id = client.stream("Flood", json!([COUNT])).await;
    let made = settled(&hub.made).await;
    assert!(made < COUNT, "{made} items were made for nobody");
    for _ in 0..COUNT {
        client.expect_item(&id, json!("x".repeat(100_000))).await;
    }
    client.expect(json!({"type": 3, "invocationId": id})).await;
}

#[tokio::test]
async fn calls_of_a_client_that_does_not_read_wait() {
    const COUNT: usize = 1200;
    let (server, _, hub) = serve(options()).await;
    let mut client = server.connect().await;
    let text = "x".repeat(30_000);
    let call = json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": [text]});
    let call = format!("{call}\u{1e}");
    let mut writer = client.socket.take_writer();
    let sender = tokio::spawn(async move {
        for _ in 0..COUNT {
            writer.text(&call).await;
        }
        writer
    });
    let made = settled(&hub.made).await;
    assert!(made < COUNT, "{made} calls were carried out");
    for _ in 0..COUNT {
        client.expect(json!({"type": 3, "invocationId": "a", "result": text})).await;
    }
    drop(within("the sender", sender).await.unwrap());
    eventually("all", || hub.made.load(Relaxed) == COUNT).await;
}

#[tokio::test]
async fn client_that_is_dropped_gets_nothing_that_was_sent_after_what_it_missed() {
    let (server, context, _) = serve(HubOptions { slow_client_limit: 1000, ..options() }).await;
    let mut poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    let large = "x".repeat(800);
    for text in ["first", &large, &large, "second", "third"] {
        context.clients().all().got(text).await.unwrap();
    }
    for text in ["first", &large, &large] {
        assert_eq!(poller.next().await, Some(message(text)));
    }
    assert_eq!(poller.next().await, Some(dropped()));
}
