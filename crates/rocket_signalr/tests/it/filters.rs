//! What goes around methods, connects and disconnects.

mod connects;
mod methods;
mod streams;

use std::sync::Arc;

use async_stream::stream;
use futures::{Stream, StreamExt};
use rocket_signalr::{
    Caller, DisconnectReason, FilterContext, Hub, HubError, HubFilter, HubFilters, HubOptions,
    NextConnected, NextDisconnected, NextMethod, Reply, UploadStream, User, hub,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Client, Log, Names, Server, ending, options};

#[derive(Clone, Default)]
struct FilteredHub {
    log: Log,
    gate: Arc<Notify>,
}

#[hub]
impl FilteredHub {
    fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        self.log.add("connected");
        match caller.query("refuse") {
            Some(_) => Err(HubError::new("No more room.")),
            None => Ok(()),
        }
    }

    fn on_disconnected(&self) {
        self.log.add("disconnected");
    }

    fn echo(&self, text: String) -> String {
        self.log.add("echo");
        text
    }

    fn fail(&self) -> Result<(), HubError> {
        Err(HubError::new("It failed."))
    }

    #[authorize]
    fn for_users(&self) {}

    fn count(&self, to: i32) -> impl Stream<Item = i32> + Send {
        self.log.add("count");
        futures::stream::iter(0..to)
    }

    fn count_and_fail(&self, to: i32) -> impl Stream<Item = Result<i32, HubError>> + Send {
        futures::stream::iter(0..to)
            .map(Ok)
            .chain(futures::stream::once(async { Err(HubError::new("Too far.")) }))
    }

    fn refused_stream(&self) -> Result<impl Stream<Item = i32> + Send + use<>, HubError> {
        Err::<futures::stream::Empty<i32>, _>(HubError::new("No stream."))
    }

    fn pending(&self) -> impl Stream<Item = i32> + Send {
        let log = self.log.clone();
        stream! {
            yield 0;
            log.add("pending");
            std::future::pending::<()>().await;
        }
    }

    async fn sum(&self, mut numbers: UploadStream<i32>) -> Result<i32, HubError> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await {
            sum += number?;
        }
        Ok(sum)
    }
}

/// Notes what it goes around, and how that ended.
struct Trace(Log, &'static str);

#[rocket::async_trait]
impl HubFilter for Trace {
    async fn method(
        &self,
        context: &FilterContext,
        next: NextMethod<'_>,
    ) -> Result<Reply, HubError> {
        let Self(log, name) = self;
        let method = context.method().unwrap_or("no method");
        log.add(format!("{name} > {method}"));
        let result = next.run().await;
        let told = result.as_ref().map_or_else(ToString::to_string, |_| "fine".to_owned());
        log.add(format!("{name} < {method}: {told}"));
        result
    }

    async fn connected(
        &self,
        context: &FilterContext,
        next: NextConnected<'_>,
    ) -> Result<(), HubError> {
        let Self(log, name) = self;
        assert_eq!(context.method(), None);
        log.add(format!("{name} > connect"));
        let result = next.run().await;
        log.add(format!("{name} < connect"));
        result
    }

    async fn disconnected(
        &self,
        context: &FilterContext,
        reason: &DisconnectReason,
        next: NextDisconnected<'_>,
    ) {
        let Self(log, name) = self;
        assert_eq!(context.method(), None);
        log.add(format!("{name} > disconnect: {}", ending(reason)));
        next.run().await;
        log.add(format!("{name} < disconnect"));
    }
}

/// Implements nothing.
struct Idle;

impl HubFilter for Idle {}

/// Answers in the place of each method.
struct Instead(fn(&FilterContext) -> Result<Reply, HubError>);

#[rocket::async_trait]
impl HubFilter for Instead {
    async fn method(&self, context: &FilterContext, _: NextMethod<'_>) -> Result<Reply, HubError> {
        (self.0)(context)
    }
}

/// Changes what comes of each method.
struct After(fn(&FilterContext, Result<Reply, HubError>) -> Result<Reply, HubError>);

#[rocket::async_trait]
impl HubFilter for After {
    async fn method(
        &self,
        context: &FilterContext,
        next: NextMethod<'_>,
    ) -> Result<Reply, HubError> {
        (self.0)(context, next.run().await)
    }
}

/// A hub with one filter.
async fn serve(filter: impl HubFilter) -> (Server, FilteredHub) {
    serve_with(options(), |_| filter).await
}

async fn serve_with<F: HubFilter>(
    options: HubOptions,
    filter: impl FnOnce(&FilteredHub) -> F,
) -> (Server, FilteredHub) {
    let hub = FilteredHub::default();
    let endpoint = hub.clone().at("/hub").options(options).authenticate(Names).filter(filter(&hub));
    (Server::launch(|rocket| rocket.attach(endpoint)).await, hub)
}

async fn serve_traced() -> (Server, Log) {
    let (server, hub) = serve_with(options(), |hub| Trace(hub.log.clone(), "filter")).await;
    (server, hub.log)
}

/// The error of a call, with the general text that stands before it.
fn failed(method: &str, error: &str) -> Result<serde_json::Value, String> {
    Err(format!("An unexpected error occurred invoking '{method}' on the server. {error}"))
}

/// Calls are answered still. This is one that filters do not see.
async fn expect_alive(client: &mut Client) {
    client.invoke("Unknown", json!([])).await.unwrap_err();
}

#[tokio::test]
async fn filters_are_nested_those_for_all_hubs_outside_in_the_order_they_were_added() {
    let hub = FilteredHub::default();
    let log = hub.log.clone();
    let trace = |name| Trace(log.clone(), name);
    let filters = HubFilters::new().with(trace("a")).with(trace("b"));
    let endpoint = hub.at("/hub").filter(trace("c")).filter(Idle).filter(trace("d"));
    let server = Server::launch(|rocket| rocket.manage(filters).attach(endpoint)).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!("x")));
    client.close().await;
    log.wait("a < disconnect").await;
    let around = |before: &str, inside: &str, after: &str| {
        let mut events: Vec<_> = ["a", "b", "c", "d"].map(|f| format!("{f} > {before}")).into();
        events.push(inside.to_owned());
        events.extend(["d", "c", "b", "a"].map(|f| format!("{f} < {after}")));
        events
    };
    let expected = [
        around("connect", "connected", "connect"),
        around("Echo", "echo", "Echo: fine"),
        around("disconnect: no error", "disconnected", "disconnect"),
    ];
    assert_eq!(log.events(), expected.concat());
}

