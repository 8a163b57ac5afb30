//! The HTTP face of a hub: which request is answered how.

use std::time::Duration;

use rocket_signalr::{Caller, DisconnectReason, HubOptions, Transports, hub};
use serde_json::json;

use crate::support::{Log, Poller, Server, Socket, eventually, request};

#[derive(Clone, Default)]
struct FaceHub {
    log: Log,
}

#[hub]
impl FaceHub {
    async fn on_disconnected(&self, _: &Caller<Self>, _: &DisconnectReason) {
        self.log.add("disconnected");
    }

    fn echo(&self, text: String) -> String {
        text
    }
}

async fn serve(options: HubOptions) -> (Server, FaceHub) {
    let hub = FaceHub::default();
    (Server::of(hub.clone(), options).await.0, hub)
}

const EVENTS: [(&str, &str); 1] = [("Accept", "text/event-stream")];

#[tokio::test]
async fn id_is_required_but_for_a_websocket() {
    let (server, _) = serve(HubOptions::default()).await;
    for (method, headers) in [("GET", &[][..]), ("GET", &EVENTS), ("POST", &[]), ("DELETE", &[])] {
        for path in ["/hub", "/hub?id=", "/hub?x=1"] {
            let answer = request(server.addr, method, path, headers, b"").await;
            assert_eq!(answer.told(), (400, "Connection ID required"), "{method} {path}");
            assert_eq!(answer.header("content-type"), Some("text/plain"));
        }
    }
    Socket::open(server.addr, "/hub", &[]).await.unwrap();
}

#[tokio::test]
async fn head_that_would_be_too_much_to_remember_is_refused() {
    let (server, _) = serve(HubOptions::default()).await;
    let long = "x".repeat(33 * 1024);
    for method in ["GET", "POST"] {
        let answer = request(server.addr, method, "/hub", &[("X-Long", &long)], b"").await;
        assert_eq!(answer.told(), (431, ""), "{method}");
        let answer = request(server.addr, method, &format!("/hub?x={long}"), &[], b"").await;
        assert_eq!(answer.told(), (431, ""), "{method}");
    }
    let refused = Socket::open(server.addr, "/hub", &[("X-Long", &long)]).await.unwrap_err();
    assert_eq!(refused.told(), (431, ""));
    Socket::open(server.addr, "/hub", &[("X-Long", &long[..31 * 1024])]).await.unwrap();
}

#[tokio::test]
async fn unknown_id_is_not_found() {
    let (server, _) = serve(HubOptions::default()).await;
    for id in ["unknown", "0123456789012345678901", "%00"] {
        let path = format!("/hub?id={id}");
        for (method, headers) in
            [("GET", &[][..]), ("GET", &EVENTS), ("POST", &[]), ("DELETE", &[])]
        {
            let answer = request(server.addr, method, &path, headers, b"").await;
            assert_eq!(answer.told(), (404, "No Connection with that ID"), "{method} {path}");
        }
        let refused = Socket::open(server.addr, &path, &[]).await.unwrap_err();
        assert_eq!(refused.told(), (404, "No Connection with that ID"));
        assert_eq!(refused.header("content-type"), None);
    }
}

#[tokio::test]
async fn id_of_a_connection_that_has_ended_is_not_found() {
    let (server, hub) = serve(HubOptions::default()).await;
    let path = server.negotiated_path().await;
    server.connect_at(&path).await.close().await;
    hub.log.wait("disconnected").await;
    server.forgets(&path).await;
    let refused = Socket::open(server.addr, &path, &[]).await.unwrap_err();
    assert_eq!(refused.status, 404);
    assert_eq!(server.delete(&path).await.status, 404);
}

