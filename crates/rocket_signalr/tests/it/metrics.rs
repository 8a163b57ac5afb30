//! What is counted.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use rocket::{State, get, routes};
use rocket_signalr::{
    Caller, ConnectionHandler, Hub, HubContext, HubError, HubMetrics, HubOptions, RawConnection,
    UploadStream, hub, hub_client,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{
    Client, EventStream, Poller, Samples, Server, Unwritable, eventually, options, within,
};

#[hub_client]
trait CountedClient {
    async fn got(&self, text: &str);
    async fn ask(&self) -> i32;
}

#[derive(Clone, Default)]
struct CountedHub {
    gate: Arc<Notify>,
}

#[hub(client = CountedClient)]
impl CountedHub {
    fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        match caller.query("refuse") {
            Some(_) => Err(HubError::new("no")),
            None => Ok(()),
        }
    }

    fn echo(&self, text: String) -> String {
        text
    }

    fn fail(&self) -> Result<(), HubError> {
        Err(HubError::new("no"))
    }

    fn panics(&self) {
        panic!("it panics")
    }

    #[name = "renamed"]
    async fn wait(&self) {
        self.gate.notified().await;
    }

    fn count(&self, to: i32) -> impl Stream<Item = i32> + Send {
        stream::iter(0..to)
    }

    fn count_and_fail(&self) -> impl Stream<Item = Result<i32, HubError>> + Send {
        stream::iter([Ok(0), Err(HubError::new("no"))])
    }

    async fn sum(&self, numbers: UploadStream<i32>) -> usize {
        numbers.count().await
    }

    async fn tell_all(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        Ok(caller.clients().all().got("all").await?)
    }

    async fn ask_back(&self, caller: &Caller<Self>) -> Result<i32, HubError> {
        caller.clients().caller().ask().await
    }
}

/// What is told of `CountedHub`.
struct Counted(Samples);

impl Counted {
    fn of(context: &HubContext<CountedHub>) -> Self {
        Self(Samples::of(&context.metrics()))
    }

    fn active(&self, transport: &str) -> f64 {
        let labels = [("signalr_hub", "CountedHub"), ("signalr_transport", transport)];
        self.0.get("signalr_server_active_connections", &labels)
    }

    /// How many connections ended so.
    fn ended(&self, status: &str, transport: &str) -> f64 {
        let labels = [
            ("signalr_hub", "CountedHub"),
            ("signalr_connection_status", status),
            ("signalr_transport", transport),
        ];
        self.0.get("signalr_server_connection_duration_seconds_count", &labels)
    }

    /// A counter of the whole hub.
    fn total(&self, name: &str) -> f64 {
        self.0.get(&format!("signalr_server_{name}_total"), &[("signalr_hub", "CountedHub")])
    }

    /// A counter of one method.
    fn of_method(&self, name: &str, method: &str) -> f64 {
        let labels = [("signalr_hub", "CountedHub"), ("signalr_method", method)];
        self.0.get(&format!("signalr_server_{name}_total"), &labels)
    }

    /// How often a method was called, and how often it failed.
    fn calls(&self, method: &str) -> (f64, f64) {
        (self.of_method("invocations", method), self.of_method("invocation_errors", method))
    }

    /// How long the calls of a method took.
    fn seconds(&self, method: &str) -> f64 {
        self.of_method("invocation_seconds", method)
    }
}

const WEB_SOCKETS: &str = "web_sockets";
const EVENTS: &str = "server_sent_events";
const POLLING: &str = "long_polling";

async fn serve(options: HubOptions) -> (Server, HubContext<CountedHub>, CountedHub) {
    let hub = CountedHub::default();
    let (server, context) = Server::of(hub.clone(), options).await;
    (server, context, hub)
}

/// Waits until the samples are so.
async fn counted(context: &HubContext<CountedHub>, what: &str, so: impl Fn(&Counted) -> bool) {
    eventually(what, || so(&Counted::of(context))).await;
}

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

