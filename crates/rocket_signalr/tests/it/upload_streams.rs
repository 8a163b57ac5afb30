//! Streams that clients upload.

use std::sync::Arc;

use futures::{Stream, StreamExt, TryStreamExt, stream};
use rocket_signalr::{HubError, HubOptions, UploadStream, hub};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Client, Explosive, Log, OnDrop, RS, Server, options, stays_pending};

#[derive(Clone)]
struct UploadHub {
    log: Log,
    gate: Arc<Semaphore>,
}

#[derive(Serialize, Deserialize)]
struct Point {
    x: i32,
    label: String,
}

#[hub]
impl UploadHub {
    fn ok(&self) -> bool {
        true
    }

    async fn concat(&self, parts: UploadStream<String>) -> Result<String, HubError> {
        let _over = OnDrop(self.log.clone(), "over");
        parts.try_collect().await
    }

    async fn points(&self, points: UploadStream<Point>) -> Result<Vec<Point>, HubError> {
        points.try_collect().await
    }

    async fn three(
        &self,
        a: UploadStream<i32>,
        factor: i32,
        b: UploadStream<i32>,
        c: UploadStream<String>,
    ) -> Result<String, HubError> {
        let a: i32 = a.try_fold(0, async |sum, item| Ok(sum + item)).await?;
        let b: i32 = b.try_fold(0, async |sum, item| Ok(sum + item)).await?;
        let c: String = c.try_collect().await?;
        Ok(format!("{} {} {c}", a * factor, b * factor))
    }

    /// Notes each item as it comes.
    async fn note(&self, items: UploadStream<String>) {
        items
            .for_each(|item| {
                self.log.add(item.unwrap_or_else(|error| error.to_string()));
                std::future::ready(())
            })
            .await;
        self.log.add("over");
    }

    /// Takes an item for each permit.
    async fn gated(&self, items: UploadStream<usize>) -> usize {
        let gate = self.gate.clone();
        let taken = items.then(|_| async { gate.acquire().await.unwrap().forget() });
        taken.count().await
    }

    async fn first(&self, mut items: UploadStream<i32>) -> Result<i32, HubError> {
        Ok(items.try_next().await?.unwrap_or(-1))
    }

    async fn caught(&self, items: UploadStream<i32>) -> String {
        match items.try_collect::<Vec<_>>().await {
            Ok(items) => format!("{items:?}"),
            Err(error) => error.to_string(),
        }
    }

    async fn explosive(&self, items: UploadStream<Explosive>) -> usize {
        items.count().await
    }

    fn first_streamed(
        &self,
        items: UploadStream<i32>,
    ) -> impl Stream<Item = Result<i32, HubError>> + Send {
        items.take(1)
    }

    fn forgotten(&self, _items: UploadStream<i32>) -> impl Stream<Item = i32> + Send {
        stream::iter([1])
    }
}

async fn serve_with(options: HubOptions) -> (Server, UploadHub) {
    let hub = UploadHub { log: Log::default(), gate: Arc::new(Semaphore::new(0)) };
    (Server::of(hub.clone(), options).await.0, hub)
}

async fn serve() -> (Server, UploadHub) {
    serve_with(options()).await
}

async fn ok(client: &mut Client) {
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn items_are_taken_in_order_until_the_end() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Concat", json!([]), &["s"]).await;
    for part in ["B", "E", "A", "N", "E", "D"] {
        client.item("s", json!(part)).await;
    }
    client.complete("s").await;
    assert_eq!(client.completion(&id).await, Ok(json!("BEANED")));
}

#[tokio::test]
async fn call_items_and_end_may_come_in_one_piece() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let mut text = String::new();
    for message in [
        json!({"type": 1, "invocationId": "a", "target": "Concat", "arguments": [], "streamIds": ["s"]}),
        json!({"type": 2, "invocationId": "s", "item": "x"}),
        json!({"type": 2, "invocationId": "s", "item": "y"}),
        json!({"type": 3, "invocationId": "s"}),
    ] {
        text += &format!("{message}{RS}");
    }
    client.text(&text).await;
    client.expect(json!({"type": 3, "invocationId": "a", "result": "xy"})).await;
}

