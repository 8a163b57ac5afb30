//! Filters: what goes around hub methods, connects and disconnects.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use rocket::async_trait;
use serde::Serialize;

use super::call::{Reply, Running, StreamFault};
use crate::{
    auth::User,
    connection::{Connection, Ending},
    error::{DisconnectReason, HubError},
    request::ConnectRequest,
};

/// Goes around the methods of a hub: ASP.NET's `IHubFilter`.
///
/// Filters are nested, those of [`HubFilters`] outside of those of the hub, each in the order in
/// which they were added. They see what is bound and authorised, so neither unknown methods nor
/// wrong arguments. Whoever does not run `next` keeps the method from running, and answers in its
/// place: with an error, or with [`FilterContext::reply`].
///
/// ```
/// use rocket::async_trait;
/// use rocket_signalr::{FilterContext, HubError, HubFilter, NextMethod, Reply};
///
/// struct NotOnSundays;
///
/// #[async_trait]
/// impl HubFilter for NotOnSundays {
///     async fn method(&self, context: &FilterContext, next: NextMethod<'_>) -> Result<Reply, HubError> {
///         if context.request().header("x-day") == Some("sunday") {
///             return Err(HubError::new("Come back tomorrow."));
///         }
///         next.run().await
///     }
/// }
/// ```
#[async_trait]
pub trait HubFilter: Send + Sync + 'static {
    /// Around a method, or the whole stream of a streaming method.
    async fn method(
        &self,
        context: &FilterContext,
        next: NextMethod<'_>,
    ) -> Result<Reply, HubError> {
        let _ = context;
        next.run().await
    }

    /// Around `on_connected`. Whoever swallows its error lets the connection live on.
    async fn connected(
        &self,
        context: &FilterContext,
        next: NextConnected<'_>,
    ) -> Result<(), HubError> {
        let _ = context;
        next.run().await
    }

    /// Around `on_disconnected`.
    async fn disconnected(
        &self,
        context: &FilterContext,
        reason: &DisconnectReason,
        next: NextDisconnected<'_>,
    ) {
        let _ = (context, reason);
        next.run().await;
    }
}

#[async_trait]
impl<F: HubFilter + ?Sized> HubFilter for Arc<F> {
    async fn method(
        &self,
        context: &FilterContext,
        next: NextMethod<'_>,
    ) -> Result<Reply, HubError> {
        (**self).method(context, next).await
    }

    async fn connected(
        &self,
        context: &FilterContext,
        next: NextConnected<'_>,
    ) -> Result<(), HubError> {
        (**self).connected(context, next).await
    }

    async fn disconnected(
        &self,
        context: &FilterContext,
        reason: &DisconnectReason,
        next: NextDisconnected<'_>,
    ) {
        (**self).disconnected(context, reason, next).await;
    }
}

/// Filters for all hubs of an application: managed by Rocket before the hubs are attached.
///
/// ```
/// use std::time::Instant;
///
/// use rocket::async_trait;
/// use rocket_signalr::{FilterContext, Hub, HubError, HubFilter, HubFilters, NextMethod, Reply, hub};
///
/// struct Stopwatch;
///
/// #[async_trait]
/// impl HubFilter for Stopwatch {
///     async fn method(&self, context: &FilterContext, next: NextMethod<'_>) -> Result<Reply, HubError> {
///         let began = Instant::now();
///         let reply = next.run().await;
///         println!("{}.{} took {:?}", context.hub(), context.method().unwrap_or("?"), began.elapsed());
///         reply
///     }
/// }
///
/// # struct ChatHub;
/// # #[hub]
/// # impl ChatHub {}
/// let rocket = rocket::build()
///     .manage(HubFilters::new().with(Stopwatch))
///     .attach(ChatHub.at("/chat"));
/// ```
#[derive(Clone, Default)]
pub struct HubFilters(pub(crate) Vec<Arc<dyn HubFilter>>);

impl HubFilters {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more, inside of those before.
    #[must_use]
    pub fn with(mut self, filter: impl HubFilter) -> Self {
        self.0.push(Arc::new(filter));
        self
    }
}

impl fmt::Debug for HubFilters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HubFilters").field(&self.0.len()).finish()
    }
}

/// What a filter knows of a call.
#[derive(Debug)]
pub struct FilterContext {
    hub: &'static str,
    method: Option<&'static str>,
    invocation_id: Option<Box<str>>,
    connection: Arc<Connection>,
}

impl FilterContext {
    pub(super) fn new(
        hub: &'static str,
        method: Option<&'static str>,
        invocation_id: Option<Box<str>>,
        connection: Arc<Connection>,
    ) -> Self {
        Self { hub, method, invocation_id, connection }
    }

