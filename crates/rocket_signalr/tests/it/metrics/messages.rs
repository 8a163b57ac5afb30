//! Messages, both ways.

use rocket_signalr::{hub, hub_client};
use serde_json::json;

use super::{Counted, serve};
use crate::support::{Samples, Server, Unwritable, eventually, options};

#[tokio::test]
async fn messages_are_counted_both_ways() {
    let (server, context, _) = serve(options()).await;
    let totals = || {
        let samples = Counted::of(&context);
        (samples.total("messages_received"), samples.total("messages_sent"))
    };
    assert_eq!(totals(), (0., 0.));
    let mut client = server.connect().await;
    let mut other = server.connect().await;
    assert_eq!(totals(), (0., 0.), "handshakes are none");
    other.invoke("Echo", json!(["x"])).await.unwrap();
    assert_eq!(totals(), (1., 1.));
    client.send(json!({"type": 6})).await;
    client.notify("Echo", json!(["x"])).await;
    client.invoke("TellAll", json!([])).await.unwrap();
    assert_eq!(totals(), (4., 4.), "to two, and the answer");
    let call = client.call("AskBack", json!([])).await;
    let question = loop {
        let message = client.next().await;
        if message["target"] == "ask" {
            break message;
        }
    };
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 5})).await;
    client.completion(&call).await.unwrap();
    assert_eq!(totals(), (6., 6.));
    context.clients().client("nobody").got("x").await.unwrap();
    assert_eq!(totals(), (6., 6.));
    let id = context.connections().remove(0);
    context.clients().client(&id).got("x").await.unwrap();
    context.clients().all_except(&[id]).got("x").await.unwrap();
    assert_eq!(totals(), (6., 8.));
}

#[tokio::test]
async fn items_of_streams_and_refusals_are_messages_too() {
    let (server, context, _) = serve(options()).await;
    let mut client = server.connect().await;
    let stream = client.stream("Count", json!([3])).await;
    client.completion(&stream).await.unwrap();
    let sent = || Counted::of(&context).total("messages_sent");
    assert_eq!(sent(), 4., "three items and the end");
    client.invoke("Unknown", json!([])).await.unwrap_err();
    assert_eq!(sent(), 5.);
}

#[hub_client]
trait RefusingClient {
    async fn got(&self, what: &Unwritable);
}

struct RefusingHub;

#[hub(client = RefusingClient)]
impl RefusingHub {}

#[tokio::test]
async fn message_that_cannot_be_written_was_not_sent() {
    let (server, context) = Server::of(RefusingHub, options()).await;
    let _client = server.connect().await;
    eventually("one", || context.connection_count() == 1).await;
    let id = context.connections().remove(0);
    context.clients().all().got(&Unwritable).await.unwrap_err();
    context.clients().client(&id).got(&Unwritable).await.unwrap_err();
    let samples = Samples::of(&context.metrics());
    let labels = [("signalr_hub", "RefusingHub")];
    assert_eq!(samples.get("signalr_server_messages_sent_total", &labels), 0.);
}
