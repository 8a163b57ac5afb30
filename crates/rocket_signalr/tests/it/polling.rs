//! Long polling.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rocket_signalr::{Caller, DisconnectReason, HubContext, HubError, HubOptions, hub, hub_client};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Notify};

use crate::support::{
    Answer, Encoding, Log, Poller, RS, Server, ending, eventually, messages, options,
    stays_pending, within,
};

#[hub_client]
trait PollClient {
    async fn got(&self, text: &str);
}

#[derive(Clone, Default)]
struct PollHub {
    log: Log,
    gate: Arc<Notify>,
}

#[hub(client = PollClient)]
impl PollHub {
    fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        match caller.query("refuse") {
            Some(_) => Err(HubError::new("no")),
            None => Ok(()),
        }
    }

    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn echo(&self, text: String) -> String {
        text
    }

    fn note(&self, text: String) {
        self.log.add(text);
    }

    async fn wait(&self) {
        self.log.add("waiting");
        self.gate.notified().await;
        self.log.add("waited");
    }

    fn abort(&self, caller: &Caller<Self>) {
        caller.abort();
    }
}

async fn serve(options: HubOptions) -> (Server, HubContext<PollHub>, PollHub) {
    let hub = PollHub::default();
    let (server, context) = Server::of(hub.clone(), options).await;
    (server, context, hub)
}

fn got(text: impl std::fmt::Display) -> Value {
    json!({"type": 1, "target": "got", "arguments": [format!("{text}")]})
}

fn is_uncached(answer: &Answer) -> bool {
    answer.header("cache-control") == Some("no-cache, no-store")
        && answer.header("pragma") == Some("no-cache")
        && answer.header("expires") == Some("Thu, 01 Jan 1970 00:00:00 GMT")
}

/// Sends a poll and does not read its answer.
async fn begin_poll(poller: &Poller) -> TcpStream {
    let mut stream = TcpStream::connect(poller.addr).await.unwrap();
    let head = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", poller.path, poller.addr);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn calls_are_answered_with_the_next_poll() {
    let (server, _, _) = serve(options()).await;
    let mut poller = server.poller().await;
    let call = json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": ["é😀"]});
    let polling = poller.polling();
    poller.send(call.clone()).await;
    let answer = within("the poll", polling).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
    let completion = json!({"type": 3, "invocationId": "a", "result": "é😀"});
    assert_eq!(messages(&answer.body), std::slice::from_ref(&completion));
    poller.send(call).await;
    assert_eq!(poller.next().await, Some(completion));
}

