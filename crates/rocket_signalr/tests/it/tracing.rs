//! Spans and events, as `tracing` hears them.

mod calls;
mod connections;
mod spans;

use std::time::Duration;

use futures::{Stream, stream};
use rocket_signalr::{
    AllowedOrigins, Caller, DisconnectReason, HubError, HubOptions, UploadStream, hub,
};
use serde_json::json;
use tracing::Level;

use crate::support::{Client, EventStream, Server, Traces, eventually, options};

struct TraceHub;

#[hub]
impl TraceHub {
    fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        match caller.query("refuse") {
            Some(_) => Err(HubError::with_kind("NoSuchUser", "refused")),
            None => Ok(()),
        }
    }

    fn on_disconnected(&self, caller: &Caller<Self>, _: &DisconnectReason) {
        assert!(caller.query("panic").is_none(), "as it was asked");
    }

    fn echo(&self, text: String) -> String {
        text
    }

    /// Waits, so that it goes on in a task of its own.
    async fn inner(&self) {
        tokio::task::yield_now().await;
        let _span = tracing::info_span!("inner").entered();
    }

    fn fail(&self) -> Result<(), HubError> {
        Err(HubError::with_kind("Broken", "it is broken"))
    }

    fn refuse(&self) -> Result<(), HubError> {
        Err(HubError::new("Not today."))
    }

    #[authorize]
    fn secret(&self) {}

    fn count(&self, to: u32) -> impl Stream<Item = u32> {
        stream::iter(0..to)
    }

    fn count_for_ever(&self) -> impl Stream<Item = u32> {
        stream::pending()
    }

    fn fail_on_the_way(&self) -> impl Stream<Item = Result<u32, HubError>> {
        stream::iter([Ok(1), Err(HubError::with_kind("Broken", "it is broken"))])
    }

    async fn concat(&self, mut parts: UploadStream<String>) -> usize {
        let mut count = 0;
        while let Some(Ok(_)) = futures::StreamExt::next(&mut parts).await {
            count += 1;
        }
        count
    }
}

/// Options with which a test need not wait long.
fn quick() -> HubOptions {
    HubOptions {
        handshake_timeout: Duration::from_secs(1),
        allow_stateful_reconnects: true,
        ..options()
    }
}

async fn serve() -> Server {
    Server::of(TraceHub, quick()).await.0
}

/// Waits for events and looks at their levels and at one of their fields.
async fn assert_events(traces: &Traces, events: &[(&str, Level, &str, &str)]) {
    for (name, level, field, value) in events {
        let event = traces.event(name).await;
        assert_eq!((event.level, event.field(field)), (*level, Some(*value)), "{event:?}");
    }
}

#[tokio::test]
async fn secrets_are_never_told() {
    let (traces, _guard) = Traces::listen();
    let server =
        Server::of(TraceHub, HubOptions { allowed_origins: AllowedOrigins::Any, ..quick() })
            .await
            .0;
    let (_, token) = server.negotiate("/hub").await;
    let query = format!("/hub?id={token}&access_token=SESAME");
    let headers = [("Authorization", "Bearer SESAME"), ("Cookie", "a=SESAME")];
    let mut client = server.connect_with(&query, &headers).await;
    let secret = || json!("SESAME");
    client.invoke("Echo", json!([secret()])).await.unwrap();
    client.invoke("Echo", json!([{"a": secret()}])).await.unwrap_err();
    client.invoke("Count", json!([secret()])).await.unwrap_err();
    client.invoke("Inner", json!([secret()])).await.unwrap_err();
    let headers = json!({"Authorization": "SESAME", "baggage": "SESAME"});
    let call = json!({
        "type": 1, "invocationId": "1", "target": "Fail", "arguments": [], "headers": headers,
    });
    client.send(call).await;
    client.completion("1").await.unwrap_err();
    let id = client.upload("Concat", json!([]), &["s"]).await;
    client.item("s", secret()).await;
    client.item("s", json!([secret()])).await;
    client.completion(&id).await.unwrap();
    client.send(json!({"type": 7, "error": secret()})).await;
    client.end().await;

    for first in [json!({"type": 1, "target": "Echo", "arguments": [secret()]}), secret()] {
        let mut client = Client::new(server.socket("/hub", &[]).await);
        client.send(first).await;
        client.end().await;
    }
    let mut client = server.connect().await;
    client.send(json!({"type": 1, "target": 1, "arguments": [secret()]})).await;
    client.end().await;

    let (_, token_of_a_stream) = server.negotiate("/hub").await;
    let mut stream = EventStream::open(server.addr, "/hub", &token_of_a_stream).await;
    stream.shake_hands().await;
    let poller = server.poller().await;
    poller.delete().await;
    eventually("the ends", || traces.events("ConnectedEnding").len() >= 4).await;
    assert!(!traces.events("FailedInvokingHubMethod").is_empty());
    let secrets = ["SESAME", &token, &token_of_a_stream, poller.path.split('=').nth(1).unwrap()];
    for trace in traces.all() {
        for value in trace.fields.values() {
            assert!(secrets.iter().all(|secret| !value.contains(secret)), "{trace:?}");
        }
    }
}
