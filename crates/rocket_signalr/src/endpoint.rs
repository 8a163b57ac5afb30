//! A hub at a path of a Rocket application: its connections, and the fairing that attaches it.

use std::{sync::Arc, time::Duration};

use dashmap::DashMap;
use rocket::{
    Build, Data, Orbit, Request, Rocket, async_trait,
    data::IoStream,
    fairing::{self, Fairing, Info, Kind},
    http::{Status, uri::Origin},
};
use tokio_util::task::TaskTracker;

use crate::{
    clock,
    connection::{Connection, Ending, run},
    context::HubContext,
    dispatch::HubDispatcher,
    hub::Hub,
    id::ConnectionId,
    lifetime::Lifetime,
    options::HubOptions,
    request::ConnectRequest,
    transport::http,
};

/// How often overdue connections are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// How long a shutdown waits for clients that are told of it.
const DRAIN: Duration = Duration::from_secs(1);

/// A hub, ready to be attached to Rocket: `rocket.attach(hub.at("/hubs/chat"))`.
///
/// Attaching mounts its routes, manages its [`HubContext`], starts the sweep that pings clients and
/// finds those that are gone, and at shutdown tells every client to come back later.
#[must_use = "a hub serves nothing until it is attached to Rocket"]
#[derive(Debug)]
pub struct HubEndpoint<H: Hub> {
    path: String,
    hub: Arc<H>,
    context: HubContext<H>,
    options: HubOptions,
    endpoint: std::sync::OnceLock<Endpoint<H>>,
}

impl<H: Hub> HubEndpoint<H> {
    pub(crate) fn new(hub: H, path: String) -> Self {
        Self {
            path: format!("/{}", path.trim_matches('/')),
            hub: Arc::new(hub),
            context: HubContext::new(Arc::new(Lifetime::default())),
            options: HubOptions::default(),
            endpoint: std::sync::OnceLock::new(),
        }
    }

    /// Sets the options of this hub.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.options = options;
        self
    }

    /// The hub as seen from outside: for services that call its clients.
    pub fn context(&self) -> HubContext<H> {
        self.context.clone()
    }

    fn endpoint(&self) -> &Endpoint<H> {
        self.endpoint.get_or_init(|| {
            Endpoint(Arc::new(Shared {
                dispatcher: Arc::new(HubDispatcher::new(self.hub.clone(), self.context.clone())),
                options: Arc::new(self.options.clone()),
                connections: DashMap::new(),
                tasks: TaskTracker::new(),
            }))
        })
    }

    /// The path as it is mounted, if this request is for the hub but spells it in another way.
    fn respelled(&self, path: &str) -> Option<String> {
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        let (head, rest) = trimmed.split_at_checked(self.path.len())?;
        let rest = match rest {
            "" => "",
            rest if rest.eq_ignore_ascii_case("/negotiate") => "/negotiate",
            _ => return None,
        };
        let canonical = format!("{}{rest}", self.path);
        (head.eq_ignore_ascii_case(&self.path) && path != canonical).then_some(canonical)
    }
}

#[async_trait]
impl<H: Hub> Fairing for HubEndpoint<H> {
    fn info(&self) -> Info {
        Info { name: H::NAME, kind: Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Shutdown }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        if Origin::parse(&self.path).is_err() {
            rocket::error!("hub {}: '{}' is no path", H::NAME, self.path);
            return Err(rocket);
        }
        let routes = http::routes(self.endpoint());
        Ok(rocket.mount(self.path.clone(), routes).manage(self.context.clone()))
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let endpoint = self.endpoint().clone();
        let stopped = rocket.shutdown();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(SWEEP);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    () = &mut stopped => return,
                    _ = tick.tick() => endpoint.sweep(),
                }
            }
        });
    }

    /// ASP.NET matches paths without case and with a slash at their end; clients rely on it.
    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        if let Some(mut uri) = self.respelled(request.uri().path().as_str()) {
            if let Some(query) = request.uri().query() {
                uri = format!("{uri}?{query}");
            }
            if let Ok(uri) = Origin::parse_owned(uri) {
                request.set_uri(uri);
            }
        }
    }

    async fn on_shutdown(&self, _: &Rocket<Orbit>) {
        self.endpoint().drain().await;
    }
}

/// What the requests of a hub share.
pub(crate) struct Endpoint<H: Hub>(Arc<Shared<H>>);

struct Shared<H: Hub> {
    dispatcher: Arc<HubDispatcher<H>>,
    options: Arc<HubOptions>,
    /// By their tokens, from negotiation to end.
    connections: DashMap<ConnectionId, Arc<Connection>>,
    tasks: TaskTracker,
}

impl<H: Hub> Clone for Endpoint<H> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<H: Hub> std::fmt::Debug for Endpoint<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("connections", &self.0.connections.len())
            .finish_non_exhaustive()
    }
}

impl<H: Hub> Endpoint<H> {
    pub(crate) fn options(&self) -> &HubOptions {
        &self.0.options
    }

    /// Makes a connection that waits for its transport, with a token of its own or not.
    pub(crate) fn create(
        &self,
        request: &Request<'_>,
        own_token: bool,
    ) -> Result<Arc<Connection>, Status> {
        if self.0.tasks.is_closed() {
            return Err(Status::ServiceUnavailable);
        }
        let random = || {
            ConnectionId::random().map_err(|error| {
                tracing::error!(%error, "no random numbers");
                Status::InternalServerError
            })
        };
        let id = random()?;
        let token = if own_token { random()? } else { id };
        let connection =
            Connection::new(id, token, ConnectRequest::new(request), self.0.options.clone());
        let connection = Arc::new(connection);
        self.0.connections.insert(token, connection.clone());
        Ok(connection)
    }

    /// The connection with this token.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<Connection>> {
        Some(self.0.connections.get(&ConnectionId::parse(token)?)?.value().clone())
    }

    /// Serves a connection over a socket, in a task of its own.
    pub(crate) fn serve(&self, connection: Arc<Connection>, socket: IoStream) {
        connection.attach(socket);
        let endpoint = self.clone();
        self.0.tasks.spawn(async move {
            let token = connection.token;
            run(connection, endpoint.0.dispatcher.clone()).await;
            endpoint.0.connections.remove(&token);
        });
    }

    fn sweep(&self) {
        let now = clock::now();
        // Copied, so that no shard is locked while pings are written.
        let all: Vec<_> = self.0.connections.iter().map(|entry| entry.value().clone()).collect();
        for connection in all {
            if !connection.sweep(now) {
                self.0.connections.remove(&connection.token);
            }
        }
    }

    /// Tells every client that the server stops, and waits for their tasks, but not for long.
    async fn drain(&self) {
        self.0.tasks.close();
        for entry in &self.0.connections {
            entry.value().end(Ending::server_stops());
        }
        if tokio::time::timeout(DRAIN, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(
                hub = H::NAME,
                open = self.0.tasks.len(),
                "some clients did not close in time"
            );
        }
    }
}
