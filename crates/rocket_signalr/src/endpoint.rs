//! A hub at a path of a Rocket application: its connections, and the fairing that attaches it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use dashmap::DashMap;
use futures::future::join_all;
use rocket::{
    Build, Data, Orbit, Request, Rocket, async_trait,
    fairing::{self, Fairing, Info, Kind},
    http::{Status, uri::Origin},
};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use crate::{
    auth::{Authenticate, Nobody},
    clock,
    connection::{Connection, Ending, run},
    context::HubContext,
    dispatch::{HubDispatcher, HubFilter, HubFilters},
    hub::Hub,
    id::ConnectionId,
    lifetime::Lifetime,
    options::HubOptions,
    transport::http::{self, Missing},
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
pub struct HubEndpoint<H: Hub> {
    hub: Arc<H>,
    context: HubContext<H>,
    authenticate: Arc<dyn Authenticate>,
    filters: HubFilters,
    /// At least one; its options are set by [`HubEndpoint::options`].
    places: Vec<(String, HubOptions)>,
    mounted: OnceLock<Vec<(String, Endpoint<H>)>>,
}

impl<H: Hub> HubEndpoint<H> {
    pub(crate) fn new(hub: H, path: &str) -> Self {
        Self {
            hub: Arc::new(hub),
            context: HubContext::new(Arc::new(Lifetime::default())),
            authenticate: Arc::new(Nobody),
            filters: HubFilters::new(),
            places: vec![(normalized(path), HubOptions::default())],
            mounted: OnceLock::new(),
        }
    }

    /// Sets the options of the place that was named last.
    pub fn options(mut self, options: HubOptions) -> Self {
        if let Some((_, last)) = self.places.last_mut() {
            *last = options;
        }
        self
    }

    /// Serves the same hub, with the same clients, at another path too. Its options begin as a copy
    /// of those of the place before.
    pub fn also_at(mut self, path: &str) -> Self {
        let options = self.places.last().map(|(_, options)| options.clone()).unwrap_or_default();
        self.places.push((normalized(path), options));
        self
    }

    /// Says how users are known. Without it, nobody is signed in.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Arc::new(authenticate);
        self
    }

    /// Puts a filter around the hub's methods, inside of those before.
    pub fn filter(mut self, filter: impl HubFilter) -> Self {
        self.filters = self.filters.with(filter);
        self
    }

    /// The hub as seen from outside: for services that call its clients.
    pub fn context(&self) -> HubContext<H> {
        self.context.clone()
    }

    /// The places as they were mounted; none before.
    fn mounted(&self) -> &[(String, Endpoint<H>)] {
        self.mounted.get().map_or(&[], Vec::as_slice)
    }

    fn mount(&self, global: Option<&HubFilters>) -> &[(String, Endpoint<H>)] {
        self.mounted.get_or_init(|| {
            let filters = global.into_iter().chain([&self.filters]);
            let filters = filters.flat_map(|filters| filters.0.iter().cloned()).collect();
            let dispatcher = HubDispatcher::new(
                self.hub.clone(),
                self.context.clone(),
                self.authenticate.clone(),
                filters,
            );
            let dispatcher = Arc::new(dispatcher);
            let endpoint = |(path, options): &(String, HubOptions)| {
                let shared = Shared {
                    dispatcher: dispatcher.clone(),
                    authenticate: self.authenticate.clone(),
                    options: Arc::new(options.clone()),
                    connections: DashMap::new(),
                    tasks: TaskTracker::new(),
                };
                (path.clone(), Endpoint(Arc::new(shared)))
            };
            self.places.iter().map(endpoint).collect()
        })
    }
}

impl<H: Hub> fmt::Debug for HubEndpoint<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubEndpoint")
            .field("hub", &H::NAME)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

