//! Paths of a Rocket application at which connections are served, and those connections.

mod event_stream;
mod http;
mod poll;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use dashmap::DashMap;
use futures::future::{BoxFuture, join_all};
use rocket::{
    Build, Orbit, Request, Rocket,
    http::{Status, uri::Origin},
};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use self::http::Missing;
use crate::{
    auth::{Authenticate, Authorize, User},
    clock,
    connection::{Connection, Ending},
    id::ConnectionId,
    metrics::Metrics,
    options::{HubOptions, UnknownHubs},
    transport::NegotiateRedirect,
};

/// How often overdue connections are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// How long a shutdown waits for clients that are told of it.
const DRAIN: Duration = Duration::from_secs(1);

/// What connections are for: a hub, or anything else.
pub(crate) trait Service: Send + Sync + 'static {
    /// For logs and metrics.
    fn name(&self) -> &'static str;

    /// What is asked of users at every path.
    fn authorize(&self) -> Option<Authorize>;

    /// Whether its clients can come back to their connection, if the options allow it.
    fn reconnects(&self) -> bool;

    fn metrics(&self) -> &Metrics;

    /// Serves a connection from its first byte to its last.
    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()>;
}

/// Says where a client that negotiates is to go instead, if it is.
pub(crate) type Redirect =
    dyn Fn(&Request<'_>, Option<&User>) -> Option<NegotiateRedirect> + Send + Sync;

/// The paths at which a service is to be mounted, and then is. There is at least one.
pub(crate) struct Places {
    planned: Vec<(String, HubOptions)>,
    redirect: Option<Arc<Redirect>>,
    mounted: OnceLock<Vec<(String, Endpoint)>>,
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.planned).finish()
    }
}

impl Places {
    pub(crate) fn new(path: &str) -> Self {
        let planned = vec![(normalized(path), HubOptions::default())];
        Self { planned, redirect: None, mounted: OnceLock::new() }
    }

    /// Sets the options of the place that was named last.
    pub(crate) fn set_options(&mut self, options: HubOptions) {
        if let Some((_, last)) = self.planned.last_mut() {
            *last = options;
        }
    }

    /// At all places.
    pub(crate) fn set_redirect(&mut self, redirect: Arc<Redirect>) {
        self.redirect = Some(redirect);
    }

    /// One more, whose options begin as a copy of those of the place before.
    pub(crate) fn add(&mut self, path: &str) {
        let options = self.planned.last().map(|(_, options)| options.clone()).unwrap_or_default();
        self.planned.push((normalized(path), options));
    }

    fn endpoints(&self) -> Vec<Endpoint> {
        self.mounted.get().into_iter().flatten().map(|(_, endpoint)| endpoint.clone()).collect()
    }

    /// Mounts the service at its places. An error gives Rocket back, which then does not launch.
    #[expect(clippy::result_large_err, reason = "it is what a fairing of Rocket returns")]
    pub(crate) fn mount(
        &self,
        mut rocket: Rocket<Build>,
        service: &Arc<dyn Service>,
        authenticate: &Arc<dyn Authenticate>,
    ) -> Result<Rocket<Build>, Rocket<Build>> {
        let name = service.name();
        let mut mounted = Vec::new();
        for (path, options) in &self.planned {
            if Origin::parse(path).is_err() {
                rocket::error!("{name}: '{path}' is no path");
                return Err(rocket);
            }
            let options = match options.clone().configured(rocket.figment(), name) {
                Ok(options) => Arc::new(options),
                Err(error) => {
                    rocket::error!("{name} at {path}: {error}");
                    return Err(rocket);
                }
            };
            let endpoint = Endpoint(Arc::new(Shared {
                service: service.clone(),
                authenticate: authenticate.clone(),
                options,
                redirect: self.redirect.clone(),
                connections: DashMap::new(),
                tasks: TaskTracker::new(),
            }));
            rocket = rocket.mount(path.clone(), http::routes(&endpoint));
            mounted.push((path.clone(), endpoint));
        }
        // A Rocket is ignited once.
        let _ = self.mounted.set(mounted);
        Ok(rocket.attach(UnknownHubs))
    }

