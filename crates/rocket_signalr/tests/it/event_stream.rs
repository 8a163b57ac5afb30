//! Event streams.

use std::time::Duration;

use futures::{Stream, stream};
use rocket_signalr::{Caller, DisconnectReason, HubContext, HubOptions, hub, hub_client};
use serde_json::json;

use crate::support::{
    EventStream, Log, OnDrop, RS, Server, closed_with, ending, eventually, options, request,
};

#[hub_client]
trait EventClient {
    async fn got(&self, text: &str);
}

#[derive(Clone, Default)]
struct EventHub {
    log: Log,
}

#[hub(client = EventClient)]
impl EventHub {
    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn echo(&self, text: String) -> String {
        text
    }

    fn note(&self, text: String) {
        self.log.add(text);
    }

    fn abort(&self, caller: &Caller<Self>) {
        caller.abort();
    }

    fn pending(&self) -> impl Stream<Item = i32> + Send {
        let ended = OnDrop(self.log.clone(), "stream ended");
        stream::once(async move {
            let _ended = ended;
            std::future::pending().await
        })
    }
}

async fn serve() -> (Server, HubContext<EventHub>, Log) {
    serve_with(options()).await
}

async fn serve_with(options: HubOptions) -> (Server, HubContext<EventHub>, Log) {
    let hub = EventHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

fn call(text: &str) -> serde_json::Value {
    json!({"type": 1, "invocationId": text, "target": "Echo", "arguments": [text]})
}

fn echo(text: &str) -> serde_json::Value {
    json!({"type": 3, "invocationId": text, "result": text})
}

#[tokio::test]
async fn answer_has_the_headers_that_keep_events_flowing() {
    let (server, _, _) = serve().await;
    let stream = server.event_stream().await;
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache,no-store"),
        ("pragma", "no-cache"),
        ("content-encoding", "identity"),
    ] {
        assert_eq!(stream.answer.header(name), Some(value));
    }
}

#[tokio::test]
async fn messages_come_as_events_and_go_as_posts() {
    let (server, context, _) = serve().await;
    let mut stream = server.event_stream().await;
    stream.send(call("é😀\n\r\n")).await;
    assert_eq!(stream.next().await, Some(echo("é😀\n\r\n")));
    for number in 0..200 {
        context.clients().all().got(&number.to_string()).await.unwrap();
    }
    for number in 0..200 {
        let message = json!({"type": 1, "target": "got", "arguments": [number.to_string()]});
        assert_eq!(stream.next().await, Some(message));
    }
    let large = "x".repeat(15_000);
    stream.send(call(&large)).await;
    assert_eq!(stream.next().await, Some(echo(&large)));
}

#[tokio::test]
async fn posts_may_hold_many_messages_or_parts_of_one() {
    let (server, _, _) = serve().await;
    let mut stream = server.event_stream().await;
    let text = format!("{}{RS}{}{RS}", call("a"), call("b"));
    for part in text.as_bytes().chunks(25) {
        let answer = request(server.addr, "POST", &stream.path, &[], part).await;
        assert_eq!(answer.told(), (200, ""));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    assert_eq!(stream.next().await, Some(echo("a")));
    assert_eq!(stream.next().await, Some(echo("b")));
}

#[tokio::test]
async fn posts_at_the_same_time_do_not_mix() {
    let (server, _, log) = serve().await;
    let stream = server.event_stream().await;
    let posts = (0..20).map(|number| {
        let text = number.to_string().repeat(9000);
        let note = json!({"type": 1, "target": "Note", "arguments": [text]});
        let (addr, path) = (server.addr, stream.path.clone());
        tokio::spawn(async move {
            let body = format!("{note}{RS}");
            request(addr, "POST", &path, &[], body.as_bytes()).await.status
        })
    });
    for status in futures::future::join_all(posts).await {
        assert_eq!(status.unwrap(), 200);
    }
    for number in 0..20_i32 {
        log.wait(&number.to_string().repeat(9000)).await;
    }
}

#[tokio::test]
async fn protocol_that_needs_bytes_is_refused() {
    let (server, _, _) = serve().await;
    let (_, token) = server.negotiate("/hub").await;
    let mut stream = EventStream::open(server.addr, "/hub", &token).await;
    stream.send(json!({"protocol": "messagepack", "version": 1})).await;
    let error = "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.";
    assert_eq!(stream.next().await, Some(json!({"error": error})));
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn abort_ends_the_stream_with_a_close() {
    let (server, context, log) = serve().await;
    let mut stream = server.event_stream().await;
    stream.send(json!({"type": 1, "target": "Abort", "arguments": []})).await;
    assert_eq!(stream.next().await, Some(json!({"type": 7})));
    assert_eq!(stream.next().await, None);
    log.wait("no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    server.forgets(&stream.path).await;
}

/// Rocket notices that a client has left when something is written to it.
#[tokio::test]
async fn client_that_leaves_is_noticed_by_a_ping_and_its_streams_are_dropped() {
    let keep_alive_interval = Duration::from_millis(100);
    let (server, context, log) = serve_with(HubOptions { keep_alive_interval, ..options() }).await;
    let stream = server.event_stream().await;
    stream
        .send(json!({"type": 4, "invocationId": "s", "target": "Pending", "arguments": []}))
        .await;
    drop(stream);
    log.wait("no error").await;
    log.wait("stream ended").await;
    eventually("nobody", || context.connection_count() == 0).await;
}

#[tokio::test]
async fn broken_message_ends_the_stream() {
    let (server, _, log) = serve().await;
    let mut stream = server.event_stream().await;
    stream.send(json!([])).await;
    let detail =
        "InvalidDataException: Unexpected JSON Token Type 'Array'. Expected a JSON Object.";
    assert_eq!(stream.next().await, Some(closed_with(detail)));
    assert_eq!(stream.next().await, None);
    log.wait(detail).await;
}
