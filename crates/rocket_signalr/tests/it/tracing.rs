//! Spans and events, as `tracing` hears them.

use std::time::Duration;

use futures::{Stream, stream};
use rocket_signalr::{
    AllowedOrigins, Caller, DisconnectReason, HubError, HubOptions, Transports, UploadStream, hub,
};
use serde_json::json;
use tracing::Level;

use crate::support::{
    Client, EventStream, RS, Server, Socket, Stateful, Trace, Traces, eventually, options, request,
};

const INVOCATION: &str = "Microsoft.AspNetCore.SignalR.Server.InvocationIn";
const CONNECTED: &str = "Microsoft.AspNetCore.SignalR.Server.OnConnected";
const DISCONNECTED: &str = "Microsoft.AspNetCore.SignalR.Server.OnDisconnected";

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

/// The spans, once there are so many that are over.
async fn spans(traces: &Traces, count: usize) -> Vec<Trace> {
    eventually("spans that are over", || traces.spans().len() >= count).await;
    traces.spans()
}

/// What the span of a hub's method looks like, and that of an error of this kind.
fn assert_activity(span: &Trace, name: &str, method: &str, error: Option<&str>) {
    assert_eq!((span.name, span.level, span.within), (name, Level::DEBUG, None), "{span:?}");
    assert_eq!(span.field("otel.name"), Some(&*format!("TraceHub/{method}")));
    let kind = if name == INVOCATION { "server" } else { "internal" };
    assert_eq!(span.field("otel.kind"), Some(kind));
    assert_eq!(span.field("rpc.system"), Some("signalr"));
    assert_eq!(span.field("rpc.service"), Some("TraceHub"));
    assert_eq!(span.field("rpc.method"), Some(method));
    assert_eq!(span.field("error.type"), error);
    assert_eq!(span.field("otel.status_code"), error.map(|_| "ERROR"));
}

#[tokio::test]
async fn methods_connects_and_disconnects_have_their_spans() {
    let (traces, _guard) = Traces::listen();
    let mut client = serve().await.connect().await;
    client.invoke("eCHO", json!(["a"])).await.unwrap();
    client.invoke("Inner", json!([])).await.unwrap();
    client.close().await;
    let spans = spans(&traces, 5).await;
    assert_activity(&spans[0], CONNECTED, "OnConnectedAsync", None);
    assert_activity(&spans[1], INVOCATION, "Echo", None);
    assert_activity(&spans[2], INVOCATION, "Inner", None);
    assert_eq!((spans[3].name, spans[3].within), ("inner", Some(INVOCATION)));
    assert_activity(&spans[4], DISCONNECTED, "OnDisconnectedAsync", None);
    assert_eq!(spans.len(), 5);
}

#[tokio::test]
async fn streams_have_their_spans() {
    let (traces, _guard) = Traces::listen();
    let mut client = serve().await.connect().await;
    let id = client.stream("Count", json!([2])).await;
    client.completion(&id).await.unwrap();
    let spans = spans(&traces, 2).await;
    assert_activity(&spans[1], INVOCATION, "Count", None);
}

#[tokio::test]
async fn spans_tell_the_parent_that_the_client_names() {
    const PARENT: &str = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    let (traces, _guard) = Traces::listen();
    let mut client = serve().await.connect().await;
    let headers = json!({"traceparent": PARENT, "tracestate": "a=1", "Authorization": "sesame"});
    for (kind, target, arguments) in [(1, "Echo", json!(["a"])), (4, "Count", json!([2]))] {
        let call = json!({
            "type": kind, "invocationId": "1", "target": target, "arguments": arguments,
            "headers": headers,
        });
        client.send(call).await;
        client.completion("1").await.unwrap();
    }
    for span in &spans(&traces, 3).await[1..] {
        assert_eq!(span.field("traceparent"), Some(PARENT));
        assert_eq!(span.field("tracestate"), Some("a=1"));
        assert_eq!(span.fields.len(), 7, "{span:?}");
    }
}

#[tokio::test]
async fn failures_are_noted_in_their_spans() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let mut client = server.connect_at("/hub?panic").await;
    client.invoke("Fail", json!([])).await.unwrap_err();
    let id = client.stream("FailOnTheWay", json!([])).await;
    client.completion(&id).await.unwrap_err();
    client.close().await;
    server.connect_at("/hub?refuse").await.end().await;
    let spans = spans(&traces, 5).await;
    assert_activity(&spans[1], INVOCATION, "Fail", Some("Broken"));
    assert_activity(&spans[2], INVOCATION, "FailOnTheWay", Some("Broken"));
    assert_activity(&spans[3], DISCONNECTED, "OnDisconnectedAsync", Some("Panic"));
    assert_activity(&spans[4], CONNECTED, "OnConnectedAsync", Some("NoSuchUser"));

    let failed = traces.event("FailedInvokingHubMethod").await;
    assert_eq!((failed.level, failed.field("method")), (Level::ERROR, Some("Fail")));
    assert_eq!(failed.field("error"), Some("Broken: it is broken"));
    let failed = traces.event("FailedStreaming").await;
    assert_eq!((failed.level, failed.field("method")), (Level::ERROR, Some("FailOnTheWay")));
    let failed = traces.events("ErrorDispatchingHubEvent");
    assert_eq!(
        failed.iter().map(|event| (event.level, event.field("method"))).collect::<Vec<_>>(),
        [(Level::ERROR, Some("OnDisconnectedAsync")), (Level::ERROR, Some("OnConnectedAsync"))]
    );
}

