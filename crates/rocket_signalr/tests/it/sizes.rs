//! How large messages may be.

use rocket_signalr::{Hub, HubOptions, hub};
use serde_json::{Value, json};

use crate::support::{Client, End, RS, Server, options, too_large};

struct SizeHub;

#[hub]
impl SizeHub {
    fn length(&self, text: String) -> usize {
        text.len()
    }
}

async fn serve(max: Option<usize>) -> Server {
    Server::of(SizeHub, HubOptions { maximum_receive_message_size: max, ..options() }).await.0
}

/// A call that is `size` bytes long, its separator included.
fn call(id: &str, size: usize) -> (String, usize) {
    let empty = json!({"type": 1, "invocationId": id, "target": "Length", "arguments": [""]});
    let length = size - empty.to_string().len() - 1;
    let text = empty.to_string().replace("[\"\"]", &format!("[\"{}\"]", "x".repeat(length)));
    let text = format!("{text}{RS}");
    assert_eq!(text.len(), size);
    (text, length)
}

fn completion(id: &str, result: usize) -> Value {
    json!({"type": 3, "invocationId": id, "result": result})
}

#[tokio::test]
async fn message_over_the_limit_ends_the_connection() {
    let server = serve(Some(200)).await;
    server.connect().await.close().await;
    let mut client = server.connect().await;
    client.text(&call("a", 201).0).await;
    client.expect_close(too_large(200)).await;
}

#[tokio::test]
async fn limit_is_exact_and_counts_the_separator() {
    let server = serve(HubOptions::default().maximum_receive_message_size).await;
    let mut client = server.connect().await;
    let (text, length) = call("a", 32_768);
    client.text(&text).await;
    client.expect(completion("a", length)).await;
    client.text(&call("b", 32_769).0).await;
    client.expect_close(too_large(32_768)).await;
}

#[tokio::test]
async fn message_over_the_limit_ends_the_connection_before_it_is_whole() {
    let server = serve(Some(200)).await;
    let mut client = server.connect().await;
    let (text, _) = call("a", 1000);
    for part in text.as_bytes()[..250].chunks(50) {
        client.text(std::str::from_utf8(part).unwrap()).await;
    }
    client.expect_close(too_large(200)).await;
}

#[tokio::test]
async fn messages_before_the_one_over_the_limit_are_carried_out() {
    let server = serve(Some(200)).await;
    let mut client = server.connect().await;
    let (first, length) = call("a", 150);
    let (second, _) = call("b", 150);
    client.text(&format!("{first}{second}{}{first}", call("c", 250).0)).await;
    let End { last, code } = client.end().await;
    assert_eq!(last, [completion("a", length), completion("b", length), too_large(200)]);
    assert_eq!(code, Some(1000));
}

#[tokio::test]
async fn many_messages_under_the_limit_may_come_together() {
    let server = serve(Some(200)).await;
    let mut client = server.connect().await;
    let (text, length) = call("a", 200);
    client.text(&text.repeat(50)).await;
    for _ in 0..50 {
        client.expect(completion("a", length)).await;
    }
}

#[tokio::test]
async fn messages_have_no_limit_if_there_is_none() {
    let server = serve(None).await;
    let mut client = server.connect().await;
    let (text, length) = call("a", 5_000_000);
    client.text(&text).await;
    client.expect(completion("a", length)).await;
}

#[tokio::test]
async fn each_place_of_a_hub_has_its_own_limit() {
    let limit = |max| HubOptions { maximum_receive_message_size: Some(max), ..options() };
    let endpoint = SizeHub.at("/hub").options(limit(200)).also_at("/large").options(limit(400));
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let (text, length) = call("a", 300);
    let mut small: Client = server.connect().await;
    let mut large = server.connect_at("/large").await;
    small.text(&text).await;
    small.expect_close(too_large(200)).await;
    large.text(&text).await;
    large.expect(completion("a", length)).await;
}