#[tokio::test]
async fn objects_are_uploaded() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Points", json!([]), &["s"]).await;
    let points = json!([{"x": 1, "label": "a"}, {"x": -2, "label": ""}]);
    for point in points.as_array().unwrap() {
        client.item("s", point.clone()).await;
    }
    client.complete("s").await;
    assert_eq!(client.completion(&id).await, Ok(points));
}

#[tokio::test]
async fn several_streams_of_a_call_are_told_apart() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Three", json!([10]), &["a", "b", "c"]).await;
    client.item("c", json!("see")).await;
    client.item("b", json!(2)).await;
    client.item("a", json!(1)).await;
    client.complete("c").await;
    client.item("b", json!(3)).await;
    client.complete("b").await;
    client.item("a", json!(4)).await;
    client.complete("a").await;
    assert_eq!(client.completion(&id).await, Ok(json!("50 50 see")));
}

#[tokio::test]
async fn items_are_there_as_soon_as_they_are_sent() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Note", json!([]), &["s"]).await;
    for item in ["one", "two", "three"] {
        client.item("s", json!(item)).await;
        hub.log.wait(item).await;
    }
    client.complete("s").await;
    client.completion(&id).await.unwrap();
    assert_eq!(hub.log.events(), ["one", "two", "three", "over"]);
}

#[tokio::test]
async fn calls_with_uploads_do_not_hold_up_others() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let mut ids = Vec::new();
    for stream in ["a", "b", "c"] {
        ids.push((stream, client.upload("Concat", json!([]), &[stream]).await));
    }
    ok(&mut client).await;
    for (stream, id) in ids.iter().rev() {
        client.item(stream, json!(stream)).await;
        client.complete(stream).await;
        assert_eq!(client.completion(id).await, Ok(json!(stream)));
    }
}

#[tokio::test]
async fn full_buffer_holds_up_the_connection_until_there_is_room() {
    let (server, hub) = serve_with(HubOptions { stream_buffer_capacity: 3, ..options() }).await;
    let mut client = server.connect().await;
    let mut other = server.connect().await;
    let id = client.upload("Gated", json!([]), &["s"]).await;
    // One is with the method, three wait, the fifth does not fit.
    for number in 0..5 {
        client.item("s", json!(number)).await;
    }
    let held = client.call("Ok", json!([])).await;
    ok(&mut other).await;
    stays_pending("the call behind the item that does not fit", client.next()).await;
    hub.gate.add_permits(1);
    client.expect(json!({"type": 3, "invocationId": held, "result": true})).await;
    hub.gate.add_permits(100);
    client.complete("s").await;
    assert_eq!(client.completion(&id).await, Ok(json!(5)));
}

#[tokio::test]
async fn client_that_leaves_while_the_buffer_is_full_is_noticed() {
    let (server, hub) = serve_with(HubOptions { stream_buffer_capacity: 1, ..options() }).await;
    let hub_log = hub.log.clone();
    let mut client = server.connect().await;
    client.upload("Gated", json!([]), &["g"]).await;
    client.upload("Note", json!([]), &["n"]).await;
    for number in 0..5 {
        client.item("g", json!(number)).await;
    }
    drop(client);
    hub_log.wait("over").await;
    let error = "OperationCanceledException: The underlying connection was closed.";
    assert_eq!(hub_log.events(), [error, "over"]);
}

#[tokio::test]
async fn item_of_the_wrong_type_ends_the_stream_with_an_error() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Caught", json!([]), &["s"]).await;
    client.item("s", json!(1)).await;
    client.item("s", json!("two")).await;
    client.item("s", json!(3)).await;
    let error = client.completion(&id).await.unwrap();
    let error = error.as_str().unwrap();
    assert!(error.starts_with("HubException: Failed to bind Stream message."), "{error}");
    let id = client.upload("Concat", json!([]), &["s"]).await;
    client.item("s", json!({})).await;
    let error = client.completion(&id).await.unwrap_err();
    let general = "An unexpected error occurred invoking 'Concat' on the server. HubException: Failed to bind Stream message.";
    assert!(error.starts_with(general), "{error}");
    client.item("s", json!("late")).await;
    client.complete("s").await;
    ok(&mut client).await;
}