#[tokio::test]
async fn transport_that_is_not_allowed_is_not_found() {
    let none = HubOptions { transports: Transports::NONE, ..HubOptions::default() };
    let (server, _) = serve(none).await;
    let path = server.negotiated_path().await;
    let text = |name| format!("{name} transport not supported by this end point type");
    let events = request(server.addr, "GET", &path, &EVENTS, b"").await;
    assert_eq!(events.told(), (404, &*text("ServerSentEvents")));
    assert_eq!(server.get(&path).await.told(), (404, &*text("LongPolling")));
    for path in ["/hub", &path] {
        let refused = Socket::open(server.addr, path, &[]).await.unwrap_err();
        assert_eq!(refused.told(), (404, &*text("WebSockets")));
    }
    let unknown = server.get("/hub?id=unknown").await;
    assert_eq!(unknown.told(), (404, "No Connection with that ID"), "the id is looked at first");
}

#[tokio::test]
async fn transport_cannot_be_changed() {
    let (server, _) = serve(HubOptions::default()).await;
    let refusal = (400, "Cannot change transports mid-connection");
    let path = server.negotiated_path().await;
    let _socket = server.connect_at(&path).await;
    assert_eq!(server.get(&path).await.told(), refusal);
    assert_eq!(request(server.addr, "GET", &path, &EVENTS, b"").await.told(), refusal);

    let stream = server.event_stream().await;
    assert_eq!(server.get(&stream.path).await.told(), refusal);
    let refused = Socket::open(server.addr, &stream.path, &[]).await.unwrap_err();
    assert_eq!(refused.told(), refusal);

    let poller = server.poller().await;
    assert_eq!(request(server.addr, "GET", &poller.path, &EVENTS, b"").await.told(), refusal);
    let refused = Socket::open(server.addr, &poller.path, &[]).await.unwrap_err();
    assert_eq!(refused.told(), refusal);
}

#[tokio::test]
async fn second_socket_or_event_stream_is_a_conflict() {
    let (server, _) = serve(HubOptions::default()).await;
    let path = server.negotiated_path().await;
    let mut socket = server.connect_at(&path).await;
    assert_eq!(Socket::open(server.addr, &path, &[]).await.unwrap_err().told(), (409, ""));
    assert_eq!(socket.invoke("Echo", json!(["a"])).await, Ok(json!("a")));

    let mut stream = server.event_stream().await;
    let second = request(server.addr, "GET", &stream.path, &EVENTS, b"").await;
    assert_eq!(second.told(), (409, ""));
    stream
        .send(json!({"type": 1, "invocationId": "a", "target": "Echo", "arguments": ["b"]}))
        .await;
    assert_eq!(stream.next().await.unwrap()["result"], "b");
}

#[tokio::test]
async fn nothing_is_posted_to_a_websocket() {
    let (server, _) = serve(HubOptions::default()).await;
    let path = server.negotiated_path().await;
    let _socket = server.connect_at(&path).await;
    let text = "POST requests are not allowed for WebSocket connections.";
    assert_eq!(server.post(&path, "{}").await.told(), (405, text));
}

#[tokio::test]
async fn only_polls_are_ended_by_a_delete() {
    let (server, _) = serve(HubOptions::default()).await;
    let refusal = (400, "Cannot terminate this connection using the DELETE endpoint.");
    let path = server.negotiated_path().await;
    assert_eq!(server.delete(&path).await.told(), refusal, "before there is a transport");
    let mut socket = server.connect_at(&path).await;
    assert_eq!(server.delete(&path).await.told(), refusal);
    assert_eq!(socket.invoke("Echo", json!(["a"])).await, Ok(json!("a")));
    let stream = server.event_stream().await;
    assert_eq!(server.delete(&stream.path).await.told(), refusal);
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let (server, _) = serve(HubOptions::default()).await;
    for method in ["PUT", "PATCH", "OPTIONS"] {
        let answer = request(server.addr, method, "/hub", &[], b"").await;
        assert_eq!(answer.told(), (405, ""), "{method}");
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
}

#[tokio::test]
async fn transport_may_come_after_what_was_posted() {
    let (server, _) = serve(HubOptions::default()).await;
    let (_, token) = server.negotiate("/hub").await;
    let path = format!("/hub?id={token}");
    let handshake = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
    assert_eq!(server.post(&path, handshake).await.told(), (200, ""));
    let mut poller = Poller::open(server.addr, "/hub", &token).await;
    assert_eq!(poller.next().await, Some(json!({})));
}

#[tokio::test]
async fn websocket_is_read_though_something_was_posted_before_it() {
    let (server, _) = serve(HubOptions::default()).await;
    let path = server.negotiated_path().await;
    server.post(&path, "").await;
    let mut client = server.connect_at(&path).await;
    assert_eq!(client.invoke("Echo", json!(["a"])).await, Ok(json!("a")));
}

#[tokio::test]
async fn upgrade_without_a_good_key_counts_as_a_poll() {
    let (server, _) = serve(HubOptions::default()).await;
    for key in ["short", "", "dGhlIHNhbXBsZSBub25jZQ"] {
        let headers =
            [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)];
        let answer = request(server.addr, "GET", "/hub", &headers, b"").await;
        assert_eq!(answer.told(), (400, "Connection ID required"), "{key}");
    }
}

