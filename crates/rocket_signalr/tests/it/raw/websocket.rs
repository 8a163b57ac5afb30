//! Raw endpoints over WebSockets, and what is so over every transport.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use rocket_signalr::{
    Authorize, ConnectionHandler, Hub, HubOptions, RawConnection, Transports, hub,
};
use serde_json::json;

use super::{Raw, Tokens, expect_close, read_bytes, serve};
use crate::support::{Server, Socket, masked, request, within};

const EVENTS: [(&str, &str); 1] = [("Accept", "text/event-stream")];

#[tokio::test]
async fn bytes_go_both_ways_without_negotiation_and_with_it() {
    let (server, raw) = serve(HubOptions::default()).await;
    let (_, token) = server.negotiate("/raw").await;
    for path in ["/raw", &format!("/raw?id={token}")] {
        let mut socket = server.socket(path, &[]).await;
        let all: Vec<u8> = (0..=255).collect();
        socket.frame(2, true, &all).await;
        assert_eq!(socket.next().await.told(), (2, &all[..]));
        socket.text("é😀").await;
        assert_eq!(read_bytes(&mut socket, 6).await, "é😀".as_bytes());
        socket.frame(8, true, &1001_u16.to_be_bytes()).await;
        assert_eq!(socket.next().await.close_code(), Some(1000));
        socket.expect_end().await;
    }
    raw.log.wait_times("left", 2).await;
    raw.log.wait_times("ended", 2).await;
}

#[tokio::test]
async fn text_goes_out_as_text() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw?do=text", &[]).await;
    socket.frame(2, true, "é😀".as_bytes()).await;
    assert_eq!(socket.next().await.told(), (1, "é😀".as_bytes()));
}

#[tokio::test]
async fn bounds_of_frames_mean_nothing() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw", &[]).await;
    socket.frame(2, true, b"").await;
    socket.frame(2, false, b"ab").await;
    // A ping may come in between, and is answered.
    socket.frame(9, true, b"ping").await;
    socket.frame(0, false, b"").await;
    socket.frame(0, true, b"c").await;
    socket.text("d").await;
    socket.frame(2, true, b"e").await;
    let mut bytes = Vec::new();
    let mut pongs = 0;
    while bytes.len() < 5 {
        match socket.next().await.told() {
            (2, payload) => bytes.extend_from_slice(payload),
            other => {
                assert_eq!(other, (10, &b"ping"[..]));
                pongs += 1;
            }
        }
    }
    assert_eq!((&bytes[..], pongs), (&b"abcde"[..], 1));
}

#[tokio::test]
async fn sizes_have_no_limit() {
    let options = HubOptions { maximum_receive_message_size: Some(10), ..HubOptions::default() };
    let (server, _) = serve(options).await;
    let mut socket = server.socket("/raw", &[]).await;
    let mut writer = socket.take_writer();
    let large: String = (0..3_000_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    let sent = large.clone();
    // Its side of the socket stands until all has come back: without it, the client would be gone.
    let sender = tokio::spawn(async move { (writer.text(&sent).await, writer) });
    assert_eq!(read_bytes(&mut socket, large.len()).await, large.as_bytes());
    assert!(within("the sender", sender).await.unwrap().0);
}

#[tokio::test]
async fn end_of_the_handler_closes_behind_what_it_sent() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw?do=bye", &[]).await;
    for text in ["one", "two"] {
        assert_eq!(socket.next().await.told(), (2, text.as_bytes()));
    }
    expect_close(&mut socket).await;
    raw.log.wait("ended").await;
}

