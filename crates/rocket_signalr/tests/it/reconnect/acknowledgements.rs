//! What is acknowledged, and what is held until it is.

use rocket_signalr::{HubContext, HubOptions};
use serde_json::json;

use super::{BackHub, got, may_return, send, serve};
use crate::support::{Client, Server, Socket, Stateful, eventually, stays_pending, within};

#[tokio::test]
async fn what_is_not_acknowledged_is_sent_again_and_the_rest_is_not() {
    let (server, context, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    for number in 1..=5 {
        send(&context, number).await;
        assert_eq!(client.next().await, Some(got(number)));
    }
    client.client.send(json!({"type": 8, "sequenceId": 3})).await;
    // Answered, so the Ack was taken. The answer is message 6.
    client.send(json!({"type": 1, "invocationId": "a", "target": "Keep", "arguments": [0]})).await;
    client.next().await.unwrap();
    let socket = Socket::open(server.addr, &client.path, &[]).await.unwrap();
    let mut raw = Client::new(socket);
    raw.expect(json!({"type": 9, "sequenceId": 4})).await;
    raw.expect(got(4)).await;
    raw.expect(got(5)).await;
    raw.expect(json!({"type": 3, "invocationId": "a", "result": null})).await;
    raw.send(json!({"type": 8, "sequenceId": 6})).await;
    raw.send(json!({"type": 9, "sequenceId": 2})).await;
    raw.send(json!({"type": 1, "invocationId": "b", "target": "Keep", "arguments": [0]})).await;
    raw.expect(json!({"type": 3, "invocationId": "b", "result": 0})).await;
    raw.send(json!({"type": 8, "sequenceId": 7})).await;
    raw.send(json!({"type": 1, "invocationId": "c", "target": "Keep", "arguments": [0]})).await;
    raw.expect(json!({"type": 3, "invocationId": "c", "result": 0})).await;
    raw.send(json!({"type": 8, "sequenceId": 8})).await;
    raw.send(json!({"type": 6})).await;
    // With nothing to be sent again, the number is that of the next message.
    eventually_sequence(&server, &client.path, 9).await;
}

/// Comes back until the server's first number is this: an Ack may still be on its way.
async fn eventually_sequence(server: &Server, path: &str, number: u64) {
    within("that number", async {
        loop {
            let mut raw = Client::new(Socket::open(server.addr, path, &[]).await.unwrap());
            if raw.next().await == json!({"type": 9, "sequenceId": number}) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn server_acknowledges_by_itself() {
    let (server, _, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    for number in 0..5 {
        client.notify("Note", json!([number.to_string()])).await;
    }
    client.expect_acknowledged().await;
}

/// A client for which hardly anything is held.
async fn connect() -> (Server, HubContext<BackHub>, Stateful) {
    let (server, context, _) =
        serve(HubOptions { stateful_reconnect_buffer_size: 1000, ..may_return() }).await;
    let client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    (server, context, client)
}

#[tokio::test]
async fn more_than_the_buffer_holds_waits_for_acknowledgement() {
    let (_server, context, mut client) = connect().await;
    let long = |number: usize| format!("{number} {}", "x".repeat(400));
    for number in 0..10 {
        send(&context, long(number)).await;
    }
    let mut begun = 0;
    for _ in 0..2 {
        // The one that crosses the limit is still sent.
        for number in begun..begun + 3 {
            assert_eq!(client.next().await, Some(got(long(number))));
        }
        begun += 3;
        stays_pending("the rest", client.client.receive()).await;
        client.acknowledge().await;
    }
    for number in begun..10 {
        assert_eq!(client.next().await, Some(got(long(number))));
        client.acknowledge().await;
    }
}

#[tokio::test]
async fn acknowledgement_is_read_though_much_is_held_for_it() {
    let (_server, context, mut client) = connect().await;
    let long = |number: usize| format!("{number} {}", "x".repeat(2000));
    // More than is let pile up before a client's calls have to wait.
    for number in 0..60 {
        send(&context, long(number)).await;
    }
    for number in 0..60 {
        assert_eq!(client.next().await, Some(got(long(number))));
        // Calls before it do not keep it from being read, either.
        client.notify("Note", json!(["call"])).await;
        client.acknowledge().await;
    }
}

#[tokio::test]
async fn acknowledgement_is_read_though_it_comes_behind_items_that_wait_for_it() {
    let (_server, _, mut client) = connect().await;
    client
        .send(json!({
            "type": 4, "invocationId": "out", "target": "Mirror", "arguments": [],
            "streamIds": ["in"],
        }))
        .await;
    // The stream back waits for an Ack, the items for the stream, and the Ack comes behind them.
    let item = "x".repeat(2000);
    for _ in 0..60 {
        client.send(json!({"type": 2, "invocationId": "in", "item": item})).await;
    }
    client.send(json!({"type": 3, "invocationId": "in"})).await;
    for _ in 0..60 {
        assert_eq!(
            client.next().await,
            Some(json!({"type": 2, "invocationId": "out", "item": item}))
        );
        client.acknowledge().await;
    }
    assert_eq!(client.next().await, Some(json!({"type": 3, "invocationId": "out"})));
}

#[tokio::test]
async fn acks_and_sequences_mean_nothing_without_the_feature() {
    let (server, _, _) = serve(may_return()).await;
    let (_, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
    let old = server.connect_at(&format!("/hub?id={token}")).await;
    let plain = server.connect().await;
    for mut client in [old, plain] {
        for message in [
            json!({"type": 8, "sequenceId": 55}),
            json!({"type": 9, "sequenceId": 1000}),
            json!({"type": 8, "sequenceId": -1}),
        ] {
            client.send(message).await;
        }
        assert_eq!(client.invoke("Keep", json!([1])).await, Ok(json!(null)));
    }
}
