//! A hub at a path of a Rocket application: the fairing that attaches it.

use std::{fmt, sync::Arc};

use rocket::{
    Build, Data, Orbit, Request, Rocket, async_trait,
    fairing::{self, Fairing, Info, Kind},
};

use crate::{
    auth::{Authenticate, Nobody, User},
    context::HubContext,
    dispatch::{HubDispatcher, HubFilter, HubFilters},
    endpoint::{Places, Service},
    hub::Hub,
    lifetime::Lifetime,
    options::HubOptions,
    transport::NegotiateRedirect,
};

/// A hub, ready to be attached to Rocket: `rocket.attach(hub.at("/hubs/chat"))`.
///
/// Attaching mounts its routes, manages its [`HubContext`], starts the sweep that pings clients and
/// finds those that are gone, and at shutdown tells every client to come back later.
///
/// ```
/// # use rocket_signalr::{Hub, hub};
/// # struct ClockHub;
/// # #[hub]
/// # impl ClockHub {}
/// use rocket::fairing::AdHoc;
/// use rocket_signalr::HubOptions;
///
/// let clock = ClockHub
///     .at("/clock")
///     .options(HubOptions { allow_stateful_reconnects: true, ..HubOptions::default() });
/// let context = clock.context(); // for a task of the application's own
/// let rocket = rocket::build().attach(clock).attach(AdHoc::on_liftoff("ticks", |_| {
///     Box::pin(async move {
///         println!("{} clients", context.connection_count());
///     })
/// }));
/// ```
#[must_use = "a hub serves nothing until it is attached to Rocket"]
pub struct HubEndpoint<H: Hub> {
    hub: Arc<H>,
    context: HubContext<H>,
    authenticate: Arc<dyn Authenticate>,
    filters: HubFilters,
    places: Places,
}

impl<H: Hub> HubEndpoint<H> {
    pub(crate) fn new(hub: H, path: &str) -> Self {
        Self {
            hub: Arc::new(hub),
            context: HubContext::new(Arc::new(Lifetime::default())),
            authenticate: Arc::new(Nobody),
            filters: HubFilters::new(),
            places: Places::new(path),
        }
    }

    /// Sets the options of the place that was named last.
    pub fn options(mut self, options: HubOptions) -> Self {
        self.places.set_options(options);
        self
    }

    /// Serves the same hub, with the same clients, at another path too. Its options begin as a copy
    /// of those of the place before.
    pub fn also_at(mut self, path: &str) -> Self {
        self.places.add(path);
        self
    }

    /// Says how users are known. Without it, nobody is signed in.
    pub fn authenticate(mut self, authenticate: impl Authenticate) -> Self {
        self.authenticate = Arc::new(authenticate);
        self
    }

    /// Sends clients elsewhere as they negotiate: to the server that has room, or to where the hub
    /// has moved. `redirect` is asked each time, behind authorisation; `None` lets the client connect
    /// here. A client that skips the negotiation is not sent anywhere.
    ///
    /// ```
    /// # use rocket_signalr::{Hub, hub};
    /// # struct ChatHub;
    /// # #[hub]
    /// # impl ChatHub {}
    /// use rocket_signalr::NegotiateRedirect;
    ///
    /// let moved = ChatHub.at("/old/chat").redirect(|_request, _user| {
    ///     let url = "https://chat.example.org/hubs/chat".to_owned();
    ///     Some(NegotiateRedirect { url, access_token: None })
    /// });
    /// ```
    pub fn redirect<F>(mut self, redirect: F) -> Self
    where
        F: Fn(&Request<'_>, Option<&User>) -> Option<NegotiateRedirect> + Send + Sync + 'static,
    {
        self.places.set_redirect(Arc::new(redirect));
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
}

impl<H: Hub> fmt::Debug for HubEndpoint<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubEndpoint")
            .field("hub", &H::NAME)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl<H: Hub> Fairing for HubEndpoint<H> {
    fn info(&self) -> Info {
        Info { name: H::NAME, kind: Kind::Ignite | Kind::Liftoff | Kind::Request | Kind::Shutdown }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let filters = rocket.state::<HubFilters>().into_iter().chain([&self.filters]);
        let dispatcher: Arc<dyn Service> = Arc::new(HubDispatcher::new(
            self.hub.clone(),
            self.context.clone(),
            self.authenticate.clone(),
            filters.flat_map(|filters| filters.0.iter().cloned()).collect(),
        ));
        let rocket = self.places.mount(rocket, &dispatcher, &self.authenticate)?;
        Ok(rocket.manage(self.context.clone()))
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