#[tokio::test]
async fn panic_of_the_handler_ends_its_connection_alone_with_the_code_of_an_error() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut other = server.socket("/raw", &[]).await;
    let (_, token) = server.negotiate("/raw").await;
    let path = format!("/raw?id={token}&do=panic");
    let mut socket = server.socket(&path, &[]).await;
    assert_eq!(&socket.next().await.payload[..], b"before");
    let close = socket.next().await;
    assert_eq!(close.close_code(), Some(1011), "as for an error");
    socket.frame(8, true, &close.payload).await;
    socket.expect_end().await;
    raw.log.wait("ended").await;
    server.forgets(&path).await;
    other.text("still").await;
    assert_eq!(read_bytes(&mut other, 5).await, b"still");
}

#[tokio::test]
async fn handler_is_told_when_its_client_leaves() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut polite = server.socket("/raw?do=aborted", &[]).await;
    polite.frame(8, true, &[]).await;
    raw.log.wait_times("aborted", 1).await;
    raw.log.wait_times("ended", 1).await;
    drop(server.socket("/raw?do=aborted", &[]).await);
    raw.log.wait_times("aborted", 2).await;
    raw.log.wait_times("ended", 2).await;
    // And who reads gets what came before.
    let mut hasty = server.socket("/raw?do=gated", &[]).await;
    let words_and_close = [masked(1, true, b"last words"), masked(8, true, &[])].concat();
    hasty.write(&words_and_close).await;
    raw.gate.add_permits(100);
    raw.log.wait_times("ended", 3).await;
    assert_eq!(raw.read.load(Relaxed), "last words".len());
}

#[tokio::test]
async fn read_that_is_given_up_loses_nothing() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw?do=impatient", &[]).await;
    for number in 0..200 {
        let text = format!("{number} and more");
        socket.text(&text).await;
        assert_eq!(read_bytes(&mut socket, text.len()).await, text.as_bytes());
    }
    drop(socket);
    raw.log.wait("ended").await;
}

#[tokio::test]
async fn handler_knows_its_connection_and_its_user() {
    let (server, _) = serve(HubOptions::default()).await;
    let bearer = [("Authorization", "Bearer ann"), ("x-colour", "red")];
    let (id, token) = server.negotiate_with("/raw", "", &bearer).await;
    let mut socket = server.socket(&format!("/raw?id={token}&do=who"), &bearer).await;
    assert_eq!(socket.next().await.payload, format!("{id} ann red"));
    let mut socket = server.socket("/raw?do=who", &[]).await;
    let told = socket.next().await.payload;
    assert!(told.ends_with(b" nobody colourless"), "{told:?}");
}

#[tokio::test]
async fn who_may_not_enter_is_refused_everywhere() {
    let options = HubOptions { authorize: Some(Authorize::USER), ..HubOptions::default() };
    let (server, raw) = serve(options).await;
    assert_eq!(server.post("/raw/negotiate", "").await.told(), (401, ""));
    assert_eq!(Socket::open(server.addr, "/raw", &[]).await.unwrap_err().status, 401);
    let bearer = [("Authorization", "Bearer ann")];
    let (_, token) = server.negotiate_with("/raw", "", &bearer).await;
    let path = format!("/raw?id={token}");
    assert_eq!(server.get(&path).await.status, 401);
    assert_eq!(server.post(&path, "x").await.status, 401);
    assert_eq!(request(server.addr, "GET", &path, &EVENTS, b"").await.status, 401);
    let mut socket = server.socket(&path, &bearer).await;
    socket.text("in").await;
    assert_eq!(read_bytes(&mut socket, 2).await, b"in");
    assert_eq!(raw.log.count("connected"), 1);
}

#[tokio::test]
async fn transports_can_be_left_out() {
    let transports = Transports { long_polling: true, ..Transports::NONE };
    let (server, _) = serve(HubOptions { transports, ..HubOptions::default() }).await;
    let negotiated = server.post("/raw/negotiate?negotiateVersion=1", "").await.json();
    assert_eq!(
        negotiated["availableTransports"],
        json!([{"transport": "LongPolling", "transferFormats": ["Text", "Binary"]}])
    );
    let path = format!("/raw?id={}", negotiated["connectionToken"].as_str().unwrap());
    let refused = Socket::open(server.addr, &path, &[]).await.unwrap_err();
    let text = "WebSockets transport not supported by this end point type";
    assert_eq!(refused.told(), (404, text));
    let refused = request(server.addr, "GET", &path, &EVENTS, b"").await;
    let text = "ServerSentEvents transport not supported by this end point type";
    assert_eq!(refused.told(), (404, text));
    assert_eq!(server.get(&path).await.told(), (200, ""));
}