#[tokio::test]
async fn all_that_waits_comes_with_one_poll() {
    let (server, context, _) = serve(options()).await;
    let poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    for number in 0..50 {
        context.clients().all().got(&number.to_string()).await.unwrap();
    }
    let answer = poller.poll().await;
    assert_eq!(messages(&answer.body), (0..50).map(got).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_answer_to_a_poll_is_kept_out_of_caches() {
    let (server, _, _) = serve(HubOptions { poll_timeout: Duration::ZERO, ..options() }).await;
    let path = server.negotiated_path().await;
    let first = server.get(&path).await;
    assert_eq!((first.told(), is_uncached(&first)), ((200, ""), true));
    let timed_out = server.get(&path).await;
    assert_eq!((timed_out.told(), is_uncached(&timed_out)), ((200, ""), true));
    assert_eq!(timed_out.header("content-type"), Some("text/plain"));
    for path in ["/hub", "/hub?id=unknown"] {
        assert!(is_uncached(&server.get(path).await), "{path}");
    }
    server.delete(&path).await;
    let ended = server.get(&path).await;
    assert!(matches!(ended.status, 200 | 204 | 404) && is_uncached(&ended));
}

#[tokio::test]
async fn poll_without_a_message_ends_empty_in_time() {
    const TIMEOUT: Duration = Duration::from_millis(50);
    let (server, _, hub) = serve(HubOptions { poll_timeout: TIMEOUT, ..options() }).await;
    let poller = server.poller().await;
    for _ in 0..2 {
        let begin = Instant::now();
        let answer = poller.poll().await;
        assert!(begin.elapsed() > TIMEOUT / 2, "it waits");
        assert_eq!(answer.told(), (200, ""));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    poller.send(json!({"type": 1, "target": "Note", "arguments": ["alive"]})).await;
    hub.log.wait("alive").await;
    assert_eq!(HubOptions::default().poll_timeout, Duration::from_secs(90));
}

#[tokio::test]
async fn new_poll_takes_the_place_of_the_one_that_waits() {
    let (server, context, _) = serve(options()).await;
    let poller = server.poller().await;
    let (replaced, waiting) = poller.replaced_poll().await;
    assert_eq!((replaced.told(), is_uncached(&replaced)), ((204, ""), true));
    context.clients().all().got("for the new one").await.unwrap();
    let answer = within("the new poll", waiting).await.unwrap();
    assert_eq!((answer.status, messages(&answer.body)), (200, vec![got("for the new one")]));
}

#[tokio::test]
async fn messages_for_a_client_that_left_wait_for_its_next_poll() {
    let (server, context, _) = serve(options()).await;
    let mut poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    for round in 0..20 {
        let stream = begin_poll(&poller).await;
        poller.round_trips().await;
        drop(stream);
        poller.round_trips().await;
        context.clients().all().got(&format!("{round} first")).await.unwrap();
        context.clients().all().got(&format!("{round} second")).await.unwrap();
        assert_eq!(poller.next().await, Some(got(format!("{round} first"))));
        assert_eq!(poller.next().await, Some(got(format!("{round} second"))));
    }
}

#[tokio::test]
async fn large_answer_that_was_read_in_part_is_sent_again_whole_and_in_order() {
    let (server, context, _) =
        serve(HubOptions { slow_client_limit: 64 * 1024 * 1024, ..options() }).await;
    let mut poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    let large = "x".repeat(20_000_000);
    context.clients().all().got(&large).await.unwrap();
    context.clients().all().got("second").await.unwrap();
    let mut stream = begin_poll(&poller).await;
    let mut some = [0; 10_000];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut some).await.unwrap();
    drop(stream);
    context.clients().all().got("third").await.unwrap();
    for expected in [&*large, "second", "third"] {
        assert!(poller.next().await == Some(got(expected)), "all, in their order");
    }
}

#[tokio::test]
async fn delete_ends_the_poll_that_waits() {
    let (server, context, hub) = serve(options()).await;
    let poller = server.poller().await;
    let (_, polling) = poller.replaced_poll().await;
    let deleted = poller.delete().await;
    assert_eq!(deleted.told(), (202, ""));
    assert_eq!(deleted.header("content-type"), Some("text/plain"));
    let last = within("the poll", polling).await.unwrap();
    let close = json!({"type": 7, "allowReconnect": true});
    assert_eq!((last.status, messages(&last.body)), (200, vec![close]));
    hub.log.wait("no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
}

#[tokio::test]
async fn delete_between_polls_ends_the_connection_at_once() {
    let (server, context, hub) = serve(options()).await;
    let poller = server.poller().await;
    assert_eq!(poller.delete().await.told(), (202, ""));
    hub.log.wait("no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    server.forgets(&poller.path).await;
    assert_eq!(poller.poll().await.status, 404);
    assert_eq!(poller.delete().await.status, 404);
}

#[tokio::test]
async fn delete_does_not_wait_for_a_method_that_hangs() {
    let (server, context, hub) = serve(options()).await;
    let poller = server.poller().await;
    poller.send(json!({"type": 1, "target": "Wait", "arguments": []})).await;
    hub.log.wait("waiting").await;
    assert_eq!(poller.delete().await.told(), (202, ""));
    hub.log.wait("no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    hub.gate.notify_one();
    hub.log.wait("waited").await;
}

#[tokio::test]
async fn last_messages_come_before_the_end() {
    let (server, _, hub) = serve(options()).await;
    let mut poller = server.poller().await;
    let call = json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": ["x"]});
    let abort = json!({"type": 1, "target": "Abort", "arguments": []});
    assert_eq!(poller.post(&format!("{call}{RS}{abort}{RS}")).await.status, 200);
    hub.log.wait("no error").await;
    let completion = json!({"type": 3, "invocationId": "a", "result": "x"});
    assert_eq!(poller.next().await, Some(completion));
    assert_eq!(poller.next().await, Some(json!({"type": 7})));
    let last = poller.poll().await;
    assert_eq!((last.told(), is_uncached(&last)), ((204, ""), true));
    server.forgets(&poller.path).await;
}

#[tokio::test]
async fn refusal_of_the_hub_is_told_by_a_poll() {
    let (server, _, _) = serve(options()).await;
    let (_, token) = server.negotiate("/hub").await;
    let mut poller = Poller::open(server.addr, "/hub", &format!("{token}&refuse")).await;
    poller.shake_hands(Encoding::Json).await;
    let error = "Connection closed with an error. HubException: no";
    assert_eq!(poller.next().await, Some(json!({"type": 7, "error": error})));
    assert_eq!(poller.next().await, None);
}

#[tokio::test]
async fn client_that_does_not_poll_any_more_is_gone() {
    let (server, context, hub) =
        serve(HubOptions { disconnect_timeout: Duration::from_millis(100), ..options() }).await;
    let poller = server.poller().await;
    hub.log.wait("no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(poller.poll().await.status, 404);
}

/// A client whose call goes on while hardly anything more is taken of it.
async fn busy() -> (Server, Poller, PollHub) {
    let (server, _, hub) =
        serve(HubOptions { application_max_buffer_size: 1000, ..options() }).await;
    let poller = server.poller().await;
    poller.send(json!({"type": 1, "target": "Wait", "arguments": []})).await;
    hub.log.wait("waiting").await;
    (server, poller, hub)
}

/// So many calls of 20 KB.
fn notes(count: usize) -> String {
    let note = |number| {
        let text = format!("{number} {}", "x".repeat(20_000));
        format!("{}{RS}", json!({"type": 1, "target": "Note", "arguments": [text]}))
    };
    (0..count).map(note).collect()
}

#[tokio::test]
async fn posts_wait_while_too_much_is_unread_and_are_let_go_by_the_end() {
    let (_server, poller, hub) = busy().await;
    let mut posting = poller.posting(notes(20));
    stays_pending("the post that has no room", &mut posting).await;
    assert_eq!(poller.delete().await.status, 202);
    assert_eq!(within("the post", posting).await.unwrap().told(), (404, ""));
    hub.gate.notify_one();
}

#[tokio::test]
async fn posts_that_waited_for_room_are_carried_out_in_order() {
    let (_server, poller, hub) = busy().await;
    let posting = poller.posting(notes(20));
    hub.gate.notify_one();
    assert_eq!(within("the post", posting).await.unwrap().told(), (200, ""));
    hub.log.wait(&format!("19 {}", "x".repeat(20_000))).await;
    let events = hub.log.events();
    let numbers: Vec<_> =
        events[2..].iter().map(|event| event.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn clients_that_poll_are_not_pinged() {
    let (server, context, _) = serve(HubOptions {
        keep_alive_interval: Duration::from_millis(10),
        poll_timeout: Duration::from_millis(100),
        ..options()
    })
    .await;
    let poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    for _ in 0..2 {
        assert_eq!(poller.poll().await.told(), (200, ""));
    }
}
