//! How fast clients may send.

use std::time::Duration;

use rocket_signalr::{
    DisconnectReason, Hub, HubContext, HubOptions, MessageRate, UploadStream, hub,
};
use serde_json::{Value, json};

use crate::support::{Encoding, Log, Server, closed_with, ending, eventually, options};

#[derive(Clone, Default)]
struct RateHub {
    log: Log,
}

#[hub]
impl RateHub {
    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn note(&self, number: i32) {
        self.log.add(number.to_string());
    }

    async fn hold(&self, items: UploadStream<i32>) {
        futures::StreamExt::for_each(items, async |_| {}).await;
    }
}

const TOO_MANY: &str = "RateLimitException: The client sends too many messages.";

/// Hardly more than a burst.
fn burst(burst: u32) -> HubOptions {
    HubOptions { message_rate: Some(MessageRate { per_second: 1, burst }), ..options() }
}

async fn serve(options: HubOptions) -> (Server, HubContext<RateHub>, Log) {
    let hub = RateHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

fn closed() -> Value {
    closed_with(TOO_MANY)
}

fn note(number: usize) -> Value {
    json!({"type": 1, "target": "Note", "arguments": [number]})
}

/// Twenty notes that come at once, so that it takes no time in which the allowance grows.
fn notes(encoding: Encoding) -> Vec<u8> {
    (0..20).flat_map(|number| encoding.write(&note(number))).collect()
}

#[tokio::test]
async fn client_that_sends_more_than_it_may_is_dropped() {
    let (server, context, log) = serve(burst(5)).await;
    for encoding in [Encoding::Json, Encoding::MessagePack] {
        let mut client = server.connect_as("/hub", &[], encoding).await;
        let before = log.events().len();
        client.binary(&notes(encoding)).await;
        client.expect_close(closed()).await;
        // What it was allowed is carried out.
        log.wait_times(TOO_MANY, 1 + before / 6).await;
        assert_eq!(log.events()[before..], ["0", "1", "2", "3", "4", TOO_MANY]);
    }
    eventually("nobody", || context.connection_count() == 0).await;
}

#[tokio::test]
async fn client_is_told_no_more_than_it_may_know() {
    let (server, _, _) = serve(HubOptions { enable_detailed_errors: false, ..burst(1) }).await;
    let mut client = server.connect().await;
    client.binary(&notes(Encoding::Json)).await;
    let error = "Connection closed with an error.";
    client.expect_close(json!({"type": 7, "error": error, "allowReconnect": true})).await;
}

#[tokio::test]
async fn messages_of_all_kinds_count() {
    let (server, _, _) = serve(burst(6)).await;
    for message in [
        json!({"type": 6}),
        json!({"type": 77}),
        json!({"type": 1, "target": "Unknown", "arguments": []}),
        json!({"type": 2, "invocationId": "s", "item": 1}),
        json!({"type": 3, "invocationId": "none"}),
        json!({"type": 5, "invocationId": "none"}),
        json!({"type": 8, "sequenceId": 1}),
    ] {
        let mut client = server.connect().await;
        let hold = client.upload("Hold", json!([]), &["s"]).await;
        for _ in 0..4 {
            client.send(message.clone()).await;
        }
        client.send(json!({"type": 3, "invocationId": "s"})).await;
        // This is the answer to the sixth, which may still come.
        assert_eq!(client.completion(&hold).await, Ok(json!(null)), "{message}");
        client.binary(&Encoding::Json.write(&message).repeat(20)).await;
        client.expect_close(closed()).await;
    }
}

#[tokio::test]
async fn each_client_has_an_allowance_of_its_own() {
    let (server, context, log) = serve(burst(3)).await;
    let mut modest = server.connect().await;
    for number in 0..2 {
        modest.invoke("Note", json!([number])).await.unwrap();
    }
    let mut greedy = server.connect().await;
    greedy.binary(&notes(Encoding::Json)).await;
    greedy.expect_close(closed()).await;
    log.wait(TOO_MANY).await;
    modest.invoke("Note", json!([2])).await.unwrap();
    assert_eq!(context.connection_count(), 1);
    // Who comes back begins anew.
    let mut again = server.connect().await;
    for number in 0..3 {
        again.invoke("Note", json!([number])).await.unwrap();
    }
}

#[tokio::test]
async fn allowance_grows_again_with_the_time() {
    let rate = MessageRate { per_second: 50, burst: 2 };
    let (server, _, log) = serve(HubOptions { message_rate: Some(rate), ..options() }).await;
    let mut client = server.connect().await;
    for number in 0..20 {
        client.invoke("Note", json!([number])).await.unwrap();
        // No less than one message takes at that rate.
        tokio::time::sleep(Duration::from_millis(22)).await;
    }
    client.binary(&notes(Encoding::Json)).await;
    client.expect_close(closed()).await;
    log.wait(TOO_MANY).await;
}

#[tokio::test]
async fn posts_count_by_their_messages() {
    let (server, _, log) = serve(burst(5)).await;
    let body = String::from_utf8(notes(Encoding::Json)).unwrap();
    let mut poller = server.poller().await;
    assert_eq!(poller.post(&body).await.told(), (200, ""));
    assert_eq!(poller.next().await, Some(closed()));
    assert_eq!(poller.next().await, None);
    log.wait(TOO_MANY).await;

    let mut stream = server.event_stream().await;
    assert_eq!(server.post(&stream.path, &body).await.told(), (200, ""));
    assert_eq!(stream.next().await, Some(closed()));
    assert_eq!(stream.next().await, None);
    log.wait_times(TOO_MANY, 2).await;
}

#[tokio::test]
async fn each_place_of_a_hub_has_its_own_rate() {
    let endpoint = RateHub::default()
        .at("/hub")
        .options(burst(1))
        .also_at("/free")
        .options(HubOptions { message_rate: None, ..options() });
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let mut free = server.connect_at("/free").await;
    for number in 0..500 {
        free.send(note(number)).await;
    }
    free.invoke("Note", json!([500])).await.unwrap();
    let mut limited = server.connect().await;
    limited.binary(&notes(Encoding::Json)).await;
    limited.expect_close(closed()).await;
}
