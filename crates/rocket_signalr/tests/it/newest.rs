//! Messages of which only the newest counts.

use std::time::Duration;

use rocket_signalr::{Caller, DisconnectReason, HubContext, HubOptions, hub, hub_client};
use serde_json::{Value, json};

use crate::support::{
    Client, Encoding, Log, Poller, Server, Stateful, ending, eventually, options, within,
};

#[hub_client]
trait GaugeClient {
    async fn gauge(&self, name: &str, value: usize);
    async fn chat(&self, text: &str);
    async fn large(&self, number: usize, filling: &str);
}

#[derive(Clone, Default)]
struct GaugeHub {
    log: Log,
}

#[hub(client = GaugeClient)]
impl GaugeHub {
    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    async fn join(&self, caller: &Caller<Self>) -> String {
        caller.join("group").await;
        caller.connection_id().to_owned()
    }
}

async fn serve(options: HubOptions) -> (Server, HubContext<GaugeHub>, Log) {
    let hub = GaugeHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

/// A client that takes nothing as long as it does not poll.
async fn poller(server: &Server, context: &HubContext<GaugeHub>) -> Poller {
    let before = context.connection_count();
    let poller = server.poller().await;
    eventually("one more", || context.connection_count() == before + 1).await;
    poller
}

fn call(target: &str, arguments: Value) -> Value {
    json!({"type": 1, "target": target, "arguments": arguments})
}

async fn expect(poller: &mut Poller, messages: impl IntoIterator<Item = Value>) {
    for message in messages {
        assert_eq!(poller.next().await, Some(message));
    }
}

/// Expects that nothing waits: the next message that comes is one that is sent now.
async fn expect_no_more(poller: &mut Poller, context: &HubContext<GaugeHub>) {
    context.clients().all().chat("no more").await.unwrap();
    expect(poller, [call("chat", json!(["no more"]))]).await;
}

#[tokio::test]
async fn newer_message_takes_the_place_of_one_that_waits() {
    let (server, context, _) = serve(options()).await;
    let mut poller = poller(&server, &context).await;
    let all = context.clients().all();
    all.clone().newest("cpu").gauge("cpu", 1).await.unwrap();
    all.chat("first").await.unwrap();
    all.clone().newest("mem").gauge("mem", 1).await.unwrap();
    all.clone().newest("cpu").gauge("cpu", 2).await.unwrap();
    all.chat("second").await.unwrap();
    all.gauge("cpu", 0).await.unwrap();
    all.clone().newest("cpu").gauge("cpu", 3).await.unwrap();
    // It goes to the end: what was sent in between was sent before it.
    let waited = [
        call("chat", json!(["first"])),
        call("gauge", json!(["mem", 1])),
        call("chat", json!(["second"])),
        call("gauge", json!(["cpu", 0])),
        call("gauge", json!(["cpu", 3])),
    ];
    expect(&mut poller, waited).await;
    expect_no_more(&mut poller, &context).await;
}

#[tokio::test]
async fn what_has_been_taken_is_not_taken_back() {
    let (server, context, _) = serve(options()).await;
    let mut poller = poller(&server, &context).await;
    for value in 0..5 {
        context.clients().all().newest("cpu").gauge("cpu", value).await.unwrap();
        expect(&mut poller, [call("gauge", json!(["cpu", value]))]).await;
    }
    expect_no_more(&mut poller, &context).await;
}

#[tokio::test]
async fn client_that_keeps_up_gets_every_message() {
    let (server, context, _) = serve(options()).await;
    let mut reader = server.connect().await;
    let mut packed = server.connect_packed().await;
    for client in [&mut reader, &mut packed] {
        client.invoke("Join", json!([])).await.unwrap();
    }
    let mut late = poller(&server, &context).await;
    for value in 0..200 {
        context.clients().all().newest("cpu").gauge("cpu", value).await.unwrap();
        for client in [&mut reader, &mut packed] {
            client.expect_call("gauge", json!(["cpu", value])).await;
        }
    }
    expect(&mut late, [call("gauge", json!(["cpu", 199]))]).await;
    expect_no_more(&mut late, &context).await;
}

#[tokio::test]
async fn keys_are_told_apart_however_many_there_are() {
    const KEYS: usize = 1000;
    let (server, context, _) = serve(options()).await;
    let mut json = poller(&server, &context).await;
    let mut packed = server.poller_at("/hub", Encoding::MessagePack).await;
    for round in 0..5 {
        for key in 0..KEYS {
            let name = format!("gauge {key}");
            context.clients().all().newest(&name).gauge(&name, round).await.unwrap();
        }
    }
    for poller in [&mut json, &mut packed] {
        let newest = (0..KEYS).map(|key| call("gauge", json!([format!("gauge {key}"), 4])));
        expect(poller, newest).await;
    }
}

#[tokio::test]
async fn key_counts_for_all_methods_and_selectors() {
    let (server, context, _) = serve(options()).await;
    let mut poller = poller(&server, &context).await;
    let join = json!({"type": 1, "invocationId": "a", "target": "Join", "arguments": []});
    poller.send(join).await;
    let id = poller.next().await.unwrap()["result"].as_str().unwrap().to_owned();
    let clients = context.clients();
    clients.all().newest("k").gauge("all", 1).await.unwrap();
    clients.group("group").newest("k").chat("group").await.unwrap();
    clients.client(&id).newest("k").gauge("client", 3).await.unwrap();
    clients.clients(&[&id]).newest("other").gauge("clients", 4).await.unwrap();
    clients.all_except(&["nobody"]).newest("").gauge("except", 5).await.unwrap();
    let waited = [("client", 3), ("clients", 4), ("except", 5)];
    expect(&mut poller, waited.map(|(name, value)| call("gauge", json!([name, value])))).await;
}

#[tokio::test]
async fn slow_client_is_kept_if_only_the_newest_counts() {
    let (server, context, log) = serve(HubOptions { slow_client_limit: 50_000, ..options() }).await;
    let mut slow = poller(&server, &context).await;
    let filling = "x".repeat(20_000);
    for number in 0..500 {
        context.clients().all().newest("a").large(number, &filling).await.unwrap();
        context.clients().all().newest("b").large(number, &filling).await.unwrap();
    }
    expect(&mut slow, [0; 2].map(|_| call("large", json!([499, filling])))).await;
    expect_no_more(&mut slow, &context).await;
    // Of different keys too much may wait.
    for key in 0..4 {
        context.clients().all().newest(&key.to_string()).large(key, &filling).await.unwrap();
    }
    log.wait("SlowClientException: The client takes its messages too slowly.").await;
}

/// Of a socket that is not read, some of a message may have been written when the next comes.
#[tokio::test]
async fn socket_that_is_read_late_gets_whole_messages_in_order_and_the_newest_last() {
    const COUNT: usize = 200;
    let (server, context, _) =
        serve(HubOptions { close_timeout: Duration::from_millis(50), ..options() }).await;
    let mut client = server.connect().await;
    client.invoke("Join", json!([])).await.unwrap();
    let filling = "x".repeat(100_000);
    for number in 0..COUNT {
        context.clients().all().newest("a").large(number, &filling).await.unwrap();
        if number % 20 == 0 {
            context.clients().all().chat(&number.to_string()).await.unwrap();
        }
    }
    let (larges, chats) = read_late(&mut client, COUNT - 1).await;
    assert!(larges.is_sorted() && larges.len() < COUNT, "{larges:?}");
    assert_eq!(chats, (0..COUNT).step_by(20).collect::<Vec<_>>());
}

/// The numbers of the large messages up to the last, and those of the others.
async fn read_late(client: &mut Client, last: usize) -> (Vec<usize>, Vec<usize>) {
    let (mut larges, mut chats) = (Vec::new(), Vec::new());
    within("the last", async {
        while larges.last() != Some(&last) {
            let message = client.next().await;
            match message["target"].as_str() {
                Some("large") => {
                    let number = message["arguments"][0].as_u64().unwrap();
                    larges.push(usize::try_from(number).unwrap());
                }
                _ => chats.push(message["arguments"][0].as_str().unwrap().parse().unwrap()),
            }
        }
    })
    .await;
    (larges, chats)
}

/// Messages are counted to know what to send again: one that was left out must not be.
#[tokio::test]
async fn client_that_comes_back_gets_nothing_twice() {
    const COUNT: usize = 200;
    let (server, context, _) = serve(HubOptions {
        allow_stateful_reconnects: true,
        stateful_reconnect_buffer_size: 100_000_000,
        slow_client_limit: 100_000_000,
        ..options()
    })
    .await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    let filling = "x".repeat(100_000);
    for number in 0..COUNT {
        context.clients().all().newest("a").large(number, &filling).await.unwrap();
    }
    within("the newest", async {
        while client.next().await.unwrap()["arguments"][0] != json!(COUNT - 1) {}
    })
    .await;
    client.come_back().await;
    context.clients().all().chat("after").await.unwrap();
    let next = client.next().await.unwrap();
    assert_eq!((&next["target"], &next["arguments"][0]), (&json!("chat"), &json!("after")));
}
