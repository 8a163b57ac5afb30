//! Conversations in MessagePack, over WebSockets and polls.

mod connections;
mod records;

use std::{collections::BTreeMap, time::Duration};

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{
    Caller, HubContext, HubError, HubOptions, Timestamp, UploadStream, hub, hub_client,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Client, Log, Server, options, prefixed, within};

#[hub_client]
trait PackedClient {
    async fn got(&self, what: &Value);
    async fn sum(&self, a: i32, b: i32) -> i32;
}

#[derive(Debug, Serialize, Deserialize)]
struct Plant {
    common_name: String,
    height: Option<f64>,
    colour: Colour,
}

#[derive(Debug, Serialize, Deserialize)]
enum Colour {
    Green,
    DarkRed,
}

#[derive(Clone, Default)]
struct PackedHub {
    log: Log,
}

#[hub(client = PackedClient)]
impl PackedHub {
    fn ok(&self) -> bool {
        true
    }

    fn note(&self, what: String) {
        self.log.add(what);
    }

    fn echo(&self, value: Value) -> Value {
        value
    }

    fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn plant(&self, plant: Plant) -> Plant {
        plant
    }

    fn map(&self, map: BTreeMap<String, i32>) -> BTreeMap<String, i32> {
        map
    }

    fn bytes(&self, bytes: serde_bytes::ByteBuf) -> serde_bytes::ByteBuf {
        bytes
    }

    fn later(&self, time: Timestamp) -> Timestamp {
        Timestamp(time.0 + Duration::from_secs(1))
    }

    fn nothing(&self) {}

    fn fail(&self) -> Result<(), HubError> {
        Err(HubError::new("It failed."))
    }

    async fn tell(&self, caller: &Caller<Self>, what: Value) -> Result<(), HubError> {
        Ok(caller.clients().caller().got(&what).await?)
    }

    async fn ask(&self, caller: &Caller<Self>, a: i32) -> Result<i32, HubError> {
        caller.clients().caller().sum(a, 1).await
    }

    fn count(&self, to: i32) -> impl Stream<Item = i32> + Send {
        stream::iter(0..to)
    }

    fn count_and_fail(&self) -> impl Stream<Item = Result<i32, HubError>> + Send {
        stream::iter([Ok(0), Err(HubError::new("Too far."))])
    }

    fn pending(&self) -> impl Stream<Item = i32> + Send {
        stream::iter([0]).chain(stream::pending())
    }

    async fn total(&self, mut numbers: UploadStream<i32>) -> Result<i32, HubError> {
        let mut total = 0;
        while let Some(number) = numbers.next().await {
            total += number?;
        }
        Ok(total)
    }

    fn mirror(
        &self,
        items: UploadStream<Value>,
    ) -> impl Stream<Item = Result<Value, HubError>> + Send {
        items
    }
}

async fn serve() -> (Server, HubContext<PackedHub>, Log) {
    serve_with(options()).await
}

async fn serve_with(options: HubOptions) -> (Server, HubContext<PackedHub>, Log) {
    let hub = PackedHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

fn call(id: &str, target: &str, arguments: Value) -> Value {
    json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments})
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    for value in [
        json!(null),
        json!(true),
        json!(-33),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.5),
        json!("é😀\u{1e}\0"),
        json!("x".repeat(20_000)),
        json!([[], [1, [2]], {}]),
        json!({"camelCase": 1, "snake_case": {"Upper": [null]}, "": 3}),
    ] {
        assert_eq!(client.invoke("Echo", json!([value])).await, Ok(value));
    }
    assert_eq!(client.invoke("aDD", json!([2, 3])).await, Ok(json!(5)));
    // What JavaScript cannot tell from a whole number is taken for one.
    assert_eq!(client.invoke("Add", json!([2.0, 3])).await, Ok(json!(5)));
    assert_eq!(client.invoke("Nothing", json!([])).await, Ok(json!(null)));
}

#[tokio::test]
async fn names_are_written_as_they_are_and_read_in_any_spelling() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    let plant = json!({"common_name": "ivy", "height": null, "colour": "DarkRed"});
    for sent in [
        json!({"commonName": "ivy", "height": null, "colour": "DarkRed"}),
        json!({"CommonName": "ivy", "Colour": "DarkRed", "more": 1}),
        plant.clone(),
    ] {
        assert_eq!(client.invoke("Plant", json!([sent])).await, Ok(plant.clone()));
    }
    let map = json!({"Upper": 1, "snake_case": 2});
    assert_eq!(client.invoke("Map", json!([map])).await, Ok(map));
}

/// Expects these bytes, behind their length, as the next frame.
async fn expect_bytes(client: &mut Client, bytes: &[u8]) {
    assert_eq!(client.socket.next().await.told(), (2, &prefixed(bytes)[..]));
}

#[tokio::test]
async fn bytes_and_times_have_forms_of_their_own() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    // [1, {}, "a", "Bytes", [bytes 1, 2, 255], []]
    client.binary(&prefixed(b"\x96\x01\x80\xa1a\xa5Bytes\x91\xc4\x03\x01\x02\xff\x90")).await;
    // [3, {}, "a", 3, bytes 1, 2, 255]
    expect_bytes(&mut client, b"\x95\x03\x80\xa1a\x03\xc4\x03\x01\x02\xff").await;
    // A timestamp of 32 bits, and one second later.
    client.binary(&prefixed(b"\x96\x01\x80\xa1a\xa5Later\x91\xd6\xff\x65\x00\x00\x00\x90")).await;
    expect_bytes(&mut client, b"\x95\x03\x80\xa1a\x03\xd6\xff\x65\x00\x00\x01").await;
    // A text will do, too.
    let text = json!("2023-09-12T06:06:56Z");
    client.send(call("a", "Later", json!([text]))).await;
    expect_bytes(&mut client, b"\x95\x03\x80\xa1a\x03\xd6\xff\x65\x00\x00\x01").await;
}