#[tokio::test]
async fn errors_that_are_meant_for_clients_do_not_fill_the_log() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let mut client = server.connect().await;
    client.invoke("Refuse", json!([])).await.unwrap_err();
    let refused = traces.event("FailedInvokingHubMethod").await;
    assert_eq!((refused.level, refused.field("method")), (Level::DEBUG, Some("Refuse")));
}

/// Waits for events and looks at their levels and at one of their fields.
async fn assert_events(traces: &Traces, events: &[(&str, Level, &str, &str)]) {
    for (name, level, field, value) in events {
        let event = traces.event(name).await;
        assert_eq!((event.level, event.field(field)), (*level, Some(*value)), "{event:?}");
    }
}

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
async fn calls_and_their_refusals_are_told() {
    let (traces, _guard) = Traces::listen();
    let (mut client, id) = serve().await.negotiated().await;
    client.invoke("Echo", json!(["a"])).await.unwrap();
    for (target, arguments) in [("Nobody", json!([])), ("Echo", json!([])), ("Secret", json!([]))] {
        client.invoke(target, arguments).await.unwrap_err();
    }
    client.invoke("Count", json!([1])).await.unwrap_err();
    let stream = client.stream("Echo", json!(["a"])).await;
    client.completion(&stream).await.unwrap_err();
    assert_events(
        &traces,
        &[
            ("ReceivedHubInvocation", Level::DEBUG, "invocation_id", "c1"),
            ("SendingResult", Level::TRACE, "invocation_id", "c1"),
            ("UnknownHubMethod", Level::DEBUG, "method", "Nobody"),
            ("InvalidHubParameters", Level::DEBUG, "method", "Echo"),
            ("HubMethodNotAuthorized", Level::DEBUG, "method", "Secret"),
            ("StreamingMethodCalledWithInvoke", Level::DEBUG, "method", "Count"),
            ("ReceivedStreamHubInvocation", Level::DEBUG, "invocation_id", "c6"),
            ("NonStreamingMethodCalledWithStream", Level::DEBUG, "method", "Echo"),
        ],
    )
    .await;
    let refused = traces.event("UnknownHubMethod").await;
    assert_eq!(refused.field("connection_id"), Some(&*id));
    assert_eq!(refused.field("hub"), Some("TraceHub"));
}

#[tokio::test]
async fn streams_in_both_directions_are_told() {
    let (traces, _guard) = Traces::listen();
    let mut client = serve().await.connect().await;
    let endless = client.stream("CountForEver", json!([])).await;
    client
        .send(json!({"type": 4, "invocationId": endless, "target": "Count", "arguments": [1]}))
        .await;
    client.completion(&endless).await.unwrap_err();
    client.cancel(&endless).await;
    client.completion(&endless).await.unwrap();
    client.cancel(&endless).await;
    client.complete("nobody's").await;
    client.item("nobody's", json!(1)).await;
    let id = client.upload("Concat", json!([]), &["s1"]).await;
    client.item("s1", json!("a")).await;
    client.complete("s1").await;
    assert_eq!(client.completion(&id).await, Ok(json!(1)));
    let id = client.upload("Concat", json!([]), &["s2"]).await;
    client.item("s2", json!(1)).await;
    client.completion(&id).await.unwrap();
    assert_events(
        &traces,
        &[
            ("StreamingResult", Level::TRACE, "invocation_id", &endless),
            ("InvocationIdInUse", Level::DEBUG, "invocation_id", &endless),
            ("CancelStream", Level::DEBUG, "invocation_id", &endless),
            ("UnexpectedCancel", Level::DEBUG, "invocation_id", &endless),
            ("UnexpectedCompletion", Level::DEBUG, "invocation_id", "nobody's"),
            ("UnexpectedStreamItem", Level::DEBUG, "stream_id", "nobody's"),
            ("StartingParameterStream", Level::TRACE, "stream_id", "s1"),
            ("ReceivedStreamItem", Level::TRACE, "stream_id", "s1"),
            ("CompletingStream", Level::TRACE, "stream_id", "s1"),
            ("ClosingStreamWithBindingError", Level::DEBUG, "stream_id", "s2"),
        ],
    )
    .await;
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
    let (_, token) = server.negotiate("/hub").await;
    let _socket = server.connect_at(&format!("/hub?id={token}")).await;
    server.post(&format!("/hub?id={token}"), "{}").await;
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
