//! Neither side of a raw connection can flood the other.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use rocket_signalr::HubOptions;

use super::{CHUNK, expect_close, read_bytes, serve};
use crate::support::{Poller, eventually, request, settled, stays_pending, within};

/// More than the kernel takes for a socket that is not read.
const MANY: usize = 200;

#[tokio::test]
async fn what_the_handler_does_not_read_waits_with_the_client() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut socket = server.socket("/raw?do=gated", &[]).await;
    let mut writer = socket.take_writer();
    let sent = std::sync::Arc::new(AtomicUsize::new(0));
    let sender = {
        let (sent, text) = (sent.clone(), "x".repeat(CHUNK));
        tokio::spawn(async move {
            for _ in 0..MANY {
                assert!(writer.text(&text).await);
                sent.fetch_add(CHUNK, Relaxed);
            }
            writer
        })
    };
    let all = MANY * CHUNK;
    assert!(settled(&sent).await < all);
    raw.gate.add_permits(1_000_000);
    let _writer = within("the sender", sender).await.unwrap();
    eventually("all", || raw.read.load(Relaxed) == all).await;
}

#[tokio::test]
async fn what_the_client_does_not_read_waits_with_the_handler() {
    let (server, raw) = serve(HubOptions::default()).await;
    let mut socket = server.socket(&format!("/raw?do=flood&count={MANY}"), &[]).await;
    let all = MANY * CHUNK;
    assert!(settled(&raw.sent).await < all);
    assert_eq!(read_bytes(&mut socket, all).await.len(), all);
    raw.log.wait("all is sent").await;
    expect_close(&mut socket).await;
}

#[tokio::test]
async fn what_is_not_polled_waits_with_the_handler() {
    let (server, raw) = serve(HubOptions::default()).await;
    let (_, token) = server.negotiate("/raw").await;
    let poller = Poller::open(server.addr, "/raw", &format!("{token}&do=flood&count=20")).await;
    raw.log.wait("connected").await;
    let mut polled = 0;
    while polled < 20 * CHUNK {
        let length = poller.poll().await.body.len();
        assert!(length <= 2 * CHUNK, "{length} bytes waited");
        polled += length;
    }
    raw.log.wait("all is sent").await;
    assert_eq!(poller.poll().await.told(), (204, ""));
}

#[tokio::test]
async fn posts_wait_while_the_handler_reads_nothing() {
    let options = HubOptions { application_max_buffer_size: 1000, ..HubOptions::default() };
    let (server, raw) = serve(options).await;
    let (_, token) = server.negotiate("/raw").await;
    let poller = Poller::open(server.addr, "/raw", &format!("{token}&do=gated")).await;
    raw.log.wait("connected").await;
    let body = "x".repeat(50_000);
    let path = poller.path.clone();
    let addr = poller.addr;
    let mut posts = tokio::spawn(async move {
        for _ in 0..4 {
            let answer = request(addr, "POST", &path, &[], body.as_bytes()).await;
            assert_eq!(answer.told(), (200, ""));
        }
    });
    stays_pending("the posts", &mut posts).await;
    raw.gate.add_permits(1_000_000);
    within("the posts", posts).await.unwrap();
    eventually("all", || raw.read.load(Relaxed) == 200_000).await;
}

#[tokio::test]
async fn client_that_takes_nothing_is_dropped_and_its_handler_let_go() {
    let options =
        HubOptions { transport_send_timeout: Duration::from_millis(300), ..HubOptions::default() };
    let (server, raw) = serve(options).await;
    let _stuck = server.socket(&format!("/raw?do=flood&count={MANY}"), &[]).await;
    // What it goes on to send is dropped.
    raw.log.wait("all is sent").await;
    raw.log.wait("ended").await;
}

#[tokio::test]
async fn handler_that_waits_to_send_is_let_go_when_its_client_leaves() {
    let (server, raw) = serve(HubOptions::default()).await;
    let socket = server.socket(&format!("/raw?do=flood&count={MANY}"), &[]).await;
    settled(&raw.sent).await;
    drop(socket);
    raw.log.wait("ended").await;
}
