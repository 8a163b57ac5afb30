//! What a hub is.

use std::future::Future;

use crate::{
    auth::Authorize,
    caller::Caller,
    clients::HubClient,
    dispatch::HubMethod,
    error::{DisconnectReason, HubError},
    hub_endpoint::HubEndpoint,
};

/// A hub: methods that clients call, and clients whose methods it calls.
///
/// Implemented by the [`#[hub]`](crate::hub) attribute. There is one instance for all connections;
/// what belongs to a connection is kept with [`Caller::insert`].
pub trait Hub: Send + Sync + Sized + 'static {
    /// What the hub can call on its clients: made by [`#[hub_client]`](crate::hub_client).
    type Client: HubClient;

    /// The hub's name, for logs.
    const NAME: &'static str;

    /// What is asked of users before they may use the hub: `#[hub(authorize)]`.
    const AUTHORIZE: Option<Authorize> = None;

    /// The methods that clients may call.
    #[doc(hidden)]
    fn methods() -> &'static [HubMethod<Self>];

    /// What the methods are in TypeScript.
    #[cfg(feature = "typescript")]
    #[doc(hidden)]
    fn describe(face: &mut crate::typescript::Face) {
        let _ = face;
    }

    /// A client has connected. Messages already reach it; its own are carried out after this. An
    /// error refuses it: it gets a Close that forbids to come back.
    fn on_connected(
        &self,
        caller: &Caller<Self>,
    ) -> impl Future<Output = Result<(), HubError>> + Send {
        let _ = caller;
        async { Ok(()) }
    }

    /// A client has left. Only told if `on_connected` was fine. Calls of it may still be running.
    fn on_disconnected(
        &self,
        caller: &Caller<Self>,
        reason: &DisconnectReason,
    ) -> impl Future<Output = ()> + Send {
        let _ = (caller, reason);
        async {}
    }

    /// Makes the hub ready to be attached to Rocket, at `path`.
    fn at(self, path: &str) -> HubEndpoint<Self> {
        HubEndpoint::new(self, path)
    }
}