#[tokio::test]
async fn messages_have_all_items_that_older_clients_look_for() {
    let (server, context, _) = serve().await;
    let mut client = server.connect_packed().await;
    client.invoke("Ok", json!([])).await.unwrap();
    context.clients().all().got(&json!(1)).await.unwrap();
    // [1, {}, nil, "got", [1], []]
    expect_bytes(&mut client, b"\x96\x01\x80\xc0\xa3got\x91\x01\x90").await;
    // Five items, as clients without streams send: [1, {}, "a", "Ok", []]
    client.binary(&prefixed(b"\x95\x01\x80\xa1a\xa2Ok\x90")).await;
    expect_bytes(&mut client, b"\x95\x03\x80\xa1a\x03\xc3").await;
    // A void result has a value, the end of a stream has none.
    client.binary(&prefixed(b"\x95\x01\x80\xa1a\xa7Nothing\x90")).await;
    expect_bytes(&mut client, b"\x95\x03\x80\xa1a\x03\xc0").await;
    client.binary(&prefixed(b"\x95\x04\x80\xa1a\xa5Count\x91\x00")).await;
    expect_bytes(&mut client, b"\x94\x03\x80\xa1a\x02").await;
}

#[tokio::test]
async fn errors_have_the_same_words_as_in_json() {
    let (server, _, _) = serve().await;
    let mut json = server.connect().await;
    let mut packed = server.connect_packed().await;
    for (target, arguments) in [
        ("Unknown", json!([])),
        ("Fail", json!([])),
        ("Add", json!([1])),
        ("Add", json!([1, 2, 3])),
        ("Add", json!([1, "two"])),
        ("Add", json!([1, 2.5])),
        ("Plant", json!([{}])),
        ("Count", json!([1])),
        ("Total", json!([])),
    ] {
        let expected = json.invoke(target, arguments.clone()).await;
        assert!(expected.is_err(), "{target}");
        assert_eq!(packed.invoke(target, arguments).await, expected);
    }
    // No answer is wanted.
    packed.notify("Fail", json!([])).await;
    assert_eq!(packed.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn streams_flow_both_ways() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    let stream = client.stream("Count", json!([3])).await;
    for number in 0..3 {
        client.expect_item(&stream, json!(number)).await;
    }
    client.expect(json!({"type": 3, "invocationId": stream})).await;

    let stream = client.stream("CountAndFail", json!([])).await;
    client.expect_item(&stream, json!(0)).await;
    let error = "An error occurred on the server while streaming results. HubException: Too far.";
    assert_eq!(client.completion(&stream).await, Err(error.to_owned()));

    let stream = client.stream("Pending", json!([])).await;
    client.expect_item(&stream, json!(0)).await;
    client.cancel(&stream).await;
    client.expect(json!({"type": 3, "invocationId": stream})).await;

    let upload = client.upload("Total", json!([]), &["s"]).await;
    for number in 1..=30 {
        client.item("s", json!(number)).await;
    }
    client.complete("s").await;
    assert_eq!(client.completion(&upload).await, Ok(json!(465)));

    let upload = client.upload("Total", json!([]), &["s"]).await;
    client.item("s", json!("one")).await;
    let error = client.completion(&upload).await.unwrap_err();
    assert!(error.contains("Failed to bind Stream message."), "{error}");

    let upload = client.upload("Total", json!([]), &["s"]).await;
    client.send(json!({"type": 3, "invocationId": "s", "error": "No more."})).await;
    let error =
        "An unexpected error occurred invoking 'Total' on the server. HubException: No more.";
    assert_eq!(client.completion(&upload).await, Err(error.to_owned()));
}

#[tokio::test]
async fn uploads_may_flow_back() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    let id = client.stream_of("Mirror", "in").await;
    for item in [json!(1), json!(null), json!({"a": [1]}), json!("x".repeat(1000))] {
        client.item("in", item.clone()).await;
        client.expect_item(&id, item).await;
    }
    client.complete("in").await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
}

#[tokio::test]
async fn clients_are_asked_for_results() {
    let (server, context, _) = serve().await;
    let mut client = server.connect_packed().await;
    let call = client.call("Ask", json!([5])).await;
    let question = client.next().await;
    assert_eq!((&question["target"], &question["arguments"]), (&json!("sum"), &json!([5, 1])));
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 6})).await;
    assert_eq!(client.completion(&call).await, Ok(json!(6)));

    let general = "An unexpected error occurred invoking 'Ask' on the server. HubException:";
    for (answer, error) in [
        (json!({"error": "No idea."}), " No idea."),
        (json!({"result": "six"}), " Error trying to deserialize result to i32. "),
        (json!({}), " "),
    ] {
        let call = client.call("Ask", json!([5])).await;
        let mut completion = answer;
        completion["type"] = json!(3);
        completion["invocationId"] = client.next().await["invocationId"].clone();
        client.send(completion).await;
        let told = client.completion(&call).await.unwrap_err();
        assert!(told.starts_with(&format!("{general}{error}")), "{told}");
    }

    let id = context.connections().remove(0);
    let asked = tokio::spawn(async move { context.clients().client(&id).sum(1, 2).await });
    let question = client.next().await;
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 3})).await;
    assert_eq!(within("the answer", asked).await.unwrap().unwrap(), 3);
}
