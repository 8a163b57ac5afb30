//! Endpoints without a hub: bytes in, bytes out, over all transports.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use rocket::{
    Build, Data, Orbit, Request, Rocket, async_trait,
    fairing::{self, Fairing, Info, Kind},
};

pub use crate::connection::RawConnection;
use crate::{
    auth::{Authenticate, Authorize, Nobody, User},
    connection::{Connection, Panicked, run_raw},
    endpoint::{Places, Service},
    error::short_name,
    metrics::{HubMetrics, Metrics},
    options::HubOptions,
    transport::NegotiateRedirect,
};

/// Serves connections that carry whatever their two sides agree on: ASP.NET's `ConnectionHandler`.
/// Clients negotiate and choose a transport as they do for a hub.
///
/// ```
/// use rocket::async_trait;
/// use rocket_signalr::{ConnectionHandler, RawConnection};
///
/// struct Echo;
///
/// #[async_trait]
/// impl ConnectionHandler for Echo {
///     async fn connected(&self, mut connection: RawConnection) {
///         while let Some(bytes) = connection.read().await {
///             connection.send(&bytes).await;
///         }
///     }
/// }
///
/// let rocket = rocket::build().attach(Echo.at("/echo"));
/// ```
#[async_trait]
pub trait ConnectionHandler: Send + Sync + Sized + 'static {
    /// A client has connected. When this is done, the connection is closed.
    async fn connected(&self, connection: RawConnection);

    /// Makes the handler ready to be attached to Rocket, at `path`.
    fn at(self, path: &str) -> RawEndpoint<Self> {
        RawEndpoint {
            service: Arc::new(RawService { handler: self, metrics: Arc::default() }),
            authenticate: Arc::new(Nobody),
            places: Places::new(path),
        }
    }
}

/// A [`ConnectionHandler`], ready to be attached to Rocket.
#[must_use = "it serves nothing until it is attached to Rocket"]
pub struct RawEndpoint<C> {
    service: Arc<RawService<C>>,
    authenticate: Arc<dyn Authenticate>,
    places: Places,
}

struct RawService<C> {
    handler: C,
    metrics: Arc<Metrics>,
}

impl<C: ConnectionHandler> RawEndpoint<C> {
    /// Sets the options; those that concern hub messages mean nothing here.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.places.set_options(options);
        self
    }

    /// Says how users are known. Without it, nobody is signed in.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Arc::new(authenticate);
        self
    }

    /// Sends clients elsewhere as they negotiate: see
    /// [`HubEndpoint::redirect`](crate::HubEndpoint::redirect).
    pub fn redirect<F>(mut self, redirect: F) -> Self
    where
        F: Fn(&Request<'_>, Option<&User>) -> Option<NegotiateRedirect> + Send + Sync + 'static,
    {
        self.places.set_redirect(Arc::new(redirect));
        self
    }

    /// What is counted: see [`HubMetrics`].
    pub fn metrics(&self) -> HubMetrics {
        HubMetrics::of(self.service.name(), self.service.metrics.clone())
    }
}

impl<C> fmt::Debug for RawEndpoint<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawEndpoint").field("places", &self.places).finish_non_exhaustive()
    }
}

impl<C: ConnectionHandler> Service for RawService<C> {
    fn name(&self) -> &'static str {
        short_name::<C>()
    }

    fn authorize(&self) -> Option<Authorize> {
        None
    }

    /// Bytes are not counted, so nobody could tell what is to be sent again.
    fn reconnects(&self) -> bool {
        false
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            run_raw(connection, move |raw| async move {
                let handled = AssertUnwindSafe(self.handler.connected(raw)).catch_unwind().await;
                handled.map_err(|_| {
                    let service = self.name();
                    tracing::error!(service, "the handler of a connection panicked");
                    Panicked
                })
            })
            .await;
        })
    }
}

#[async_trait]
impl<C: ConnectionHandler> Fairing for RawEndpoint<C> {
    fn info(&self) -> Info {
        let kind = Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Shutdown;
        Info { name: self.service.name(), kind }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let service: Arc<dyn Service> = self.service.clone();
        self.places.mount(rocket, &service, &self.authenticate)
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        self.places.watch(rocket);
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        self.places.respell(request);
    }

    async fn on_shutdown(&self, _: &Rocket<Orbit>) {
        self.places.drain().await;
    }
}
