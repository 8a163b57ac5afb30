//! Where a message in MessagePack begins and ends, and what is none.

use rocket_signalr::HubOptions;
use serde_json::{Value, json};

use super::{call, serve, serve_with};
use crate::support::{
    Client, Encoding, RS, closed_with, options, prefixed, record, request, too_large,
};

fn write(message: &Value) -> Vec<u8> {
    Encoding::MessagePack.write(message)
}

fn result(id: &str, result: impl Into<Value>) -> Value {
    json!({"type": 3, "invocationId": id, "result": result.into()})
}

#[tokio::test]
async fn several_messages_may_come_in_one_frame() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    let frame: Vec<u8> =
        (0..50).flat_map(|n| write(&call(&n.to_string(), "Echo", json!([n])))).collect();
    client.binary(&frame).await;
    for number in 0..50 {
        client.expect(result(&number.to_string(), number)).await;
    }
}

#[tokio::test]
async fn message_may_come_in_pieces_its_length_too() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    let text = "x".repeat(300);
    let message = write(&call("a", "Echo", json!([text])));
    assert!(message[0] & 0x80 > 0, "its length has two bytes");
    for at in [1, 2, 3, 100, message.len() - 1] {
        // Frames on their own, and fragments of one.
        client.binary(&message[..at]).await;
        client.socket.frame(9, true, b"").await;
        client.binary(&message[at..]).await;
        client.expect(result("a", &*text)).await;
        client.socket.frame(2, false, &message[..at]).await;
        client.socket.frame(0, true, &message[at..]).await;
        client.expect(result("a", &*text)).await;
    }
    for byte in &message {
        client.binary(&[*byte]).await;
    }
    client.expect(result("a", &*text)).await;
}

#[tokio::test]
async fn kind_of_frame_means_nothing() {
    let (server, _, _) = serve().await;
    let mut client = Client::new(server.socket("/hub", &[]).await);
    // The handshake is text, whatever it comes in; and calls may come right behind it.
    let handshake = format!("{{\"protocol\":\"messagepack\",\"version\":1}}{RS}");
    let frame = [handshake.as_bytes(), &write(&call("a", "Ok", json!([])))].concat();
    client.binary(&frame).await;
    assert_eq!(client.socket.next().await.told(), (1, &b"{}\x1e"[..]));
    let answer = b"\x07\x95\x03\x80\xa1a\x03\xc3";
    assert_eq!(client.socket.next().await.told(), (2, &answer[..]));
    let mut client = server.connect_packed().await;
    // [1, {}, "a", "Ok", []], and its length in a frame of text.
    client.text("\u{9}").await;
    client.binary(b"\x95\x01\x80\xa1a\xa2Ok\x90").await;
    client.expect(result("a", true)).await;
}

#[tokio::test]
async fn posts_may_hold_many_messages_or_parts_of_one() {
    let (server, _, _) = serve().await;
    let mut poller = server.poller_at("/hub", Encoding::MessagePack).await;
    let [a, b] = ["a", "b"].map(|id| write(&call(id, "Echo", json!([id]))));
    let both = [a, b].concat();
    for at in [0, 1, both.len() / 2, both.len() - 1] {
        for part in [&both[..at], &both[at..]] {
            let answer = request(poller.addr, "POST", &poller.path, &[], part).await;
            assert_eq!(answer.told(), (200, ""));
        }
        for id in ["a", "b"] {
            assert_eq!(poller.next().await, Some(result(id, id)));
        }
    }
}

#[tokio::test]
async fn limit_is_exact_and_counts_the_length() {
    let max = 200;
    let (server, _, _) =
        serve_with(HubOptions { maximum_receive_message_size: Some(max), ..options() }).await;
    let sized = |size: usize| {
        let least = write(&call("a", "Echo", json!(["x".repeat(130)]))).len();
        let message = write(&call("a", "Echo", json!(["x".repeat(130 + size - least)])));
        assert_eq!(message.len(), size);
        message
    };
    let mut client = server.connect_packed().await;
    client.binary(&sized(200).repeat(20)).await;
    for _ in 0..20 {
        assert_eq!(client.next().await["type"], 3);
    }
    // Its length is enough, and those before it are carried out.
    client.binary(&[&sized(160)[..], &sized(201)[..2]].concat()).await;
    assert_eq!(client.next().await["type"], 3);
    client.expect_close(too_large(max)).await;
}