#[tokio::test]
async fn websocket_that_breaks_the_rules_is_closed_with_their_code() {
    let (server, hub) = serve(HubOptions::default()).await;
    for (bytes, code) in [
        // Not masked, an unknown opcode, a reserved bit, text that is not UTF-8.
        (&[0x81, 0x01, b'x'][..], 1002),
        (&[0x83, 0x80, 0, 0, 0, 0], 1002),
        (&[0xC1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xFF], 1007),
    ] {
        let mut client = server.connect().await;
        client.socket.write(bytes).await;
        assert_eq!(client.end().await.code, Some(code));
    }
    hub.log.wait_times("disconnected", 4).await;
}

#[tokio::test]
async fn every_close_code_of_a_client_is_answered_with_1000() {
    let (server, _) = serve(HubOptions::default()).await;
    for code in [1000_u16, 1001, 1009, 1011, 4000] {
        let mut client = server.connect().await;
        client.socket.frame(8, true, &code.to_be_bytes()).await;
        assert_eq!(client.end().await.code, Some(1000));
    }
    let mut client = server.connect().await;
    client.socket.frame(8, true, &[]).await;
    assert_eq!(client.end().await.code, Some(1000));
}

#[tokio::test]
async fn server_does_not_wait_for_ever_for_a_close_frame() {
    let hub = FaceHub::default();
    let options = HubOptions { close_timeout: Duration::from_millis(50), ..HubOptions::default() };
    let (server, context) = Server::of(hub, options).await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Echo", json!(["a"])).await.unwrap();
    context.disconnect(&id);
    eventually("nobody", || context.connection_count() == 0).await;
    // Neither the Close nor the close frame is answered.
    assert_eq!(client.socket.next().await.opcode, 1);
    assert_eq!(client.socket.next().await.close_code(), Some(1000));
    client.socket.expect_end().await;
}

#[tokio::test]
async fn subprotocol_is_chosen_by_the_application_alone() {
    let options = HubOptions {
        sub_protocol_selector: Some(|offered| {
            offered.iter().copied().find(|name| name.starts_with("v2."))
        }),
        ..HubOptions::default()
    };
    let (choosing, _) = serve(options).await;
    let offers: [&[(&str, &str)]; 2] = [
        &[("Sec-WebSocket-Protocol", "v1.chat, v2.chat,v2.other")],
        &[("Sec-WebSocket-Protocol", "v1.chat"), ("Sec-WebSocket-Protocol", "v2.chat")],
    ];
    for offer in offers {
        let socket = choosing.socket("/hub", offer).await;
        assert_eq!(socket.sub_protocol.as_deref(), Some("v2.chat"), "{offer:?}");
    }
    let none = [("Sec-WebSocket-Protocol", "v1.chat")];
    assert_eq!(choosing.socket("/hub", &none).await.sub_protocol, None);
    assert_eq!(choosing.socket("/hub", &[]).await.sub_protocol, None);
    let (server, _) = serve(HubOptions::default()).await;
    assert_eq!(server.socket("/hub", offers[0]).await.sub_protocol, None);
}
