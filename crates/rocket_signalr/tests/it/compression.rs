//! Compressed messages on WebSockets (RFC 7692).

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use rocket::async_trait;
use rocket_signalr::{ConnectionHandler, HubContext, HubOptions, RawConnection, hub, hub_client};
use serde_json::{Value, json};

use crate::support::{
    Client, End, RS, RSV1, Server, Stateful, deflate, eventually, options, too_large,
};

#[hub_client]
trait PackedClient {
    async fn got(&self, text: &str);
}

struct PackedHub;

#[hub(client = PackedClient)]
impl PackedHub {
    fn echo(&self, text: String) -> String {
        text
    }

    fn length(&self, text: String) -> usize {
        text.len()
    }
}

const OFFER: (&str, &str) = ("Sec-WebSocket-Extensions", "permessage-deflate");
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

async fn serve(options: HubOptions) -> (Server, HubContext<PackedHub>) {
    Server::of(PackedHub, HubOptions { web_socket_compression: true, ..options }).await
}

async fn connect(server: &Server) -> Client {
    server.connect_with("/hub", &[OFFER]).await
}

/// Sends a message compressed.
async fn send(client: &mut Client, message: &Value) {
    client.socket.deflated(&format!("{message}{RS}")).await;
}

fn call(id: &str, target: &str, text: &str) -> Value {
    json!({"type": 1, "invocationId": id, "target": target, "arguments": [text]})
}

fn completion(id: &str, result: impl Into<Value>) -> Value {
    json!({"type": 3, "invocationId": id, "result": result.into()})
}

fn got(text: &str) -> Value {
    json!({"type": 1, "target": "got", "arguments": [text]})
}

/// The next message, and the length of the compressed frame that brought it, if it was one.
async fn next(client: &mut Client) -> (Value, Option<usize>) {
    let frame = client.socket.next().await;
    assert_eq!(frame.opcode, 1);
    let record = frame.payload.strip_suffix(&[RS as u8]).unwrap();
    (serde_json::from_slice(record).unwrap(), frame.compressed)
}

#[tokio::test]
async fn compression_is_agreed_on_if_it_is_allowed_and_offered() {
    let (server, _) = serve(options()).await;
    let (without, _) = Server::of(PackedHub, options()).await;
    assert_eq!(without.socket("/hub", &[OFFER]).await.extensions, None);
    assert_eq!(server.socket("/hub", &[]).await.extensions, None);
    let offer = |value| ("Sec-WebSocket-Extensions", value);
    for (offers, agreed) in [
        (&[OFFER][..], Some(AGREED.to_owned())),
        // As browsers write it.
        (&[offer("permessage-deflate; client_max_window_bits")], Some(AGREED.to_owned())),
        (&[offer("permessage-deflate; server_max_window_bits=9")], None),
        (&[offer("permessage-deflate; server_max_window_bits=9"), OFFER], Some(AGREED.to_owned())),
        (
            &[offer("x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=15")],
            Some(format!("{AGREED}; server_max_window_bits=15")),
        ),
    ] {
        assert_eq!(server.socket("/hub", offers).await.extensions, agreed, "{offers:?}");
    }
}

#[tokio::test]
async fn compressed_message_breaks_the_rules_unless_that_was_agreed_on() {
    let (server, _) = serve(options()).await;
    let (without, _) = Server::of(PackedHub, options()).await;
    for mut client in [server.connect().await, without.connect_with("/hub", &[OFFER]).await] {
        send(&mut client, &call("a", "Echo", "text")).await;
        assert_eq!(client.end().await.code, Some(1002));
    }
}

#[tokio::test]
async fn large_messages_are_compressed_both_ways() {
    let (server, _) = serve(options()).await;
    let mut client = connect(&server).await;
    let large = "text ".repeat(1000);
    send(&mut client, &call("a", "Echo", &large)).await;
    let (message, compressed) = next(&mut client).await;
    assert_eq!(message, completion("a", large));
    assert!(compressed.is_some_and(|length| length < 100));
    // Small ones may come compressed, and go as they are.
    send(&mut client, &call("b", "Echo", "text")).await;
    assert_eq!(next(&mut client).await, (completion("b", "text"), None));
    client.send(call("c", "Echo", "text")).await;
    assert_eq!(next(&mut client).await, (completion("c", "text"), None));
    assert_eq!(client.close().await, End { last: vec![], code: Some(1000) });
}

#[tokio::test]
async fn handshake_may_be_compressed() {
    let (server, _) = serve(options()).await;
    let mut client = Client::new(server.socket("/hub", &[OFFER]).await);
    send(&mut client, &json!({"protocol": "json", "version": 1})).await;
    client.expect(json!({})).await;
}

#[tokio::test]
async fn compressed_message_may_come_in_fragments_and_pieces() {
    let (server, _) = serve(options()).await;
    let mut client = connect(&server).await;
    let compressed = deflate(format!("{}{RS}", call("a", "Echo", "text ")).as_bytes());
    let (begin, end) = compressed.split_at(compressed.len() / 2);
    let mut opcode = RSV1 | 1;
    for byte in begin {
        client.socket.frame(opcode, false, std::slice::from_ref(byte)).await;
        client.socket.frame(9, true, b"ping").await;
        assert_eq!(client.socket.next().await.told(), (10, &b"ping"[..]));
        opcode = 0;
    }
    client.socket.frame(0, true, end).await;
    client.expect(completion("a", "text ")).await;
}