struct OtherHub;

#[hub]
impl OtherHub {
    fn ping(&self) {}
}

#[tokio::test]
async fn filter_of_a_hub_is_its_own_and_one_for_all_is_shared() {
    let hub = FilteredHub::default();
    let log = hub.log.clone();
    // One instance: a filter may be shared as an `Arc`.
    let shared: Arc<dyn HubFilter> = Arc::new(Trace(log.clone(), "all"));
    let server = Server::launch(|rocket| {
        rocket
            .manage(HubFilters::new().with(shared))
            .attach(hub.at("/hub").also_at("/too").filter(Trace(log.clone(), "own")))
            .attach(OtherHub.at("/other"))
    })
    .await;
    for (path, method, own) in
        [("/hub", "Count", true), ("/too", "Count", true), ("/other", "Ping", false)]
    {
        let before = log.events().len();
        let mut client = server.connect_at(path).await;
        let id = match method {
            "Count" => client.stream("Count", json!([0])).await,
            _ => client.call(method, json!([])).await,
        };
        client.completion(&id).await.unwrap();
        let came = &log.events()[before..];
        assert!(came.contains(&format!("all > {method}")), "{path}");
        assert_eq!(came.contains(&format!("own > {method}")), own, "{path}");
        assert_eq!(came.contains(&"own > connect".to_owned()), own, "{path}");
    }
}

/// Notes all that a context tells.
struct Curious(Log);

impl Curious {
    fn note(&self, context: &FilterContext) {
        self.0.add(format!(
            "{} {:?} {} {:?} {:?}",
            context.hub(),
            context.method(),
            context.connection_id(),
            context.user().map(User::id),
            context.request().header("x-colour"),
        ));
    }
}

#[rocket::async_trait]
impl HubFilter for Curious {
    async fn method(
        &self,
        context: &FilterContext,
        next: NextMethod<'_>,
    ) -> Result<Reply, HubError> {
        self.note(context);
        next.run().await
    }

    async fn connected(
        &self,
        context: &FilterContext,
        next: NextConnected<'_>,
    ) -> Result<(), HubError> {
        self.note(context);
        next.run().await
    }
}

#[tokio::test]
async fn filters_know_whom_and_what_they_go_around() {
    let (server, hub) = serve_with(options(), |hub| Curious(hub.log.clone())).await;
    let (id, token) = server.negotiate("/hub").await;
    let headers = [("x-user", "ann"), ("x-colour", "red")];
    let mut client = server.connect_with(&format!("/hub?id={token}"), &headers).await;
    client.invoke("eCHO", json!(["x"])).await.unwrap();
    let stream = client.stream("count", json!([0])).await;
    client.completion(&stream).await.unwrap();
    let known = |method| format!(r#"FilteredHub {method} {id} Some("ann") Some("red")"#);
    assert_eq!(
        hub.log.events(),
        [
            &known("None"),
            "connected",
            &known(r#"Some("Echo")"#),
            "echo",
            &known(r#"Some("Count")"#),
            "count"
        ]
    );
}

#[tokio::test]
async fn filter_that_implements_nothing_changes_nothing() {
    let (server, _) = serve(Idle).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!("x")));
    let stream = client.stream("Count", json!([1])).await;
    client.expect_item(&stream, json!(0)).await;
    client.expect(json!({"type": 3, "invocationId": stream})).await;
    client.close().await;
}