#[tokio::test]
async fn calls_and_errors_are_counted_by_method() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.invoke("eCHO", json!(["x"])).await.unwrap();
    }
    client.invoke("Fail", json!([])).await.unwrap_err();
    client.notify("Fail", json!([])).await;
    client.invoke("Panics", json!([])).await.unwrap_err();
    // None of these reaches a method.
    client.invoke("Unknown", json!([])).await.unwrap_err();
    client.invoke("Echo", json!([1])).await.unwrap_err();
    client.invoke("Count", json!([1])).await.unwrap_err();
    let waiting = client.call("renamed", json!([])).await;
    let stream = client.stream("Count", json!([2])).await;
    client.completion(&stream).await.unwrap();
    let stream = client.stream("CountAndFail", json!([])).await;
    client.completion(&stream).await.unwrap_err();
    let upload = client.upload("Sum", json!([]), &["s"]).await;
    client.complete("s").await;
    client.completion(&upload).await.unwrap();
    let samples = Counted::of(&context);
    for (method, counts) in [
        ("Echo", (3., 0.)),
        ("Fail", (2., 2.)),
        ("Panics", (1., 1.)),
        ("renamed", (0., 0.)),
        ("Count", (1., 0.)),
        ("CountAndFail", (1., 1.)),
        ("Sum", (1., 0.)),
        ("TellAll", (0., 0.)),
    ] {
        assert_eq!(samples.calls(method), counts, "{method}");
    }
    hub.gate.notify_one();
    client.completion(&waiting).await.unwrap();
    assert_eq!(Counted::of(&context).calls("renamed"), (1., 0.));
}

#[tokio::test]
async fn time_that_calls_took_is_counted() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect().await;
    let begin = std::time::Instant::now();
    let call = client.call("renamed", json!([])).await;
    client.invoke("Unknown", json!([])).await.unwrap_err();
    let waiting = std::time::Instant::now();
    for _ in 0..20 {
        client.invoke("Unknown", json!([])).await.unwrap_err();
    }
    let least = waiting.elapsed().as_secs_f64();
    hub.gate.notify_one();
    client.completion(&call).await.unwrap();
    let most = begin.elapsed().as_secs_f64();
    let samples = Counted::of(&context);
    let took = samples.seconds("renamed");
    assert!((least - 1e-6..=most).contains(&took), "{took} of {least} to {most}");
    assert_eq!(samples.seconds("Echo"), 0., "it was not called");
}

#[tokio::test]
async fn messages_are_counted_both_ways() {
    let (server, context, _) = serve(options()).await;
    let totals = || {
        let samples = Counted::of(&context);
        (samples.total("messages_received"), samples.total("messages_sent"))
    };
    assert_eq!(totals(), (0., 0.));
    let mut client = server.connect().await;
    let mut other = server.connect().await;
    assert_eq!(totals(), (0., 0.), "handshakes are none");
    other.invoke("Echo", json!(["x"])).await.unwrap();
    assert_eq!(totals(), (1., 1.));
    client.send(json!({"type": 6})).await;
    client.notify("Echo", json!(["x"])).await;
    client.invoke("TellAll", json!([])).await.unwrap();
    assert_eq!(totals(), (4., 4.), "to two, and the answer");
    let call = client.call("AskBack", json!([])).await;
    let question = loop {
        let message = client.next().await;
        if message["target"] == "ask" {
            break message;
        }
    };
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 5})).await;
    client.completion(&call).await.unwrap();
    assert_eq!(totals(), (6., 6.));
    context.clients().client("nobody").got("x").await.unwrap();
    assert_eq!(totals(), (6., 6.));
    let id = context.connections().remove(0);
    context.clients().client(&id).got("x").await.unwrap();
    context.clients().all_except(&[id]).got("x").await.unwrap();
    assert_eq!(totals(), (6., 8.));
}

struct Idle;

#[hub]
impl Idle {}

struct Echo;

#[rocket::async_trait]
impl ConnectionHandler for Echo {
    async fn connected(&self, mut connection: RawConnection) {
        while let Some(bytes) = connection.read().await {
            connection.send(&bytes).await;
        }
    }
}

#[get("/metrics")]
fn text(metrics: &State<HubMetrics>) -> String {
    metrics.to_string()
}

