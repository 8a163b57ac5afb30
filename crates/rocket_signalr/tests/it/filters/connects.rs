//! Around connects and disconnects.

use rocket_signalr::{
    DisconnectReason, FilterContext, Hub, HubError, HubFilter, NextConnected, NextDisconnected,
};
use serde_json::json;

use super::{FilteredHub, serve, serve_traced};
use crate::support::{Log, Server, eventually};

/// Does what who connects asks for.
struct Door;

#[rocket::async_trait]
impl HubFilter for Door {
    async fn connected(
        &self,
        context: &FilterContext,
        next: NextConnected<'_>,
    ) -> Result<(), HubError> {
        match context.request().query("door").as_deref() {
            Some("swallow") => {
                let _ = next.run().await;
                Ok(())
            }
            Some("skip") => Ok(()),
            Some("refuse") => Err(HubError::new("You again.")),
            Some("abort") => {
                context.abort();
                next.run().await
            }
            Some("panic") => panic!("at the door"),
            _ => next.run().await,
        }
    }
}

#[tokio::test]
async fn connection_lives_on_if_a_filter_swallows_the_error_of_on_connected() {
    let (server, FilteredHub { log, .. }) = serve(Door).await;
    let mut client = server.connect_at("/hub?refuse&door=swallow").await;
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!("x")));
    client.close().await;
    log.wait("disconnected").await;
    assert_eq!(log.events(), ["connected", "echo", "disconnected"]);
    let mut refused = server.connect_at("/hub?refuse").await;
    let error = "Connection closed with an error. HubException: No more room.";
    refused.expect_close(json!({"type": 7, "error": error})).await;
}

#[tokio::test]
async fn connection_lives_on_if_a_filter_does_not_run_on_connected() {
    let (server, FilteredHub { log, .. }) = serve(Door).await;
    let mut client = server.connect_at("/hub?refuse&door=skip").await;
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!("x")));
    client.close().await;
    log.wait("disconnected").await;
    assert_eq!(log.events(), ["echo", "disconnected"]);
}

#[tokio::test]
async fn filter_may_refuse_a_connection() {
    let (server, FilteredHub { log, .. }) = serve(Door).await;
    for (door, close) in [
        (
            "refuse",
            json!({"type": 7, "error": "Connection closed with an error. HubException: You again."}),
        ),
        (
            "panic",
            json!({"type": 7, "error": "Connection closed with an error. Panic: at the door"}),
        ),
    ] {
        let mut client = server.connect_at(&format!("/hub?door={door}")).await;
        client.expect_close(close).await;
    }
    let mut aborted = server.connect_at("/hub?door=abort").await;
    aborted.expect_close(json!({"type": 7})).await;
    log.wait("disconnected").await;
    // Who was refused is not heard of again.
    assert_eq!(log.events(), ["connected", "disconnected"]);
}

#[tokio::test]
async fn filter_sees_why_a_connection_ended() {
    let (server, log) = serve_traced().await;
    let mut client = server.connect().await;
    client.send(json!({"type": 7, "error": "I am tired."})).await;
    client.end().await;
    log.wait("filter > disconnect: HubException: I am tired.").await;
    log.wait("filter < disconnect").await;
    let mut refused = server.connect_at("/hub?refuse").await;
    refused.end().await;
    let mut last = server.connect().await;
    last.close().await;
    log.wait("filter > disconnect: no error").await;
    log.wait_times("filter < disconnect", 2).await;
    assert_eq!(log.count("disconnected"), 2, "who was refused is not told of");
}

#[tokio::test]
async fn filter_may_keep_on_disconnected_from_running() {
    struct Silent(Log);
    #[rocket::async_trait]
    impl HubFilter for Silent {
        async fn disconnected(
            &self,
            _: &FilterContext,
            reason: &DisconnectReason,
            _: NextDisconnected<'_>,
        ) {
            self.0.add("silenced");
            assert!(reason.error().is_none(), "an error");
        }
    }
    let hub = FilteredHub::default();
    let log = hub.log.clone();
    let endpoint = hub.at("/hub").filter(Silent(log.clone()));
    let context = endpoint.context();
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    server.connect().await.close().await;
    log.wait("silenced").await;
    // A panic leaves no ghost behind, either.
    let mut client = server.connect().await;
    client.send(json!({"type": 7, "error": "panic"})).await;
    client.end().await;
    log.wait_times("silenced", 2).await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(log.count("disconnected"), 0);
}
