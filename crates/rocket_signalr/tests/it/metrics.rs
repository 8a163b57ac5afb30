//! What is counted.

mod calls;
mod connections;
mod messages;
mod text;

use std::sync::Arc;

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{Caller, HubContext, HubError, HubOptions, UploadStream, hub, hub_client};
use tokio::sync::Notify;

use crate::support::{Samples, Server, eventually};

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
