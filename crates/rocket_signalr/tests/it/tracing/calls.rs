//! Events of calls and streams.

use serde_json::json;
use tracing::Level;

use super::{assert_events, serve};
use crate::support::Traces;

#[tokio::test]
async fn errors_that_are_meant_for_clients_do_not_fill_the_log() {
    let (traces, _guard) = Traces::listen();
    let server = serve().await;
    let mut client = server.connect().await;
    client.invoke("Refuse", json!([])).await.unwrap_err();
    let refused = traces.event("FailedInvokingHubMethod").await;
    assert_eq!((refused.level, refused.field("method")), (Level::DEBUG, Some("Refuse")));
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