#[tokio::test]
async fn length_that_is_none_ends_the_connection() {
    let (server, _, _) =
        serve_with(HubOptions { maximum_receive_message_size: None, ..options() }).await;
    let text = "FormatException: Messages over 2GB in size are not supported.";
    for length in [[0xff, 0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff, 0x08]] {
        let mut client = server.connect_packed().await;
        client.binary(&length).await;
        client.expect_close(closed_with(text)).await;
    }
    // Much is announced and does not come: nothing is made of it.
    let mut client = server.connect_packed().await;
    client.binary(&[0xff, 0xff, 0xff, 0xff, 0x07]).await;
    client.close().await;
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection_with_the_words_of_the_reference() {
    let (server, _, _) = serve().await;
    for (array, text) in [
        (json!("text"), "Reading array length for 'message' failed."),
        (json!([]), "Reading 'messageType' as Int32 failed."),
        (json!(["one"]), "Reading 'messageType' as Int32 failed."),
        (json!([1, [], "a", "Ok", []]), "Reading map length for 'headers' failed."),
        (json!([1, {"a": 1}, "a", "Ok", []]), "Reading 'headers[0].Value' as String failed."),
        (json!([1, {}, 5, "Ok", []]), "Reading 'invocationId' as String failed."),
        (json!([1, {}, "a", 5, []]), "Reading 'target' as String failed."),
        (json!([1, {}, "a", null, []]), "Null or empty target for Invocation message."),
        (json!([1, {}, "a", "Ok", {}]), "Reading array length for 'arguments' failed."),
        (json!([1, {}, "a", "Ok", [], 5]), "Reading array length for 'streamIds' failed."),
        (json!([2, {}, null, 5]), "Null or empty invocation ID for StreamItem message."),
        (json!([3, {}, "a", 9]), "Invalid invocation result kind."),
        (json!([3, {}, "a", "x"]), "Reading 'resultKind' as Int32 failed."),
        (
            json!([4, {}, null, "Count", [1], []]),
            "Null or empty invocation ID for StreamInvocation message.",
        ),
        (json!([5, {}, 1]), "Reading 'invocationId' as String failed."),
        (json!([7, 5]), "Reading 'error' as String failed."),
        (json!([7, null, "x"]), "Reading 'allowReconnect' as Boolean failed."),
        (json!([8, "x"]), "Reading 'sequenceId' as Int64 failed."),
    ] {
        let mut client = server.connect_packed().await;
        client.binary(&record(&array)).await;
        let end = client.end().await;
        let close = closed_with(&format!("InvalidDataException: {text}"));
        assert_eq!((end.last, end.code), (vec![close], Some(1000)), "{array}");
    }
}

#[tokio::test]
async fn record_that_is_cut_short_ends_the_connection() {
    let (server, _, _) = serve().await;
    let whole = write(&call("a", "Add", json!([1, "text"])));
    for (length, text) in [
        (0, "Reading array length for 'message' failed."),
        (2, "Reading array length for 'message' failed."),
        (7, "Reading 'target' as String failed."),
        (whole.len() - 4, "Deserializing object for 'argument' failed."),
        (whole.len() - 2, "Reading array length for 'streamIds' failed."),
    ] {
        let mut client = server.connect_packed().await;
        client.binary(&prefixed(&whole[1..=length])).await;
        let end = client.end().await;
        let close = closed_with(&format!("InvalidDataException: {text}"));
        assert_eq!(end.last, [close], "{length} bytes");
    }
}

#[tokio::test]
async fn what_later_versions_may_add_is_passed_over() {
    let (server, _, _) = serve().await;
    let mut client = server.connect_packed().await;
    client.binary(&record(&json!([77, {}, "unknown"]))).await;
    client.binary(&record(&json!([6, "more"]))).await;
    client.binary(&record(&json!([1, {}, "a", "Ok", [], [], "more", {"x": 1}]))).await;
    client.expect(result("a", true)).await;
    client.binary(&record(&json!([1, {"traceparent": "00-x"}, "", "Ok", []]))).await;
    client.binary(&record(&json!([8, 99]))).await;
    client.binary(&record(&json!([1, {}, "b", "Ok", []]))).await;
    client.expect(result("b", true)).await;
}

#[tokio::test]
async fn without_detailed_errors_the_words_are_secret() {
    let (server, _, _) = serve_with(HubOptions::default()).await;
    let mut client = server.connect_packed().await;
    client.binary(&record(&json!(["one"]))).await;
    let error = "Connection closed with an error.";
    client.expect_close(json!({"type": 7, "error": error, "allowReconnect": true})).await;
}