#[tokio::test]
async fn several_hubs_and_raw_endpoints_are_told_in_one_text() {
    let (counted_hub, idle, echo) =
        (CountedHub::default().at("/hub"), Idle.at("/idle"), Echo.at("/echo"));
    let metrics = HubMetrics::from_iter([
        counted_hub.context().metrics(),
        idle.context().metrics(),
        echo.metrics(),
    ]);
    // Before they are attached, too.
    Samples::of(&metrics);
    let server = Server::launch(|rocket| {
        rocket
            .attach(counted_hub)
            .attach(idle)
            .attach(echo)
            .manage(metrics)
            .mount("/", routes![text])
    })
    .await;
    let mut client = server.connect().await;
    client.invoke("Echo", json!(["x"])).await.unwrap();
    let _raw = server.socket("/echo", &[]).await;
    within("the raw one", async {
        loop {
            let samples = Samples::parse(&server.get("/metrics").await.body);
            let active = |hub| {
                let labels = [("signalr_hub", hub), ("signalr_transport", WEB_SOCKETS)];
                samples.get("signalr_server_active_connections", &labels)
            };
            assert_eq!((active("CountedHub"), active("Idle")), (1., 0.));
            if active("Echo") == 1. {
                break;
            }
        }
    })
    .await;
    assert_eq!(Samples::of(&HubMetrics::default()).names().count(), 0);
}

#[tokio::test]
async fn items_of_streams_and_refusals_are_messages_too() {
    let (server, context, _) = serve(options()).await;
    let mut client = server.connect().await;
    let stream = client.stream("Count", json!([3])).await;
    client.completion(&stream).await.unwrap();
    let sent = || Counted::of(&context).total("messages_sent");
    assert_eq!(sent(), 4., "three items and the end");
    client.invoke("Unknown", json!([])).await.unwrap_err();
    assert_eq!(sent(), 5.);
}

#[hub_client]
trait RefusingClient {
    async fn got(&self, what: &Unwritable);
}

struct RefusingHub;

#[hub(client = RefusingClient)]
impl RefusingHub {}

#[tokio::test]
async fn message_that_cannot_be_written_was_not_sent() {
    let (server, context) = Server::of(RefusingHub, options()).await;
    let _client = server.connect().await;
    eventually("one", || context.connection_count() == 1).await;
    let id = context.connections().remove(0);
    context.clients().all().got(&Unwritable).await.unwrap_err();
    context.clients().client(&id).got(&Unwritable).await.unwrap_err();
    let samples = Samples::of(&context.metrics());
    let labels = [("signalr_hub", "RefusingHub")];
    assert_eq!(samples.get("signalr_server_messages_sent_total", &labels), 0.);
}

/// Its methods have names that the format must escape.
struct OddHub;

#[hub]
impl OddHub {
    #[name = "say \"hi\""]
    fn quoted(&self) {}

    #[name = "back\\slash\nand line"]
    fn odd(&self) {}
}

#[tokio::test]
async fn names_of_methods_are_escaped() {
    let (_server, context) = Server::of(OddHub, options()).await;
    let samples = Samples::of(&context.metrics());
    for name in [r#"say \"hi\""#, r"back\\slash\nand line"] {
        let labels = [("signalr_hub", "OddHub"), ("signalr_method", name)];
        assert_eq!(samples.get("signalr_server_invocations_total", &labels), 0.);
    }
}

/// A handler with a parameter.
struct Wrapped<T>(std::marker::PhantomData<T>);

#[rocket::async_trait]
impl<T: Send + Sync + 'static> ConnectionHandler for Wrapped<T> {
    async fn connected(&self, _: RawConnection) {}
}

#[tokio::test]
async fn raw_endpoint_has_the_name_of_its_handler() {
    let metrics = Wrapped::<Echo>(std::marker::PhantomData).at("/raw").metrics();
    let labels = [("signalr_hub", "Wrapped"), ("signalr_transport", WEB_SOCKETS)];
    let samples = Samples::of(&metrics);
    assert_eq!(samples.get("signalr_server_active_connections", &labels), 0.);
}
