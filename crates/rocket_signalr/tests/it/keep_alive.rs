//! Pings, and clients that fall silent.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use rocket_signalr::{Caller, DisconnectReason, HubOptions, UploadStream, hub};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Client, Log, Server, closed_with, ending, options, within};

#[derive(Clone, Default)]
struct QuietHub {
    log: Log,
    gate: Arc<Notify>,
}

#[hub]
impl QuietHub {
    async fn on_disconnected(&self, _caller: &Caller<Self>, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn ok(&self) -> bool {
        true
    }

    async fn wait(&self) {
        self.log.add("waiting");
        self.gate.notified().await;
    }

    async fn take_late(&self, items: UploadStream<u8>) -> usize {
        self.log.add("waiting");
        self.gate.notified().await;
        items.count().await
    }
}

async fn serve(options: HubOptions) -> (Server, QuietHub) {
    let hub = QuietHub::default();
    (Server::of(hub.clone(), options).await.0, hub)
}

fn short_timeout() -> HubOptions {
    HubOptions { client_timeout_interval: Duration::from_millis(100), ..options() }
}

const SILENT: &str = "OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";

/// Waits for so many pings of the server. It looks for clients that are overdue as
/// often as it pings, so by then it has looked.
async fn pings(client: &mut Client, count: usize) {
    for _ in 0..count {
        assert_eq!(client.next_or_ping().await, json!({"type": 6}));
    }
}

#[tokio::test]
async fn pings_of_clients_are_taken_and_not_answered() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect().await;
    for _ in 0..10 {
        client.send(json!({"type": 6})).await;
    }
    let id = client.call("Ok", json!([])).await;
    assert_eq!(client.next_or_ping().await["invocationId"], json!(id));
}

#[tokio::test]
async fn server_pings_also_while_other_messages_flow() {
    let (server, _) =
        serve(HubOptions { keep_alive_interval: Duration::from_millis(200), ..options() }).await;
    let mut quiet = server.connect().await;
    pings(&mut quiet, 2).await;
    let mut busy = server.connect().await;
    let mut pings = 0;
    within("a ping among answers", async {
        while pings == 0 {
            busy.call("Ok", json!([])).await;
            pings += usize::from(busy.next_or_ping().await == json!({"type": 6}));
        }
    })
    .await;
}

#[tokio::test]
async fn event_streams_are_pinged_too() {
    let (server, _) =
        serve(HubOptions { keep_alive_interval: Duration::from_millis(200), ..options() }).await;
    let mut stream = server.event_stream().await;
    assert_eq!(stream.next().await, Some(json!({"type": 6})));
    assert_eq!(stream.next().await, Some(json!({"type": 6})));
}

#[tokio::test]
async fn client_that_never_pings_is_not_timed_out() {
    let (server, hub) =
        serve(HubOptions { keep_alive_interval: Duration::from_millis(100), ..short_timeout() })
            .await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    pings(&mut client, 3).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    assert_eq!(hub.log.events(), [""; 0]);
}

#[tokio::test]
async fn client_that_has_pinged_and_falls_silent_is_timed_out() {
    let (server, hub) = serve(short_timeout()).await;
    let mut client = server.connect().await;
    client.send(json!({"type": 6})).await;
    client.expect_close(closed_with(SILENT)).await;
    hub.log.wait(SILENT).await;
}

#[tokio::test]
async fn any_message_keeps_a_client_that_pings_alive() {
    let (server, hub) =
        serve(HubOptions { client_timeout_interval: Duration::from_secs(1), ..options() }).await;
    let mut client = server.connect().await;
    client.send(json!({"type": 6})).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    // It has pinged later, and so does not fall silent before the first would.
    let mut silent = server.connect().await;
    silent.send(json!({"type": 6})).await;
    within("the end of the silent one", async {
        while hub.log.count(SILENT) == 0 {
            assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
        }
    })
    .await;
    client.close().await;
    hub.log.wait("no error").await;
    assert_eq!(hub.log.count(SILENT), 1);
}

#[tokio::test]
async fn clock_stands_still_while_a_call_waits_for_its_turn() {
    let (server, hub) =
        serve(HubOptions { keep_alive_interval: Duration::from_millis(100), ..short_timeout() })
            .await;
    let mut client = server.connect().await;
    client.send(json!({"type": 6})).await;
    let first = client.call("Wait", json!([])).await;
    let second = client.call("Ok", json!([])).await;
    hub.log.wait("waiting").await;
    pings(&mut client, 3).await;
    hub.gate.notify_one();
    assert_eq!(client.completion(&first).await, Ok(json!(null)));
    assert_eq!(client.completion(&second).await, Ok(json!(true)));
}

#[tokio::test]
async fn clock_runs_while_a_call_runs() {
    let (server, hub) = serve(short_timeout()).await;
    let mut client = server.connect().await;
    client.send(json!({"type": 6})).await;
    client.call("Wait", json!([])).await;
    hub.log.wait(SILENT).await;
    assert_eq!(client.end().await.code, Some(1000));
}

#[tokio::test]
async fn clock_stands_still_while_an_uploaded_item_waits_for_its_method() {
    let (server, hub) = serve(HubOptions {
        keep_alive_interval: Duration::from_millis(100),
        stream_buffer_capacity: 1,
        ..short_timeout()
    })
    .await;
    let mut client = server.connect().await;
    client.send(json!({"type": 6})).await;
    let upload = client.upload("TakeLate", json!([]), &["s"]).await;
    for item in 0..3 {
        client.item("s", json!(item)).await;
    }
    client.complete("s").await;
    hub.log.wait("waiting").await;
    pings(&mut client, 3).await;
    hub.gate.notify_one();
    assert_eq!(client.completion(&upload).await, Ok(json!(3)));
}