#[tokio::test]
async fn broadcast_reaches_those_with_compression_and_those_without() {
    let (server, context) = serve(options()).await;
    let mut with = [connect(&server).await, connect(&server).await];
    let mut without = server.connect().await;
    eventually("all", || context.connection_count() == 3).await;
    let large = "text ".repeat(1000);
    context.clients().all().got(&large).await.unwrap();
    for client in &mut with {
        let (message, compressed) = next(client).await;
        assert_eq!(message, got(&large));
        assert!(compressed.is_some());
    }
    assert_eq!(next(&mut without).await, (got(&large), None));
}

#[tokio::test]
async fn message_that_is_too_large_when_decompressed_ends_the_connection() {
    let (server, _) = serve(options()).await;
    let mut client = connect(&server).await;
    let message = |length| call("a", "Length", &"x".repeat(length));
    let rest = message(0).to_string().len() + 1;
    send(&mut client, &message(32 * 1024 - rest)).await;
    client.expect(completion("a", 32 * 1024 - rest)).await;
    send(&mut client, &message(32 * 1024 - rest + 1)).await;
    client.expect_close(too_large(32 * 1024)).await;
}

#[tokio::test]
async fn bomb_ends_the_connection() {
    let (server, _) = serve(options()).await;
    let mut client = connect(&server).await;
    let bomb = deflate("x".repeat(64 * 1024 * 1024).as_bytes());
    assert!(bomb.len() < 70_000);
    client.socket.frame(RSV1 | 1, true, &bomb).await;
    client.expect_close(too_large(32 * 1024)).await;
}

/// Notes how many bytes were there to be read at once, at most, and in all.
#[derive(Clone, Default)]
struct Reader {
    most: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

#[async_trait]
impl ConnectionHandler for Reader {
    async fn connected(&self, mut connection: RawConnection) {
        while let Some(bytes) = connection.read().await {
            self.most.fetch_max(bytes.len(), Relaxed);
            self.all.fetch_add(bytes.len(), Relaxed);
        }
    }
}

#[tokio::test]
async fn bomb_is_decompressed_no_faster_than_it_is_read() {
    const SIZE: usize = 64 * 1024 * 1024;
    let reader = Reader::default();
    let options = HubOptions { web_socket_compression: true, ..HubOptions::default() };
    let endpoint = reader.clone().at("/raw").options(options);
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let mut socket = server.socket("/raw", &[OFFER]).await;
    socket.frame(RSV1 | 2, true, &deflate(&vec![0; SIZE])).await;
    eventually("all of it", || reader.all.load(Relaxed) == SIZE).await;
    assert!(reader.most.load(Relaxed) <= 130 * 1024);
}

#[tokio::test]
async fn many_messages_may_be_compressed_as_one() {
    const COUNT: usize = 10_000;
    let (server, _) = serve(options()).await;
    let mut client = connect(&server).await;
    let message = format!("{}{RS}", call("a", "Length", &"x".repeat(200)));
    client.socket.deflated(&message.repeat(COUNT)).await;
    for _ in 0..COUNT {
        client.expect(completion("a", 200)).await;
    }
}

#[tokio::test]
async fn compressed_message_has_no_limit_if_there_is_none() {
    let (server, _) = serve(HubOptions { maximum_receive_message_size: None, ..options() }).await;
    let mut client = connect(&server).await;
    let message = call("a", "Length", &"x".repeat(10_000_000));
    send(&mut client, &message).await;
    client.expect(completion("a", 10_000_000)).await;
}

#[tokio::test]
async fn broken_compression_ends_the_connection() {
    let (server, _) = serve(options()).await;
    for (opcode, payload, code) in [
        // No DEFLATE, text that is not UTF-8, RSV1 where it has no meaning.
        (RSV1 | 1, vec![0xFF, 0xFF, 0xFF], 1007),
        (RSV1 | 1, deflate(b"\xED\xA0\x80"), 1007),
        (RSV1 | 9, vec![], 1002),
        (0x20 | 1, deflate(b"text"), 1002),
    ] {
        let mut client = connect(&server).await;
        client.socket.frame(opcode, true, &payload).await;
        assert_eq!(client.end().await.code, Some(code), "{opcode:#x}");
    }
}

/// What was remembered fits whatever the next socket agrees on.
#[tokio::test]
async fn client_may_come_back_with_compression_or_without() {
    let (server, context) =
        serve(HubOptions { allow_stateful_reconnects: true, ..options() }).await;
    let large = "text ".repeat(1000);
    let mut client = Stateful::connect_with(&server, &[OFFER]).await;
    eventually("one", || context.connection_count() == 1).await;
    let with = [OFFER];
    for headers in [&[][..], &with, &[], &with] {
        context.clients().all().got(&large).await.unwrap();
        // It is not taken before the socket is lost, and so comes again.
        client.come_back_with(headers).await;
        assert_eq!(client.next().await, Some(got(&large)));
        context.clients().all().got(&large).await.unwrap();
        let (message, compressed) = next(&mut client.client).await;
        assert_eq!(client.take(message), Some(got(&large)));
        assert_eq!(compressed.is_some(), !headers.is_empty());
        client.acknowledge().await;
        client.notify("Length", json!([large])).await;
    }
}
