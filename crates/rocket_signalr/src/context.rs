//! A hub seen from outside.

use std::{fmt, marker::PhantomData, sync::Arc};

use rocket::{
    Ignite, Request, Rocket, Sentinel,
    http::Status,
    request::{FromRequest, Outcome},
};

use crate::{
    clients::{Asking, Clients},
    connection::Ending,
    groups::Groups,
    hub::Hub,
    lifetime::Lifetime,
    metrics::HubMetrics,
};

/// Calls a hub's clients from outside of it: from services, request handlers, anywhere.
///
/// A service is given one by [`HubEndpoint::context`](crate::HubEndpoint::context); a request
/// handler takes it as a guard. A handler that names the context of a hub which is not attached
/// stops the launch.
///
/// ```
/// # use rocket::{post, routes};
/// use rocket_signalr::{Hub, HubContext, HubError, hub, hub_client};
///
/// #[hub_client]
/// trait NewsClient {
///     async fn headline(&self, text: &str);
/// }
///
/// struct NewsHub;
///
/// #[hub(client = NewsClient)]
/// impl NewsHub {}
///
/// #[post("/news?<text>")]
/// async fn publish(text: &str, hub: HubContext<NewsHub>) -> Result<(), String> {
///     hub.clients().all().headline(text).await.map_err(|error| error.to_string())
/// }
///
/// let rocket = rocket::build().attach(NewsHub.at("/hubs/news")).mount("/", routes![publish]);
/// ```
///
/// It tells who is here, too, and can send them away:
///
/// ```
/// # use rocket_signalr::{Hub, HubContext};
/// async fn ban<H: Hub>(hub: HubContext<H>, user_id: &str) -> String {
///     let ended = hub.disconnect_user(user_id);
///     format!("{ended} connections ended, {} remain", hub.connection_count())
/// }
/// ```
pub struct HubContext<H: Hub> {
    lifetime: Arc<Lifetime>,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> HubContext<H> {
    pub(crate) fn new(lifetime: Arc<Lifetime>) -> Self {
        Self { lifetime, hub: PhantomData }
    }

    pub(crate) fn lifetime(&self) -> &Arc<Lifetime> {
        &self.lifetime
    }

    /// Whom to call.
    pub fn clients(&self) -> Clients<H> {
        Clients::new(self.lifetime.clone(), Asking::Free)
    }

    /// Who is in which group.
    pub fn groups(&self) -> Groups<H> {
        Groups::new(self.lifetime.clone())
    }

    /// What has been counted: see [`HubMetrics`].
    pub fn metrics(&self) -> HubMetrics {
        HubMetrics::of(H::NAME, self.lifetime.metrics.clone())
    }

    /// How many clients are connected to this server.
    pub fn connection_count(&self) -> usize {
        self.lifetime.len()
    }

    /// The ids of the connections to this server.
    pub fn connections(&self) -> Vec<String> {
        self.lifetime.ids()
    }

    /// Whether a connection is there, on this server.
    pub fn is_connected(&self, connection_id: &str) -> bool {
        self.lifetime.connection(connection_id).is_some()
    }

    /// The ids of the users who are connected to this server.
    pub fn users(&self) -> Vec<String> {
        self.lifetime.users()
    }

    /// Whether a user has a connection to this server.
    pub fn is_online(&self, user_id: &str) -> bool {
        self.lifetime.user_len(user_id) > 0
    }

    /// Ends a connection of this server. Its client is told not to come back. False if it is not
    /// there.
    pub fn disconnect(&self, connection_id: &str) -> bool {
        let connection = self.lifetime.connection(connection_id);
        connection.map(|connection| connection.end(Ending::abort())).is_some()
    }

    /// Ends all connections of a user to this server, and returns how many there were. Their clients
    /// are told not to come back.
    pub fn disconnect_user(&self, user_id: &str) -> usize {
        let connections = self.lifetime.connections_of(user_id);
        connections.iter().for_each(|connection| connection.end(Ending::abort()));
        connections.len()
    }
}

impl<H: Hub> Clone for HubContext<H> {
    fn clone(&self) -> Self {
        Self::new(self.lifetime.clone())
    }
}

impl<H: Hub> fmt::Debug for HubContext<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubContext").field("hub", &H::NAME).finish_non_exhaustive()
    }
}

#[rocket::async_trait]
impl<'r, H: Hub> FromRequest<'r> for HubContext<H> {
    type Error = String;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        match request.rocket().state::<Self>() {
            Some(context) => Outcome::Success(context.clone()),
            None => {
                let error = format!("the hub {} is not attached", H::NAME);
                Outcome::Error((Status::InternalServerError, error))
            }
        }
    }
}

impl<H: Hub> Sentinel for HubContext<H> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<Self>().is_none()
    }
}