struct PingHub;

#[hub]
impl PingHub {}

#[tokio::test]
async fn raw_connections_need_no_handshake_and_are_not_pinged() {
    let soon = Duration::from_millis(50);
    let options = HubOptions {
        handshake_timeout: soon,
        keep_alive_interval: soon,
        client_timeout_interval: soon,
        ..HubOptions::default()
    };
    let raw = Raw::default();
    let server = Server::launch(|rocket| {
        rocket
            .attach(raw.clone().at("/raw").options(options.clone()).authenticate(Tokens))
            .attach(PingHub.at("/hub").options(options))
    })
    .await;
    let mut socket = server.socket("/raw", &[]).await;
    // The hub's pings tell when all have been looked at.
    let mut clock = server.connect().await;
    for _ in 0..3 {
        assert_eq!(clock.next_or_ping().await, json!({"type": 6}));
    }
    socket.text("first").await;
    assert_eq!(read_bytes(&mut socket, 5).await, b"first");
    assert_eq!(raw.log.count("ended"), 0);
}

#[tokio::test]
async fn stop_of_the_server_ends_raw_connections() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw", &[]).await;
    let mut waits = server.socket("/raw?do=aborted", &[]).await;
    // A handler that does not look is not waited for, for long.
    let _hangs = server.socket("/raw?do=hang", &[]).await;
    raw.log.wait_times("connected", 3).await;
    server.stop();
    expect_close(&mut socket).await;
    expect_close(&mut waits).await;
    raw.log.wait("left").await;
    raw.log.wait("aborted").await;
    let took = server.stopped().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A second raw endpoint beside the first.
struct Shout;

#[rocket::async_trait]
impl ConnectionHandler for Shout {
    async fn connected(&self, mut connection: RawConnection) {
        while let Some(bytes) = connection.read().await {
            connection.send(&bytes.to_ascii_uppercase()).await;
        }
    }
}

#[tokio::test]
async fn several_endpoints_are_told_apart_and_so_are_their_ids() {
    let server = Server::launch(|rocket| {
        rocket.attach(Raw::default().at("/raw")).attach(Shout.at("/raw/shout/"))
    })
    .await;
    let (_, token) = server.negotiate("/RAW/Shout").await;
    let refused = Socket::open(server.addr, &format!("/raw?id={token}"), &[]).await.unwrap_err();
    assert_eq!(refused.status, 404);
    let mut shout = server.socket(&format!("/raw/shout?id={token}"), &[]).await;
    shout.text("a").await;
    assert_eq!(read_bytes(&mut shout, 1).await, b"A");
    let mut raw = server.socket("/raw", &[]).await;
    raw.text("a").await;
    assert_eq!(read_bytes(&mut raw, 1).await, b"a");
}

#[tokio::test]
async fn websocket_that_breaks_the_rules_is_closed_with_their_code() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut rude = server.socket("/raw", &[]).await;
    rude.write(&[0xff; 3]).await;
    assert_eq!(rude.next().await.close_code(), Some(1002));
    raw.log.wait("left").await;
}

#[tokio::test]
async fn stateful_reconnect_is_not_promised() {
    let options = HubOptions { allow_stateful_reconnects: true, ..HubOptions::default() };
    let (server, _) = serve(options).await;
    let path = "/raw/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let negotiated = server.post(path, "").await.json();
    assert_eq!(negotiated["useStatefulReconnect"], json!(null), "{negotiated}");
}
