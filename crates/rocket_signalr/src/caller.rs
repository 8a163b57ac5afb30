//! Who calls a hub method.

use std::{
    any::{Any, TypeId},
    borrow::Cow,
    fmt,
    net::SocketAddr,
    sync::Arc,
};

use crate::{
    auth::User,
    clients::{Asking, CallerClients},
    connection::{Connection, Ending},
    context::HubContext,
    groups::Groups,
    hub::Hub,
    metrics::Metrics,
    request::ConnectRequest,
};

/// The connection that a hub method was called on, and the hub as seen from there: ASP.NET's
/// `Context`, `Clients` and `Groups` in one. It can be cloned, for work that goes on after the
/// call.
///
/// ```
/// use rocket_signalr::{Caller, HubError, hub};
///
/// #[derive(Clone)]
/// struct Language(String);
///
/// struct Library;
///
/// #[hub]
/// impl Library {
///     /// What the client connected with: `withUrl("/library?language=de")`.
///     fn on_connected(&self, caller: &Caller<Self>) {
///         if let Some(language) = caller.query("language") {
///             caller.insert(Language(language.into_owned())); // kept with the connection
///         }
///     }
///
///     fn greeting(&self, caller: &Caller<Self>) -> String {
///         let name = caller.user().and_then(|user| user.name()).unwrap_or("stranger");
///         match caller.get::<Language>() {
///             Some(Language(language)) if language == "de" => format!("Guten Tag, {name}!"),
///             _ => format!("Good day, {name}!"),
///         }
///     }
///
///     async fn search(&self, caller: &Caller<Self>, words: String) -> Result<Vec<String>, HubError> {
///         tokio::select! {
///             found = look_up(words) => Ok(found),
///             () = caller.aborted() => Err(HubError::new("Nobody wants to know any more.")),
///         }
///     }
///
///     fn give_up(&self, caller: &Caller<Self>) {
///         caller.abort(); // ends the connection
///     }
/// }
/// # async fn look_up(words: String) -> Vec<String> { vec![words] }
/// ```
pub struct Caller<H: Hub> {
    connection: Arc<Connection>,
    context: HubContext<H>,
    asking: Asking,
}

impl<H: Hub> Clone for Caller<H> {
    fn clone(&self) -> Self {
        Self {
            connection: self.connection.clone(),
            context: self.context.clone(),
            asking: self.asking.clone(),
        }
    }
}

impl<H: Hub> fmt::Debug for Caller<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("connection_id", &self.connection_id())
            .finish_non_exhaustive()
    }
}

impl<H: Hub> Caller<H> {
    pub(crate) fn new(connection: Arc<Connection>, context: HubContext<H>, asking: Asking) -> Self {
        Self { connection, context, asking }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.context.lifetime().metrics
    }

    /// The id of the connection, which is public.
    pub fn connection_id(&self) -> &str {
        self.connection.id.as_str()
    }

    /// Who the user is, if signed in.
    pub fn user_id(&self) -> Option<&str> {
        self.user().map(User::id)
    }

    /// The user, if signed in.
    pub fn user(&self) -> Option<&User> {
        self.connection.user()
    }

    /// The request that the client connected with.
    pub fn request(&self) -> &ConnectRequest {
        self.connection.request()
    }

    /// The first value of a parameter in the query that the client connected with. Names match
    /// without case.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request().query(name)
    }

    /// The first value of a header of the request that the client connected with.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request().header(name)
    }

    /// A cookie of the request that the client connected with.
    pub fn cookie(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request().cookie(name)
    }

    /// The address the client connected from. Behind a proxy it is the proxy's.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.request().remote()
    }

    /// Whom to call.
    pub fn clients(&self) -> CallerClients<H> {
        CallerClients::new(
            self.context.lifetime().clone(),
            self.connection.clone(),
            self.asking.clone(),
        )
    }

    /// Who is in which group.
    pub fn groups(&self) -> Groups<H> {
        self.context.groups()
    }

    /// Adds this connection to a group.
    pub async fn join(&self, group: &str) {
        self.groups().add(self.connection_id(), group).await;
    }

    /// Removes this connection from a group.
    pub async fn leave(&self, group: &str) {
        self.groups().remove(self.connection_id(), group).await;
    }

    /// The hub as seen from outside: for work that goes on after the call.
    pub fn context(&self) -> &HubContext<H> {
        &self.context
    }

    /// Ends the connection. The client is told not to come back.
    pub fn abort(&self) {
        self.connection.end(Ending::abort());
    }

    /// Resolves when the connection has ended, for whatever reason.
    pub async fn aborted(&self) {
        self.connection.aborted().await;
    }

    /// Keeps a value with the connection, one for each type, and returns the one that it replaces.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let old = self.connection.items(|items| items.insert(TypeId::of::<T>(), Box::new(value)));
        unboxed(old)
    }

    /// Takes back what was kept with the connection.
    pub fn remove<T: Send + Sync + 'static>(&self) -> Option<T> {
        unboxed(self.connection.items(|items| items.remove(&TypeId::of::<T>())))
    }

    /// A copy of what was kept with the connection.
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.connection.items(|items| items.get(&TypeId::of::<T>())?.downcast_ref::<T>().cloned())
    }
}

fn unboxed<T: 'static>(value: Option<Box<dyn Any + Send + Sync>>) -> Option<T> {
    value?.downcast().ok().map(|value| *value)
}