fn normalized(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The path as it is mounted at `base`, if a request is for the hub there but spells it in another
/// way.
fn respelled(base: &str, path: &str) -> Option<String> {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let (head, rest) = trimmed.split_at_checked(base.len())?;
    let rest = match rest {
        "" => "",
        rest if rest.eq_ignore_ascii_case("/negotiate") => "/negotiate",
        _ => return None,
    };
    let canonical = format!("{base}{rest}");
    (head.eq_ignore_ascii_case(base) && path != canonical).then_some(canonical)
}

#[async_trait]
impl<H: Hub> Fairing for HubEndpoint<H> {
    fn info(&self) -> Info {
        Info { name: H::NAME, kind: Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Shutdown }
    }

    async fn on_ignite(&self, mut rocket: Rocket<Build>) -> fairing::Result {
        let endpoints = self.mount(rocket.state());
        for (path, endpoint) in endpoints {
            if Origin::parse(path).is_err() {
                rocket::error!("hub {}: '{path}' is no path", H::NAME);
                return Err(rocket);
            }
            rocket = rocket.mount(path.clone(), http::routes(endpoint));
        }
        Ok(rocket.manage(self.context.clone()))
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let endpoints: Vec<_> = self.mounted().iter().map(|(_, e)| e.clone()).collect();
        let stopped = rocket.shutdown();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(SWEEP);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    () = &mut stopped => return,
                    _ = tick.tick() => endpoints.iter().for_each(Endpoint::sweep),
                }
            }
        });
    }

    /// ASP.NET matches paths without case and with a slash at their end; clients rely on it.
    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let path = request.uri().path().as_str();
        let respelled = self.places.iter().find_map(|(base, _)| respelled(base, path));
        if let Some(mut uri) = respelled {
            if let Some(query) = request.uri().query() {
                uri = format!("{uri}?{query}");
            }
            if let Ok(uri) = Origin::parse_owned(uri) {
                request.set_uri(uri);
            }
        }
    }

    async fn on_shutdown(&self, _: &Rocket<Orbit>) {
        join_all(self.mounted().iter().map(|(_, endpoint)| endpoint.drain())).await;
    }
}

/// What the requests of a hub share.
pub(crate) struct Endpoint<H: Hub>(Arc<Shared<H>>);

struct Shared<H: Hub> {
    dispatcher: Arc<HubDispatcher<H>>,
    authenticate: Arc<dyn Authenticate>,
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

    pub(crate) fn authenticate(&self) -> &dyn Authenticate {
        &*self.0.authenticate
    }

    /// Makes a connection that waits for its transport, with a token of its own or not.
    pub(crate) fn create(
        &self,
        own_token: bool,
        reconnects: bool,
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
        let connection = Connection::new(id, token, self.0.options.clone(), reconnects);
        let connection = Arc::new(connection);
        self.0.connections.insert(token, connection.clone());
        Ok(connection)
    }

    /// The connection with this token.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<Connection>> {
        Some(self.0.connections.get(&ConnectionId::parse(token)?)?.value().clone())
    }

    /// The connection that a request must name.
    pub(crate) fn find(&self, token: Option<&str>) -> Result<Arc<Connection>, Missing> {
        self.get(token.ok_or(Missing::Id)?).ok_or(Missing::Connection)
    }

    /// Serves a connection that has its transport, in a task of its own.
    pub(crate) fn serve(&self, connection: Arc<Connection>) {
        let endpoint = self.clone();
        self.0.tasks.spawn(async move {
            let Shared { dispatcher, connections, .. } = &*endpoint.0;
            let (metrics, transport) = (dispatcher.metrics(), connection.transport());
            let begin = clock::now();
            if let Some(transport) = transport {
                metrics.opened(transport);
            }
            run(connection.clone(), dispatcher.clone()).await;
            connections.remove(&connection.token);
            if let (Some(transport), Some(ending)) = (transport, connection.ending()) {
                let lasted = Duration::from_millis(clock::now() - begin);
                metrics.closed(transport, ending.status, lasted);
            }
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
