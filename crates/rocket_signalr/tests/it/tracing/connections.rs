//! Events of connections and of their requests.

use std::time::Duration;

use rocket_signalr::{HubOptions, Transports};
use serde_json::json;
use tracing::Level;

use super::{TraceHub, assert_events, serve};
use crate::support::{
    Client, RS, Server, Socket, Stateful, Trace, Traces, eventually, options, request,
};

#[tokio::test]
async fn life_of_a_connection_is_told() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.send(json!({"type": 77})).await;
    client.close().await;
    assert_events(
        &traces,
        &[
            ("HubMethodBound", Level::TRACE, "hub", "TraceHub"),
            ("NegotiationRequest", Level::DEBUG, "service", "TraceHub"),
            ("EstablishedConnection", Level::DEBUG, "transport", "WebSockets"),
            ("ConnectedStarting", Level::DEBUG, "transport", "WebSockets"),
            ("HandshakeComplete", Level::DEBUG, "protocol", "json"),
            ("UnsupportedMessageReceived", Level::DEBUG, "message_type", "77"),
            ("ConnectedEnding", Level::DEBUG, "connection_id", &id),
        ],
    )
    .await;
    for event in traces.all().iter().filter(|trace| trace.field("connection_id").is_some()) {
        assert_eq!(event.field("connection_id"), Some(&*id), "{event:?}");
    }
}

#[tokio::test]
async fn failed_handshakes_are_told() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let large = "x".repeat(40_000);
    let _silent = server.socket("/hub", &[]).await;
    for handshake in [
        json!({"protocol": "xml", "version": 1}),
        json!({"protocol": "json", "version": 9}),
        json!({"protocol": large, "version": 1}),
    ] {
        let mut client = Client::new(server.socket("/hub", &[]).await);
        client.send(handshake).await;
        client.end().await;
    }
    assert_events(
        &traces,
        &[
            ("HandshakeFailed", Level::DEBUG, "error", "The protocol 'xml' is not supported."),
            ("ProtocolVersionFailed", Level::DEBUG, "version", "9"),
            ("HandshakeSizeLimitExceeded", Level::DEBUG, "max", "32768"),
        ],
    )
    .await;
    traces.event("HandshakeCanceled").await;
}

#[tokio::test]
async fn broken_and_silent_clients_are_told() {
    let (traces, _guard) = Traces::listen();
    let options = HubOptions {
        keep_alive_interval: Duration::ZERO,
        client_timeout_interval: Duration::from_millis(1),
        ..options()
    };
    let server = Server::of(TraceHub, options).await.0;
    let _pinged = server.connect().await;
    let mut silent = server.connect().await;
    silent.send(json!({"type": 6})).await;
    silent.end().await;
    let mut broken = server.connect().await;
    broken.text(&format!("{{{RS}")).await;
    broken.end().await;
    assert_events(
        &traces,
        &[
            ("SentPing", Level::TRACE, "message", "ping sent"),
            ("ClientTimeout", Level::DEBUG, "timeout", "1ms"),
        ],
    )
    .await;
    eventually("the error", || {
        let broken = |trace: &Trace| {
            trace.field("error") == Some("InvalidDataException: Error reading JSON.")
        };
        traces.events("ErrorProcessingRequest").iter().any(broken)
    })
    .await;
}

#[tokio::test]
async fn coming_back_is_told() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let (_, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
    server.connect_at(&format!("/hub?id={token}")).await.close().await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Echo", json!(["a"])).await;
    client.client.invoke("Echo", json!(["b"])).await.unwrap();
    client.acknowledge().await;
    client.come_back().await;
    assert_events(
        &traces,
        &[
            ("DisablingReconnect", Level::DEBUG, "version", "1"),
            ("ReceivedAckMessage", Level::TRACE, "connection_id", &client.id),
            ("ResumingConnection", Level::DEBUG, "connection_id", &client.id),
            ("ReceivedSequenceMessage", Level::TRACE, "sequence_id", "1"),
            ("DroppingMessage", Level::TRACE, "connection_id", &client.id),
        ],
    )
    .await;
}

#[tokio::test]
async fn requests_that_are_refused_are_told() {
    const EVENTS: [(&str, &str); 1] = [("Accept", "text/event-stream")];
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    server.post("/hub/negotiate?negotiateVersion=x", "").await;
    server.post("/hub/negotiate?negotiateVersion=-1", "").await;
    let stream = server.event_stream().await;
    request(server.addr, "GET", &stream.path, &EVENTS, b"").await;
    server.get(&stream.path).await;
    server.delete(&stream.path).await;
    let path = server.negotiated_path().await;
    let _socket = server.connect_at(&path).await;
    server.post(&path, "{}").await;
    let poller = server.poller().await;
    let (_, waiting) = poller.replaced_poll().await;
    poller.delete().await;
    waiting.await.unwrap();
    assert_events(
        &traces,
        &[
            ("ConnectionAlreadyActive", Level::DEBUG, "service", "TraceHub"),
            ("CannotChangeTransport", Level::DEBUG, "requested", "LongPolling"),
            (
                "ReceivedDeleteRequestForUnsupportedTransport",
                Level::TRACE,
                "transport",
                "ServerSentEvents",
            ),
            ("PostNotAllowedForWebSockets", Level::DEBUG, "service", "TraceHub"),
            ("ReceivedBytes", Level::TRACE, "service", "TraceHub"),
            ("TerminatingConnection", Level::TRACE, "service", "TraceHub"),
            ("NegotiateProtocolVersionMismatch", Level::DEBUG, "version", "-1"),
        ],
    )
    .await;
    traces.event("InvalidNegotiateProtocolVersion").await;
    traces.event("PollCanceled").await;

    let none = HubOptions { transports: Transports::NONE, ..options() };
    let server = Server::of(TraceHub, none).await.0;
    Socket::open(server.addr, "/hub", &[]).await.unwrap_err();
    let refused = traces.event("TransportNotSupported").await;
    assert_eq!(refused.field("transport"), Some("WebSockets"));
}

#[tokio::test]
async fn slow_clients_are_told() {
    let (traces, _guard) = Traces::listen();
    let options = HubOptions { slow_client_limit: 10, ..options() };
    let server = Server::of(TraceHub, options).await.0;
    let poller = server.poller().await;
    let call = |id| json!({"type": 1, "invocationId": id, "target": "Echo", "arguments": ["a"]});
    for id in ["1", "2"] {
        poller.send(call(id)).await;
    }
    assert_eq!(traces.event("SlowClient").await.level, Level::INFO);
}