#[tokio::test]
async fn panic_while_an_item_is_read_is_an_error_of_the_stream_alone() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.upload("Explosive", json!([]), &["s"]).await;
    client.item("s", json!(1)).await;
    assert_eq!(client.completion(&id).await, Ok(json!(1)), "an error is an item, too");
    ok(&mut client).await;
}

#[tokio::test]
async fn items_and_ends_of_unknown_streams_are_ignored() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    client.item("unknown", json!(1)).await;
    client.complete("unknown").await;
    client.send(json!({"type": 3, "invocationId": "unknown", "error": "no"})).await;
    ok(&mut client).await;
}

#[tokio::test]
async fn error_of_the_client_ends_the_stream_with_it() {
    let (server, _) = serve_with(HubOptions::default()).await;
    let mut client = server.connect().await;
    for (method, result) in [
        ("Caught", Ok(json!("HubException: Something bad"))),
        (
            "Concat",
            Err("An unexpected error occurred invoking 'Concat' on the server. HubException: Something bad"
                .to_owned()),
        ),
    ] {
        let id = client.upload(method, json!([]), &["s"]).await;
        client.send(json!({"type": 3, "invocationId": "s", "error": "Something bad"})).await;
        assert_eq!(client.completion(&id).await, result);
    }
}

#[tokio::test]
async fn number_of_streams_must_be_right() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    for (method, arguments, streams, sent, expected) in [
        ("Concat", json!([]), &["a", "b"][..], 2, 1),
        ("Concat", json!([]), &[], 0, 1),
        ("Three", json!([1]), &["a", "b"], 2, 3),
        ("Ok", json!([]), &["a"], 1, 0),
    ] {
        let id = client.upload(method, arguments, streams).await;
        let error = format!(
            "An unexpected error occurred invoking '{method}' on the server. HubException: Client sent {sent} stream(s), Hub method expects {expected}."
        );
        assert_eq!(client.completion(&id).await, Err(error));
    }
    client.item("a", json!("late")).await;
    ok(&mut client).await;
}

#[tokio::test]
async fn end_of_the_method_closes_its_streams() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    for round in 0..3 {
        let id = client.upload("First", json!([]), &["s"]).await;
        client.item("s", json!(round)).await;
        assert_eq!(client.completion(&id).await, Ok(json!(round)));
        // Late ones are ignored, and hold up nothing.
        for _ in 0..30 {
            client.item("s", json!(9)).await;
        }
        client.complete("s").await;
        ok(&mut client).await;
    }
}

#[tokio::test]
async fn end_of_a_streaming_method_closes_its_streams() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    for method in ["FirstStreamed", "Forgotten"] {
        let id = client.stream_of(method, "in").await;
        client.item("in", json!(1)).await;
        client.expect_item(&id, json!(1)).await;
        client.expect(json!({"type": 3, "invocationId": id})).await;
        for _ in 0..30 {
            client.item("in", json!(9)).await;
        }
        ok(&mut client).await;
    }
}

#[tokio::test]
async fn method_is_let_go_when_its_upload_is_over_also_without_an_id() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let call: Value = json!({"type": 1, "target": "Concat", "arguments": [], "streamIds": ["s"]});
    client.send(call).await;
    client.item("s", json!("x")).await;
    ok(&mut client).await;
    assert_eq!(hub.log.count("over"), 0);
    client.complete("s").await;
    hub.log.wait("over").await;
    ok(&mut client).await;
}

#[tokio::test]
async fn loss_of_the_connection_ends_the_stream_with_an_error() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    client.upload("Note", json!([]), &["s"]).await;
    client.item("s", json!("one")).await;
    hub.log.wait("one").await;
    client.close().await;
    hub.log.wait("over").await;
    let error = "OperationCanceledException: The underlying connection was closed.";
    assert_eq!(hub.log.events(), ["one", error, "over"]);
}