    /// A result of the filter's own, in the place of the method's. If none is asked for, it is
    /// dropped; a streaming method has none.
    ///
    /// # Errors
    ///
    /// If it cannot be encoded.
    pub fn reply<T: Serialize + ?Sized>(&self, result: &T) -> Result<Reply, HubError> {
        let asked = self.invocation_id.as_deref().zip(self.connection.protocol());
        let Some((id, protocol)) = asked else { return Ok(Reply(None)) };
        Ok(Reply(Some(protocol.completion(id, result)?)))
    }

    /// The name of the hub.
    pub fn hub(&self) -> &'static str {
        self.hub
    }

    /// The name of the method, under the hub's own spelling. None for connects and disconnects.
    pub fn method(&self) -> Option<&'static str> {
        self.method
    }

    /// The id of the connection.
    pub fn connection_id(&self) -> &str {
        self.connection.id.as_str()
    }

    /// The user, if signed in.
    pub fn user(&self) -> Option<&User> {
        self.connection.user()
    }

    /// The request that the client connected with.
    pub fn request(&self) -> &ConnectRequest {
        self.connection.request()
    }

    /// Ends the connection. The client is told not to come back.
    pub fn abort(&self) {
        self.connection.end(Ending::abort());
    }
}

/// What is left to run of a method: further filters, and the method itself.
pub struct NextMethod<'a> {
    filters: &'a [Arc<dyn HubFilter>],
    context: &'a FilterContext,
    method: Running<Reply, HubError>,
}

impl NextMethod<'_> {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// Those of the method, or of a filter further in.
    pub async fn run(self) -> Result<Reply, HubError> {
        match self.filters.split_first() {
            None => self.method.await,
            Some((filter, rest)) => {
                filter.method(self.context, NextMethod { filters: rest, ..self }).await
            }
        }
    }
}

impl fmt::Debug for NextMethod<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextMethod").field("context", self.context).finish_non_exhaustive()
    }
}

/// What is left to run of a connect.
pub struct NextConnected<'a> {
    pub(super) filters: &'a [Arc<dyn HubFilter>],
    pub(super) context: &'a FilterContext,
    pub(super) connected: futures::future::BoxFuture<'a, Result<(), HubError>>,
}

impl NextConnected<'_> {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// Those of `on_connected`, or of a filter further in.
    pub async fn run(self) -> Result<(), HubError> {
        match self.filters.split_first() {
            None => self.connected.await,
            Some((filter, rest)) => {
                filter.connected(self.context, NextConnected { filters: rest, ..self }).await
            }
        }
    }
}

impl fmt::Debug for NextConnected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextConnected").field("context", self.context).finish_non_exhaustive()
    }
}

/// What is left to run of a disconnect.
pub struct NextDisconnected<'a> {
    pub(super) filters: &'a [Arc<dyn HubFilter>],
    pub(super) context: &'a FilterContext,
    pub(super) reason: &'a DisconnectReason,
    pub(super) disconnected: futures::future::BoxFuture<'a, ()>,
}

impl NextDisconnected<'_> {
    /// Runs it.
    pub async fn run(self) {
        match self.filters.split_first() {
            None => self.disconnected.await,
            Some((filter, rest)) => {
                let next = NextDisconnected { filters: rest, ..self };
                filter.disconnected(next.context, next.reason, next).await;
            }
        }
    }
}

impl fmt::Debug for NextDisconnected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextDisconnected").field("context", self.context).finish_non_exhaustive()
    }
}

/// Puts the filters around a method.
pub(super) fn around(
    filters: &Arc<[Arc<dyn HubFilter>]>,
    context: FilterContext,
    method: Running<Reply, HubError>,
) -> Running<Reply, HubError> {
    let filters = filters.clone();
    Box::pin(async move { NextMethod { filters: &filters, context: &context, method }.run().await })
}

/// Puts the filters around a streaming method. An error that comes before the stream began, from the
/// method or from a filter, refuses it.
pub(super) fn around_stream(
    filters: &Arc<[Arc<dyn HubFilter>]>,
    context: FilterContext,
    stream: Running<(), StreamFault>,
) -> Running<(), StreamFault> {
    let on_its_way = Arc::new(AtomicBool::new(false));
    let method: Running<Reply, HubError> = {
        let on_its_way = on_its_way.clone();
        Box::pin(async move {
            on_its_way.store(true, Relaxed);
            match stream.await {
                Ok(()) => Ok(Reply(None)),
                Err(StreamFault::Refused(error)) => {
                    on_its_way.store(false, Relaxed);
                    Err(error)
                }
                Err(StreamFault::Failed(error)) => Err(error),
            }
        })
    };
    let filtered = around(filters, context, method);
    Box::pin(async move {
        filtered.await.map(drop).map_err(|error| match on_its_way.load(Relaxed) {
            true => StreamFault::Failed(error),
            false => StreamFault::Refused(error),
        })
    })
}
