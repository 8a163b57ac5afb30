//! Around streams, both ways.

use rocket_signalr::{FilterContext, HubError, HubFilter, NextMethod, Reply};
use serde_json::json;

use super::{After, Instead, failed, serve, serve_traced, serve_with};
use crate::support::{Log, OnDrop, options};

#[tokio::test]
async fn filter_goes_around_a_whole_stream() {
    let (server, log) = serve_traced().await;
    let mut client = server.connect().await;
    for (method, arguments, told) in [
        ("Count", json!([2]), "fine"),
        ("CountAndFail", json!([2]), "HubException: Too far."),
        ("RefusedStream", json!([]), "HubException: No stream."),
    ] {
        let stream = client.stream(method, arguments).await;
        let told_client = client.completion(&stream).await;
        assert_eq!(told_client.is_ok(), told == "fine");
        let events = log.events();
        assert_eq!(events.last(), Some(&format!("filter < {method}: {told}")));
    }
}

#[tokio::test]
async fn errors_of_streams_keep_their_words_through_a_filter() {
    let (server, _) = serve_traced().await;
    let mut client = server.connect().await;
    let stream = client.stream("CountAndFail", json!([1])).await;
    client.expect_item(&stream, json!(0)).await;
    let error = "An error occurred on the server while streaming results. HubException: Too far.";
    assert_eq!(client.completion(&stream).await, Err(error.to_owned()));
    let stream = client.stream("RefusedStream", json!([])).await;
    let refused = failed("RefusedStream", "HubException: No stream.");
    assert_eq!(client.completion(&stream).await, refused);
}

#[tokio::test]
async fn filter_may_refuse_a_stream_or_leave_it_empty() {
    let (server, hub) = serve(Instead(|context| match context.method() {
        Some("Count") => Err(HubError::new("Not today.")),
        // Dropped: a stream has no result.
        _ => context.reply(&1),
    }))
    .await;
    let mut client = server.connect().await;
    let stream = client.stream("Count", json!([2])).await;
    let refused = failed("Count", "HubException: Not today.");
    assert_eq!(client.completion(&stream).await, refused);
    let stream = client.stream("Pending", json!([])).await;
    client.expect(json!({"type": 3, "invocationId": stream})).await;
    assert_eq!(hub.log.count("count"), 0);
}

#[tokio::test]
async fn filter_may_swallow_the_error_of_a_stream() {
    let (server, _) = serve(After(|context, result| result.or_else(|_| context.reply(&())))).await;
    let mut client = server.connect().await;
    let stream = client.stream("CountAndFail", json!([1])).await;
    client.expect_item(&stream, json!(0)).await;
    client.expect(json!({"type": 3, "invocationId": stream})).await;
}

/// Notes when it is let go.
struct Guarded(Log);

#[rocket::async_trait]
impl HubFilter for Guarded {
    async fn method(&self, _: &FilterContext, next: NextMethod<'_>) -> Result<Reply, HubError> {
        let _guard = OnDrop(self.0.clone(), "let go");
        next.run().await
    }
}

#[tokio::test]
async fn filter_around_a_stream_is_let_go_with_it() {
    let (server, hub) = serve_with(options(), |hub| Guarded(hub.log.clone())).await;
    let mut client = server.connect().await;
    let stream = client.stream("Pending", json!([])).await;
    client.expect_item(&stream, json!(0)).await;
    hub.log.wait("pending").await;
    assert_eq!(hub.log.count("let go"), 0);
    client.cancel(&stream).await;
    client.expect(json!({"type": 3, "invocationId": stream})).await;
    hub.log.wait("let go").await;

    client.stream("Pending", json!([])).await;
    hub.log.wait_times("pending", 2).await;
    drop(client);
    hub.log.wait_times("let go", 2).await;
}

#[tokio::test]
async fn filter_goes_around_uploads() {
    let (server, log) = serve_traced().await;
    let mut client = server.connect().await;
    let call = client.upload("Sum", json!([]), &["s"]).await;
    log.wait("filter > Sum").await;
    for number in 1..=3 {
        client.item("s", json!(number)).await;
    }
    assert_eq!(log.count("filter < Sum: fine"), 0);
    client.complete("s").await;
    assert_eq!(client.completion(&call).await, Ok(json!(6)));
    log.wait("filter < Sum: fine").await;
}

#[tokio::test]
async fn uploads_of_a_call_that_a_filter_answers_are_ignored() {
    let (server, _) = serve(Instead(|context| context.reply(&-1))).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        let call = client.upload("Sum", json!([]), &["s"]).await;
        assert_eq!(client.completion(&call).await, Ok(json!(-1)));
        // More than the stream's buffer would hold.
        for number in 0..50 {
            client.item("s", json!(number)).await;
        }
        client.complete("s").await;
    }
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!(-1)));
}

#[tokio::test]
async fn error_of_a_filter_behind_the_items_fails_the_stream() {
    let (server, _) = serve(After(|_, _| Err(HubError::new("Not good enough.")))).await;
    let mut client = server.connect().await;
    let stream = client.stream("Count", json!([1])).await;
    client.expect_item(&stream, json!(0)).await;
    let error =
        "An error occurred on the server while streaming results. HubException: Not good enough.";
    assert_eq!(client.completion(&stream).await, Err(error.to_owned()));
}
