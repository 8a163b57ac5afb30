//! The end of the server.

use std::time::Duration;

use futures::{Stream, stream};
use rocket_signalr::{DisconnectReason, HubContext, HubOptions, hub};
use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{End, Log, OnDrop, Server, ending, eventually, messages, options, within};

#[derive(Clone, Default)]
struct LastHub {
    log: Log,
}

#[hub]
impl LastHub {
    async fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(ending(reason));
    }

    fn ok(&self) -> bool {
        true
    }

    async fn hang(&self) {
        self.log.add("hangs");
        std::future::pending::<()>().await;
    }

    fn pending(&self) -> impl Stream<Item = i32> + Send {
        let ended = OnDrop(self.log.clone(), "stream ended");
        self.log.add("streams");
        stream::once(async move {
            let _ended = ended;
            std::future::pending().await
        })
    }
}

async fn serve(options: HubOptions) -> (Server, HubContext<LastHub>, Log) {
    let hub = LastHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

#[tokio::test]
async fn clients_of_all_transports_are_told_to_come_back() {
    let (server, context, log) = serve(options()).await;
    let mut socket = server.connect().await;
    let mut stream = server.event_stream().await;
    let poller = server.poller().await;
    eventually("three", || context.connection_count() == 3).await;
    let (_, polling) = poller.replaced_poll().await;
    server.stop();
    let close = json!({"type": 7, "allowReconnect": true});
    socket.expect_close(close.clone()).await;
    assert_eq!(stream.next().await, Some(close.clone()));
    assert_eq!(stream.next().await, None);
    let last = within("the poll", polling).await.unwrap();
    assert_eq!((last.status, messages(&last.body)), (200, vec![close]));
    log.wait_times("no error", 3).await;
    eventually("nobody", || context.connection_count() == 0).await;
    let addr = server.addr;
    server.stopped().await;
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn running_streams_and_methods_hold_nothing_up() {
    let (server, _, log) = serve(options()).await;
    let mut client = server.connect().await;
    client.stream("Pending", json!([])).await;
    client.call("Hang", json!([])).await;
    log.wait("hangs").await;
    log.wait("streams").await;
    server.stop();
    client.expect_close(json!({"type": 7, "allowReconnect": true})).await;
    log.wait("stream ended").await;
    log.wait("no error").await;
    let took = server.stopped().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn clients_that_do_not_answer_are_not_waited_for_long() {
    let (server, context, log) =
        serve(HubOptions { close_timeout: Duration::from_secs(60), ..options() }).await;
    // None of them reads or polls any more.
    let mut silent = server.connect().await;
    let _stream = server.event_stream().await;
    let _poller = server.poller().await;
    let _early = server.socket("/hub", &[]).await;
    server.negotiate("/hub").await;
    eventually("three", || context.connection_count() == 3).await;
    server.stop();
    log.wait_times("no error", 3).await;
    let took = server.stopped().await;
    assert!(took < Duration::from_secs(6), "{took:?}");
    // Nor are they kept, though the process goes on.
    let told = End { last: vec![json!({"type": 7, "allowReconnect": true})], code: Some(1000) };
    assert_eq!(silent.end().await, told);
}

#[tokio::test]
async fn server_without_clients_stops_at_once() {
    let (server, _, _) = serve(options()).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    client.close().await;
    server.stop();
    let took = server.stopped().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}
