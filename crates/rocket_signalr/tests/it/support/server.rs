//! A server on a port of its own.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use rocket::{Build, Ignite, Rocket, config::LogLevel, fairing::AdHoc};
use rocket_signalr::{Hub, HubContext, HubOptions};
use tokio::{sync::oneshot, task::JoinHandle};

use super::{Answer, Client, Encoding, EventStream, Poller, Socket, request, within};

/// A server that runs until the test is over, or stops it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    shutdown: rocket::Shutdown,
    task: JoinHandle<Result<Rocket<Ignite>, rocket::Error>>,
}

/// Options whose errors are detailed.
pub(crate) fn options() -> HubOptions {
    HubOptions { enable_detailed_errors: true, ..HubOptions::default() }
}

impl Server {
    /// Serves a hub at `/hub`.
    pub(crate) async fn of<H: Hub>(hub: H, options: HubOptions) -> (Self, HubContext<H>) {
        let endpoint = hub.at("/hub").options(options);
        let context = endpoint.context();
        (Self::launch(|rocket| rocket.attach(endpoint)).await, context)
    }

    /// Serves what `build` makes of a Rocket.
    pub(crate) async fn launch(build: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Self {
        let shutdown = rocket::config::Shutdown {
            ctrlc: false,
            signals: HashSet::new(),
            grace: 2,
            mercy: 1,
            ..Default::default()
        };
        let config = rocket::Config {
            port: 0,
            log_level: LogLevel::Off,
            shutdown,
            ..rocket::Config::debug_default()
        };
        let (tell, told) = oneshot::channel();
        let tell = AdHoc::on_liftoff("tell the port", |rocket| {
            Box::pin(async move {
                let _ = tell.send((rocket.config().port, rocket.shutdown()));
            })
        });
        let rocket = build(rocket::custom(config)).attach(tell);
        let task = tokio::spawn(rocket.launch());
        let (port, shutdown) = within("the launch", told).await.expect("the server starts");
        Self { addr: ([127, 0, 0, 1], port).into(), shutdown, task }
    }

    /// A client on a WebSocket, without negotiation.
    pub(crate) async fn connect(&self) -> Client {
        self.connect_at("/hub").await
    }

    /// A client at this path, which may have a query.
    pub(crate) async fn connect_at(&self, path: &str) -> Client {
        self.connect_with(path, &[]).await
    }

    pub(crate) async fn connect_with(&self, path: &str, headers: &[(&str, &str)]) -> Client {
        self.connect_as(path, headers, Encoding::Json).await
    }

    /// A client that speaks MessagePack.
    pub(crate) async fn connect_packed(&self) -> Client {
        self.connect_as("/hub", &[], Encoding::MessagePack).await
    }

    pub(crate) async fn connect_as(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        encoding: Encoding,
    ) -> Client {
        let mut client = Client::new(self.socket(path, headers).await);
        client.shake_hands(encoding, 1).await;
        client
    }

    /// A client that has negotiated, and so knows its id.
    pub(crate) async fn negotiated(&self) -> (Client, String) {
        let (id, token) = self.negotiate("/hub").await;
        (self.connect_at(&format!("/hub?id={token}")).await, id)
    }

    /// A WebSocket without a handshake.
    pub(crate) async fn socket(&self, path: &str, headers: &[(&str, &str)]) -> Socket {
        Socket::open(self.addr, path, headers).await.expect("the upgrade is accepted")
    }

    /// Negotiates in version 1: the id and the token.
    pub(crate) async fn negotiate(&self, path: &str) -> (String, String) {
        self.negotiate_with(path, "", &[]).await
    }

    /// Negotiates: the path of a connection that has no transport yet.
    pub(crate) async fn negotiated_path(&self) -> String {
        let (_, token) = self.negotiate("/hub").await;
        format!("/hub?id={token}")
    }

    pub(crate) async fn negotiate_with(
        &self,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> (String, String) {
        let path = format!("{path}/negotiate?negotiateVersion=1{query}");
        let answer = request(self.addr, "POST", &path, headers, b"").await.json();
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        text("connectionId").zip(text("connectionToken")).expect("a negotiation")
    }

    /// A client of an event stream whose handshake is done.
    pub(crate) async fn event_stream(&self) -> EventStream {
        let (_, token) = self.negotiate("/hub").await;
        let mut stream = EventStream::open(self.addr, "/hub", &token).await;
        stream.shake_hands().await;
        stream
    }

    /// A client that polls, whose handshake is done.
    pub(crate) async fn poller(&self) -> Poller {
        self.poller_at("/hub", Encoding::Json).await
    }

    pub(crate) async fn poller_at(&self, path: &str, encoding: Encoding) -> Poller {
        let (_, token) = self.negotiate(path).await;
        let mut poller = Poller::open(self.addr, path, &token).await;
        poller.shake_hands(encoding).await;
        poller
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        request(self.addr, "GET", path, &[], b"").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        request(self.addr, "POST", path, &[], body.as_bytes()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        request(self.addr, "DELETE", path, &[], b"").await
    }

    /// Waits until no connection is found by the id in this path. Asks with a POST, which neither opens
    /// a connection nor ends one.
    pub(crate) async fn forgets(&self, path: &str) {
        let told = async {
            while self.post(path, "").await.told() != (404, "No Connection with that ID") {}
        };
        within("a connection to be forgotten", told).await;
    }

    /// Tells the server to stop. It goes on until its clients have been told.
    pub(crate) fn stop(&self) {
        self.shutdown.clone().notify();
    }

    /// Waits until it has stopped, and returns how long it took.
    pub(crate) async fn stopped(self) -> Duration {
        let begin = std::time::Instant::now();
        let _ = within("the end of the server", self.task).await.expect("the server stands");
        begin.elapsed()
    }
}