    /// Starts the sweep that pings clients and finds those that are gone.
    pub(crate) fn watch(&self, rocket: &Rocket<Orbit>) {
        let endpoints = self.endpoints();
        let stopped = rocket.shutdown();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(SWEEP);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tokio::pin!(stopped);
            loop {
                tokio::select! {
                    // Rocket leaves its shutdown fairings out if it is told to stop as it accepts a client.
                    () = &mut stopped => return drain(&endpoints).await,
                    _ = tick.tick() => endpoints.iter().for_each(Endpoint::sweep),
                }
            }
        });
    }

    /// ASP.NET matches paths without case and with a slash at their end; clients rely on it.
    pub(crate) fn respell(&self, request: &mut Request<'_>) {
        let path = request.uri().path().as_str();
        let respelled = self.planned.iter().find_map(|(base, _)| respelled(base, path));
        if let Some(mut uri) = respelled {
            if let Some(query) = request.uri().query() {
                uri = format!("{uri}?{query}");
            }
            if let Ok(uri) = Origin::parse_owned(uri) {
                request.set_uri(uri);
            }
        }
    }

    /// Tells every client that the server stops.
    pub(crate) async fn drain(&self) {
        drain(&self.endpoints()).await;
    }
}

async fn drain(endpoints: &[Endpoint]) {
    join_all(endpoints.iter().map(Endpoint::drain)).await;
}

fn normalized(path: &str) -> String {
    format!("/{}", path.trim_matches('/'))
}

/// The path as it is mounted at `base`, if a request is for there but spells it in another way.
fn respelled(base: &str, path: &str) -> Option<String> {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let (head, rest) = trimmed.split_at_checked(base.len())?;
    let rest = match rest {
        "" => "",
        rest if rest.eq_ignore_ascii_case("/negotiate") => "/negotiate",
        _ => return None,
    };
    let canonical = head == base && path[base.len()..] == *rest;
    (head.eq_ignore_ascii_case(base) && !canonical).then(|| format!("{base}{rest}"))
}

/// A service at one path, as its requests share it.
#[derive(Clone)]
pub(crate) struct Endpoint(Arc<Shared>);

struct Shared {
    service: Arc<dyn Service>,
    authenticate: Arc<dyn Authenticate>,
    options: Arc<HubOptions>,
    redirect: Option<Arc<Redirect>>,
    /// By their tokens, from negotiation to end.
    connections: DashMap<ConnectionId, Arc<Connection>>,
    tasks: TaskTracker,
}

impl Endpoint {
    pub(crate) fn name(&self) -> &'static str {
        self.0.service.name()
    }

    pub(crate) fn options(&self) -> &HubOptions {
        &self.0.options
    }

    pub(crate) fn authenticate(&self) -> &dyn Authenticate {
        &*self.0.authenticate
    }

    /// Whether clients may come back to their connection.
    pub(crate) fn allows_reconnects(&self) -> bool {
        self.0.options.allow_stateful_reconnects && self.0.service.reconnects()
    }

    /// Where a client is to go instead.
    pub(crate) fn redirect(
        &self,
        request: &Request<'_>,
        user: Option<&User>,
    ) -> Option<NegotiateRedirect> {
        self.0.redirect.as_ref()?(request, user)
    }

    /// What is asked of users: by the service, and at this path.
    pub(crate) fn authorize(&self) -> impl Iterator<Item = Authorize> {
        [self.0.service.authorize(), self.0.options.authorize].into_iter().flatten()
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
        let Some(transport) = connection.transport() else { return };
        let endpoint = self.clone();
        self.0.tasks.spawn(async move {
            let Shared { service, connections, .. } = &*endpoint.0;
            let begin = clock::now();
            service.metrics().opened(transport);
            service.clone().serve(connection.clone()).await;
            connections.remove(&connection.token);
            if let Some(ending) = connection.ending() {
                let lasted = Duration::from_millis(clock::now() - begin);
                service.metrics().closed(transport, ending.status, lasted);
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

    /// Ends all connections, and waits for their tasks, but not for long. May be done more than once.
    async fn drain(&self) {
        let Shared { tasks, connections, .. } = &*self.0;
        let first = tasks.close();
        for entry in connections {
            entry.value().end(Ending::server_stops());
        }
        if tokio::time::timeout(DRAIN, tasks.wait()).await.is_ok() {
            return;
        }
        if first {
            let open = tasks.len();
            tracing::warn!(service = self.name(), open, "some clients did not close in time");
        }
        for entry in connections {
            entry.value().outbox().detach();
        }
    }
}
