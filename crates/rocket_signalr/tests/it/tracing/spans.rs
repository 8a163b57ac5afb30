//! A span for each call, connect and disconnect.

use serde_json::json;
use tracing::Level;

use super::serve;
use crate::support::{Trace, Traces, eventually};

const INVOCATION: &str = "Microsoft.AspNetCore.SignalR.Server.InvocationIn";
const CONNECTED: &str = "Microsoft.AspNetCore.SignalR.Server.OnConnected";
const DISCONNECTED: &str = "Microsoft.AspNetCore.SignalR.Server.OnDisconnected";

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
