//! Neither side of a raw connection can flood the other.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use rocket_signalr::{ConnectionHandler, HubOptions, RawConnection};

use super::{CHUNK, expect_close, read_bytes, serve};
use crate::support::{
    Log, OnDrop, Poller, Server, eventually, request, settled, stays_pending, within,
};

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

/// Reads by way of futures that are looked at only when they are woken.
struct Unordered;

#[rocket::async_trait]
impl ConnectionHandler for Unordered {
    async fn connected(&self, mut connection: RawConnection) {
        loop {
            let mut reads = FuturesUnordered::from_iter([connection.read()]);
            let Some(Some(bytes)) = reads.next().await else { return };
            drop(reads);
            connection.send(&bytes).await;
        }
    }
}

#[tokio::test]
async fn read_wakes_who_waits_for_it() {
    let server = Server::launch(|rocket| rocket.attach(Unordered.at("/raw"))).await;
    let mut socket = server.socket("/raw", &[]).await;
    for text in ["a", "b", "c"] {
        socket.text(text).await;
        assert_eq!(socket.next().await.payload, text.as_bytes());
    }
    socket.frame(8, true, &1000_u16.to_be_bytes()).await;
    expect_close(&mut socket).await;
}

/// Sends without a pause, until its connection has ended. Should it not notice, the test still ends.
struct Flood(Log);

#[rocket::async_trait]
impl ConnectionHandler for Flood {
    async fn connected(&self, connection: RawConnection) {
        let _over = OnDrop(self.0.clone(), "over");
        let begin = std::time::Instant::now();
        let flooding = async {
            while begin.elapsed() < Duration::from_secs(20) {
                connection.send(b"x").await;
            }
        };
        tokio::select! {
            () = flooding => {}
            () = connection.aborted() => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handler_that_sends_without_a_pause_notices_its_end() {
    let log = Log::default();
    let flood = Flood(log.clone()).at("/raw");
    let server = Server::launch(|rocket| rocket.attach(flood)).await;
    for round in 1..=8 {
        let mut socket = server.socket("/raw", &[]).await;
        socket.next().await;
        drop(socket);
        log.wait_times("over", round).await;
    }
}
