//! The handshake: what is accepted, and how the rest is refused.

use std::time::Duration;

use rocket_signalr::{HubOptions, hub};
use serde_json::{Value, json};

use crate::support::{Client, End, RS, Server, options};

struct ShakeHub;

#[hub]
impl ShakeHub {
    fn echo(&self, value: Value) -> Value {
        value
    }
}

async fn serve(options: HubOptions) -> Server {
    Server::of(ShakeHub, options).await.0
}

/// Sends `text` in place of a handshake and reads to the end.
async fn refused(server: &Server, text: &str) -> Value {
    let mut client = Client::new(server.socket("/hub", &[]).await);
    client.text(text).await;
    let End { mut last, code } = client.end().await;
    assert_eq!(code, Some(1000));
    assert_eq!(last.len(), 1, "no Close follows a handshake that failed: {last:?}");
    last.remove(0)
}

#[tokio::test]
async fn good_handshake_is_answered_without_an_error() {
    let server = serve(HubOptions::default()).await;
    for request in [
        json!({"protocol": "json", "version": 1}),
        json!({"version": 2, "protocol": "JSON", "more": {"of": ["it"]}}),
        json!({"protocol": "json", "version": 0}),
    ] {
        let mut client = Client::new(server.socket("/hub", &[]).await);
        client.send(request).await;
        client.expect(json!({})).await;
        assert_eq!(client.invoke("Echo", json!([1])).await, Ok(json!(1)));
    }
}

#[tokio::test]
async fn unknown_protocol_is_refused() {
    let server = serve(HubOptions::default()).await;
    let answer = refused(&server, "{\"protocol\":\"soap\",\"version\":1}\u{1e}").await;
    assert_eq!(answer, json!({"error": "The protocol 'soap' is not supported."}));
}

#[tokio::test]
async fn version_that_is_not_spoken_is_refused() {
    let server = serve(HubOptions::default()).await;
    let answer = refused(&server, "{\"protocol\":\"json\",\"version\":9}\u{1e}").await;
    let error = "The server does not support version 9 of the 'json' protocol.";
    assert_eq!(answer, json!({"error": error}));
}

#[tokio::test]
async fn handshake_that_does_not_come_in_time_is_cancelled() {
    let server =
        serve(HubOptions { handshake_timeout: Duration::from_millis(50), ..HubOptions::default() })
            .await;
    let answer = refused(&server, "{\"protocol\":").await;
    assert_eq!(answer, json!({"error": "Handshake was canceled."}));
}

#[tokio::test]
async fn handshake_larger_than_a_message_may_be_is_cancelled() {
    let server =
        serve(HubOptions { maximum_receive_message_size: Some(100), ..HubOptions::default() })
            .await;
    let long = json!({"protocol": "json", "version": 1, "more": "x".repeat(100)});
    for text in [format!("{long}{RS}"), long.to_string()] {
        let answer = refused(&server, &text).await;
        assert_eq!(answer, json!({"error": "Handshake was canceled."}));
    }
}

#[tokio::test]
async fn handshake_that_is_none_is_refused_and_explained_with_detailed_errors_only() {
    let general = "An unexpected error occurred during connection handshake.";
    let secretive = serve(HubOptions::default()).await;
    let detailed = serve(options()).await;
    for (text, detail) in [
        (
            "{\"version\":1}\u{1e}",
            "InvalidDataException: Missing required property 'protocol'. Message content: {\"version\":1}",
        ),
        (
            "{\"protocol\":\"json\"}\u{1e}",
            "InvalidDataException: Missing required property 'version'. Message content: {\"protocol\":\"json\"}",
        ),
        (
            "{\"protocol\":7,\"version\":1}\u{1e}",
            "InvalidDataException: Expected 'protocol' to be of type String.",
        ),
    ] {
        assert_eq!(refused(&secretive, text).await, json!({"error": general}));
        let error = format!("{general} {detail}");
        assert_eq!(refused(&detailed, text).await, json!({"error": error}));
    }
    assert_eq!(refused(&secretive, "hello\u{1e}").await, json!({"error": general}));
    assert_eq!(refused(&secretive, "\u{1e}").await, json!({"error": general}));
}

#[tokio::test]
async fn handshake_may_come_in_pieces() {
    let server = serve(HubOptions::default()).await;
    let mut client = Client::new(server.socket("/hub", &[]).await);
    // Each byte in a frame of its own.
    for byte in format!("{{\"protocol\":\"json\",\"version\":1}}{RS}").bytes() {
        client.socket.frame(1, true, &[byte]).await;
    }
    client.expect(json!({})).await;
    assert_eq!(client.invoke("Echo", json!([1])).await, Ok(json!(1)));
}

#[tokio::test]
async fn handshake_and_calls_may_come_together() {
    let server = serve(HubOptions::default()).await;
    let mut client = Client::new(server.socket("/hub", &[]).await);
    let call = json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": [5]});
    let handshake = json!({"protocol": "json", "version": 1});
    client.text(&format!("{handshake}{RS}{call}{RS}")).await;
    client.expect(json!({})).await;
    client.expect(json!({"type": 3, "invocationId": "a", "result": 5})).await;
}

#[tokio::test]
async fn calls_may_come_in_pieces() {
    let server = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    let call = json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": ["é😀"]});
    let text = format!("{call}{RS}");
    // In fragments of one message that cut characters too, with a ping in between.
    let (last, rest) = text.as_bytes().split_last().unwrap();
    for (index, byte) in rest.iter().enumerate() {
        client.socket.frame(u8::from(index == 0), false, &[*byte]).await;
    }
    client.socket.frame(9, true, b"?").await;
    assert_eq!(client.socket.next().await.told(), (10, &b"?"[..]));
    client.socket.frame(0, true, &[*last]).await;
    client.expect(json!({"type": 3, "invocationId": "a", "result": "é😀"})).await;
}

#[tokio::test]
async fn handshake_that_is_cut_off_ends_without_a_word() {
    let server = serve(HubOptions::default()).await;
    let mut client = Client::new(server.socket("/hub", &[]).await);
    client.text("{\"protocol\":\"json\",").await;
    assert_eq!(client.close().await, End { last: vec![], code: Some(1000) });
}
