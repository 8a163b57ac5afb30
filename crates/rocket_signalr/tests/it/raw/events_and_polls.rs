//! Raw endpoints over event streams and long polling.

use std::time::{Duration, Instant};

use rocket_signalr::HubOptions;

use super::{CHUNK, serve};
use crate::support::{Answer, EventStream, Poller, Server, request, request_bytes, within};

async fn event_stream(server: &Server, query: &str) -> EventStream {
    let (_, token) = server.negotiate("/raw").await;
    EventStream::open(server.addr, "/raw", &format!("{token}{query}")).await
}

async fn poller(server: &Server, query: &str) -> Poller {
    let (_, token) = server.negotiate("/raw").await;
    Poller::open(server.addr, "/raw", &format!("{token}{query}")).await
}

async fn post(server: &Server, path: &str, body: &[u8]) {
    let answer = request(server.addr, "POST", path, &[], body).await;
    assert_eq!(answer.told(), (200, ""));
}

async fn poll(poller: &Poller) -> (Answer, Vec<u8>) {
    request_bytes(poller.addr, "GET", &poller.path, &[], b"").await
}

/// Polls until there are so many bytes.
async fn poll_bytes(poller: &Poller, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let (answer, body) = poll(poller).await;
        assert_eq!(answer.status, 200);
        bytes.extend(body);
    }
    bytes
}

#[tokio::test]
async fn text_goes_over_event_streams() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut stream = event_stream(&server, "").await;
    for text in ["é😀", "two\nlines", "\n", "data: x"] {
        post(&server, &stream.path, text.as_bytes()).await;
        assert_eq!(stream.event().await.as_deref(), Some(text));
    }
    // A line break is one, however it is written.
    post(&server, &stream.path, b"two\r\nlines\r\n").await;
    assert_eq!(stream.event().await.as_deref(), Some("two\nlines\n"));
    let large = "0123456789".repeat(100_000);
    post(&server, &stream.path, large.as_bytes()).await;
    let mut came = String::new();
    while came.len() < large.len() {
        came += &stream.event().await.unwrap();
    }
    assert!(came == large);
    assert_eq!(raw.log.events(), ["connected"]);
}

#[tokio::test]
async fn bytes_go_over_polls() {
    let (server, _) = serve(HubOptions::default()).await;
    let poller = poller(&server, "").await;
    let all: Vec<u8> = (0..=255).collect();
    post(&server, &poller.path, &all).await;
    let (answer, body) = poll(&poller).await;
    assert_eq!((answer.status, &body), (200, &all));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-length"), Some("256"));
    assert_eq!(answer.header("cache-control"), Some("no-cache, no-store"));
    let waiting = poller.polling();
    post(&server, &poller.path, b"later").await;
    assert_eq!(within("the poll", waiting).await.unwrap().told(), (200, "later"));
    let large = all.repeat(4000);
    let posted = request(server.addr, "POST", &poller.path, &[], &large);
    // What comes back must be taken before the rest is.
    let (posted, polled) = tokio::join!(posted, poll_bytes(&poller, large.len()));
    assert_eq!(posted.told(), (200, ""));
    assert!(polled == large);
}

#[tokio::test]
async fn end_of_the_handler_ends_the_stream_behind_what_it_sent() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut stream = event_stream(&server, "&do=bye").await;
    let mut text = String::new();
    while let Some(event) = stream.event().await {
        text += &event;
    }
    assert_eq!(text, "onetwo");
    server.forgets(&stream.path).await;
}

#[tokio::test]
async fn end_of_the_handler_is_told_by_polls() {
    let (server, _) = serve(HubOptions::default()).await;
    let poller = poller(&server, "&do=bye").await;
    assert_eq!(poll_bytes(&poller, 6).await, b"onetwo");
    assert_eq!(poller.poll().await.told(), (204, ""));
    server.forgets(&poller.path).await;
}

#[tokio::test]
async fn client_that_leaves_its_event_stream_is_noticed_when_something_is_sent() {
    let (server, raw) = serve(HubOptions::default()).await;
    let stream = event_stream(&server, "").await;
    let path = stream.path.clone();
    drop(stream);
    within("the end", async { while server.post(&path, "x").await.status == 200 {} }).await;
    raw.log.wait("left").await;
    raw.log.wait("ended").await;
}

#[tokio::test]
async fn delete_ends_a_raw_connection() {
    let (server, raw) = serve(HubOptions::default()).await;
    let poller = poller(&server, "").await;
    let (_, waiting) = poller.replaced_poll().await;
    let deleted = poller.delete().await;
    assert_eq!(deleted.told(), (202, ""));
    assert_eq!(within("the poll", waiting).await.unwrap().told(), (204, ""));
    raw.log.wait("left").await;
    server.forgets(&poller.path).await;

    let stream = event_stream(&server, "").await;
    let refused = server.delete(&stream.path).await;
    let text = "Cannot terminate this connection using the DELETE endpoint.";
    assert_eq!(refused.told(), (400, text));
}

#[tokio::test]
async fn client_that_does_not_poll_any_more_is_gone() {
    let options =
        HubOptions { disconnect_timeout: Duration::from_millis(50), ..HubOptions::default() };
    let (server, raw) = serve(options).await;
    let poller = poller(&server, "&do=aborted").await;
    raw.log.wait("aborted").await;
    raw.log.wait("ended").await;
    assert_eq!(poller.poll().await.status, 404);
}

#[tokio::test]
async fn poll_without_bytes_ends_empty_in_time() {
    const TIMEOUT: Duration = Duration::from_millis(50);
    let options = HubOptions { poll_timeout: TIMEOUT, ..HubOptions::default() };
    let (server, _) = serve(options).await;
    let poller = poller(&server, "").await;
    let begin = Instant::now();
    assert_eq!(poller.poll().await.told(), (200, ""));
    assert!(begin.elapsed() > TIMEOUT / 2, "it waits");
    post(&server, &poller.path, b"x").await;
    assert_eq!(poll_bytes(&poller, 1).await, b"x");
}

#[tokio::test]
async fn answer_of_a_poll_holds_all_that_waits() {
    let (server, raw) = serve(HubOptions::default()).await;
    let poller = poller(&server, "&do=flood&count=3").await;
    assert!(poll_bytes(&poller, 3 * CHUNK).await == vec![b'x'; 3 * CHUNK]);
    raw.log.wait("all is sent").await;
    assert_eq!(poller.poll().await.told(), (204, ""));
}

#[tokio::test]
async fn delete_does_not_wait_for_a_handler_that_hangs() {
    let options = HubOptions { close_timeout: Duration::from_millis(50), ..HubOptions::default() };
    let (server, _) = serve(options).await;
    let poller = poller(&server, "&do=hang").await;
    let (_, waiting) = poller.replaced_poll().await;
    assert_eq!(poller.delete().await.told(), (202, ""));
    assert_eq!(within("the poll", waiting).await.unwrap().told(), (204, ""));
    server.forgets(&poller.path).await;
}

#[tokio::test]
async fn panic_of_the_handler_is_told_by_polls_behind_what_it_sent() {
    let (server, _) = serve(HubOptions::default()).await;
    let poller = poller(&server, "&do=panic").await;
    assert_eq!(poll_bytes(&poller, 6).await, b"before");
    assert_eq!(poller.poll().await.told(), (204, ""));
    server.forgets(&poller.path).await;
}
