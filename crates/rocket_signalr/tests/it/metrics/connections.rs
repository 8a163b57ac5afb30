//! Connections while they stand, and how they ended.

use std::time::Duration;

use rocket_signalr::{HubContext, HubOptions};
use serde_json::json;

use super::{Counted, CountedHub, EVENTS, POLLING, WEB_SOCKETS, counted, serve};
use crate::support::{Client, EventStream, Poller, Server, eventually, options, within};

/// One client of each transport, of which the hub knows.
async fn one_of_each(
    server: &Server,
    context: &HubContext<CountedHub>,
) -> (Client, EventStream, Poller) {
    let clients = (server.connect().await, server.event_stream().await, server.poller().await);
    eventually("three", || context.connection_count() == 3).await;
    clients
}

#[tokio::test]
async fn connections_are_counted_by_transport_while_they_stand() {
    let (server, context, _) = serve(options()).await;
    // Neither a negotiation nor a handshake to come makes a difference.
    server.negotiate("/hub").await;
    let samples = Counted::of(&context);
    for transport in [WEB_SOCKETS, EVENTS, POLLING] {
        assert_eq!(samples.active(transport), 0.0);
    }
    let (mut socket, stream, poller) = one_of_each(&server, &context).await;
    let early = server.socket("/hub", &[]).await;
    counted(&context, "four", |samples| {
        [WEB_SOCKETS, EVENTS, POLLING].map(|transport| samples.active(transport)) == [2., 1., 1.]
    })
    .await;
    drop((early, stream));
    socket.close().await;
    poller.delete().await;
    // Whether an event stream is read by anybody shows when something is sent.
    within("nobody", async {
        while Counted::of(&context).active(EVENTS) > 0. {
            context.clients().all().got("still there?").await.unwrap();
            tokio::task::yield_now().await;
        }
    })
    .await;
    counted(&context, "nobody", |samples| {
        [WEB_SOCKETS, EVENTS, POLLING].iter().all(|transport| samples.active(transport) == 0.)
    })
    .await;
    let samples = Counted::of(&context);
    for (transport, count) in [(WEB_SOCKETS, 2.), (EVENTS, 1.), (POLLING, 1.)] {
        assert_eq!(samples.ended("normal_closure", transport), count, "{transport}");
        assert_eq!(samples.ended("timeout", transport), 0., "{transport}");
        assert_eq!(samples.ended("app_shutdown", transport), 0., "{transport}");
    }
}

#[tokio::test]
async fn durations_are_a_histogram_with_the_buckets_of_the_reference() {
    let (server, context, _) = serve(options()).await;
    let begin = std::time::Instant::now();
    for _ in 0..3 {
        server.connect().await.close().await;
    }
    counted(&context, "three", |samples| samples.ended("normal_closure", WEB_SOCKETS) == 3.).await;
    let most = 3. * begin.elapsed().as_secs_f64();
    let samples = Counted::of(&context);
    let name = "signalr_server_connection_duration_seconds";
    let labels = [
        ("signalr_hub", "CountedHub"),
        ("signalr_connection_status", "normal_closure"),
        ("signalr_transport", WEB_SOCKETS),
    ];
    let bounds = [
        "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "30", "60", "120", "300",
        "+Inf",
    ];
    let buckets = bounds.map(|bound| {
        let labels = [&labels[..], &[("le", bound)]].concat();
        samples.0.get(&format!("{name}_bucket"), &labels)
    });
    assert!(buckets.is_sorted(), "each bucket holds those before: {buckets:?}");
    assert_eq!((buckets[10], buckets[14]), (3., 3.));
    let sum = samples.0.get(&format!("{name}_sum"), &labels);
    assert!((0. ..=most).contains(&sum), "{sum}");
    let all = samples.0.names().filter(|name| name.contains("_bucket{")).count();
    assert_eq!(all, 3 * 3 * bounds.len(), "for each transport and status");
}

#[tokio::test]
async fn refused_and_aborted_connections_end_as_others_do() {
    let (server, context, _) = serve(options()).await;
    server.connect_at("/hub?refuse").await.end().await;
    let mut aborted = server.connect().await;
    aborted.invoke("Echo", json!(["x"])).await.unwrap();
    context.disconnect(&context.connections()[0]);
    aborted.end().await;
    let mut broken = server.connect().await;
    broken.text("nonsense\u{1e}").await;
    broken.end().await;
    counted(&context, "three", |samples| samples.ended("normal_closure", WEB_SOCKETS) == 3.).await;
    assert_eq!(Counted::of(&context).active(WEB_SOCKETS), 0.);
}

#[tokio::test]
async fn clients_that_fall_silent_are_counted_as_timeouts() {
    let (server, context, _) = serve(HubOptions {
        client_timeout_interval: Duration::from_millis(50),
        disconnect_timeout: Duration::from_millis(50),
        ..options()
    })
    .await;
    let mut socket = server.connect().await;
    socket.send(json!({"type": 6})).await;
    socket.end().await;
    let poller = server.poller().await;
    counted(&context, "both", |samples| {
        samples.ended("timeout", WEB_SOCKETS) == 1. && samples.ended("timeout", POLLING) == 1.
    })
    .await;
    drop(poller);
    let samples = Counted::of(&context);
    assert_eq!((samples.active(WEB_SOCKETS), samples.active(POLLING)), (0., 0.));
    assert_eq!(samples.ended("normal_closure", WEB_SOCKETS), 0.);
}

#[tokio::test]
async fn clients_that_a_stop_sends_away_are_counted_so() {
    let (server, context, _) = serve(options()).await;
    let (mut socket, mut stream, poller) = one_of_each(&server, &context).await;
    let (_, polling) = poller.replaced_poll().await;
    server.stop();
    socket.end().await;
    while stream.next().await.is_some() {}
    within("the poll", polling).await.unwrap();
    server.stopped().await;
    counted(&context, "all", |samples| {
        let all = [WEB_SOCKETS, EVENTS, POLLING];
        all.iter().all(|transport| {
            samples.ended("app_shutdown", transport) == 1. && samples.active(transport) == 0.
        })
    })
    .await;
}

#[tokio::test]
async fn slow_clients_are_counted_by_themselves() {
    let (server, context, _) = serve(HubOptions {
        slow_client_limit: 300_000,
        close_timeout: Duration::from_millis(50),
        ..options()
    })
    .await;
    let _slow = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    let large = "x".repeat(200_000);
    for _ in 0..3 {
        context.clients().all().got(&large).await.unwrap();
    }
    counted(&context, "it", |samples| samples.total("slow_clients") == 1.).await;
    let samples = Counted::of(&context);
    assert_eq!(samples.ended("normal_closure", POLLING), 1.);
    assert_eq!(samples.active(POLLING), 0.);
}
