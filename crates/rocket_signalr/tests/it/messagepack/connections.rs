//! MessagePack over each transport, and over several sockets.

use std::time::Duration;

use rocket_signalr::{HubOptions, HubProtocols};
use serde_json::json;

use super::{call, serve, serve_with};
use crate::support::{Client, Encoding, Stateful, eventually, options};

#[tokio::test]
async fn pings_and_closes_are_packed() {
    let (server, _, _) =
        serve_with(HubOptions { keep_alive_interval: Duration::from_millis(50), ..options() })
            .await;
    let mut client = server.connect_packed().await;
    assert_eq!(client.next_or_ping().await, json!({"type": 6}));
    client.send(json!({"type": 6})).await;
    client.send(json!({"type": 7, "error": "Enough."})).await;
    client.expect_close(json!({"type": 7})).await;
    let mut client = server.connect_packed().await;
    server.stop();
    client.expect_close(json!({"type": 7, "allowReconnect": true})).await;
}

#[tokio::test]
async fn polls_carry_it() {
    let (server, context, _) = serve().await;
    let mut poller = server.poller_at("/hub", Encoding::MessagePack).await;
    poller.send(call("a", "Echo", json!(["é😀"]))).await;
    let answer = json!({"type": 3, "invocationId": "a", "result": "é😀"});
    assert_eq!(poller.next().await, Some(answer));
    for number in 0..50 {
        context.clients().all().got(&json!(number)).await.unwrap();
    }
    for number in 0..50 {
        let message = json!({"type": 1, "target": "got", "arguments": [number]});
        assert_eq!(poller.next().await, Some(message));
    }
    poller.send(call("b", "Ask", json!([7]))).await;
    let question = poller.next().await.unwrap();
    poller.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 8})).await;
    let answer = json!({"type": 3, "invocationId": "b", "result": 8});
    assert_eq!(poller.next().await, Some(answer));
    poller.send(json!({"type": 4, "invocationId": "c", "target": "Count", "arguments": [2]})).await;
    for message in [
        json!({"type": 2, "invocationId": "c", "item": 0}),
        json!({"type": 2, "invocationId": "c", "item": 1}),
        json!({"type": 3, "invocationId": "c"}),
    ] {
        assert_eq!(poller.next().await, Some(message));
    }
    context.disconnect(&context.connections()[0]);
    assert_eq!(poller.next().await, Some(json!({"type": 7})));
    assert_eq!(poller.next().await, None);
}

#[tokio::test]
async fn hub_may_do_without_one_of_the_protocols() {
    for (protocols, name, other) in [
        (HubProtocols { message_pack: false, ..HubProtocols::ALL }, "messagepack", Encoding::Json),
        (HubProtocols { json: false, ..HubProtocols::ALL }, "json", Encoding::MessagePack),
    ] {
        let (server, _, _) =
            serve_with(HubOptions { supported_protocols: protocols, ..options() }).await;
        let mut refused = Client::new(server.socket("/hub", &[]).await);
        refused.send(json!({"protocol": name, "version": 1})).await;
        let error = format!("The protocol '{name}' is not supported.");
        refused.expect_close(json!({"error": error})).await;
        let mut client = server.connect_as("/hub", &[], other).await;
        assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    }
}

#[tokio::test]
async fn connection_goes_on_over_a_new_socket() {
    let (server, context, log) =
        serve_with(HubOptions { allow_stateful_reconnects: true, ..options() }).await;
    let mut client = Stateful::connect_as(&server, Encoding::MessagePack).await;
    client.notify("Note", json!(["one"])).await;
    log.wait("one").await;
    let got = |number: i32| json!({"type": 1, "target": "got", "arguments": [number]});
    for number in 0..5 {
        context.clients().all().got(&json!(number)).await.unwrap();
    }
    for number in 0..3 {
        assert_eq!(client.next().await, Some(got(number)));
    }
    client.acknowledge().await;
    // Two are on their way over a socket that nobody reads any more.
    client.come_back().await;
    for number in 3..5 {
        assert_eq!(client.next().await, Some(got(number)));
    }
    client.notify("Note", json!(["two"])).await;
    log.wait("two").await;
    client.expect_acknowledged().await;
    assert_eq!(log.events(), ["one", "two"]);
    assert!(context.is_connected(&client.id));
    eventually("one", || context.connection_count() == 1).await;
}
