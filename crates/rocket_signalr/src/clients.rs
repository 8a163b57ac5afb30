//! Whom a hub calls.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use serde::Serialize;

use crate::{
    connection::Connection,
    error::SendError,
    hub::Hub,
    id::ConnectionId,
    lifetime::{Lifetime, Message, Target},
};

/// The methods that a hub may call on its clients. Made by [`#[hub_client]`](crate::hub_client).
pub trait HubClient: Send + Sync + 'static {
    /// The methods, called on those that `proxy` names.
    fn new(proxy: ClientProxy) -> Self;
}

/// For hubs that call nothing on their clients.
#[derive(Debug, Clone, Copy)]
pub struct NoClient;

impl HubClient for NoClient {
    fn new(_: ClientProxy) -> Self {
        Self
    }
}

/// Some clients of a hub, by whatever selector.
#[derive(Debug, Clone)]
pub struct ClientProxy {
    lifetime: Arc<Lifetime>,
    target: Target,
}

impl ClientProxy {
    /// Calls `method` on these clients. `arguments` is a tuple, or `[(); 0]` for none.
    ///
    /// Returns when the message is with the kernel or in the outbox of each client, not when they
    /// have it. It is encoded once, however many get it, and not at all if there is nobody.
    ///
    /// # Errors
    ///
    /// If the arguments cannot be encoded.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it resolves, some of the clients may have got the message.
    pub async fn send<A>(&self, method: &str, arguments: &A) -> Result<(), SendError>
    where
        A: Serialize + Sync + ?Sized,
    {
        let encode =
            |protocol: crate::protocol::HubProtocol| protocol.invocation(method, None, arguments);
        self.lifetime
            .send(&self.target, &mut Message::new(&encode))
            .await
    }
}

/// Selects clients of a hub; each selector returns the methods that can be called on them.
///
/// Clients that are not connected are passed over without an error.
#[derive(Debug)]
pub struct Clients<H: Hub> {
    lifetime: Arc<Lifetime>,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> Clients<H> {
    pub(crate) fn new(lifetime: Arc<Lifetime>) -> Self {
        Self {
            lifetime,
            hub: PhantomData,
        }
    }

    fn select(&self, target: Target) -> H::Client {
        H::Client::new(ClientProxy {
            lifetime: self.lifetime.clone(),
            target,
        })
    }

    /// All that are connected.
    pub fn all(&self) -> H::Client {
        self.select(Target::All)
    }

    /// All but these connections.
    pub fn all_except<I: AsRef<str>>(&self, connection_ids: &[I]) -> H::Client {
        self.select(Target::AllExcept(ids(connection_ids)))
    }

    /// One connection.
    pub fn client(&self, connection_id: &str) -> H::Client {
        self.clients(&[connection_id])
    }

    /// Some connections.
    pub fn clients<I: AsRef<str>>(&self, connection_ids: &[I]) -> H::Client {
        self.select(Target::Connections(ids(connection_ids)))
    }

    /// The members of a group.
    pub fn group(&self, group: &str) -> H::Client {
        self.groups(&[group])
    }

    /// The members of some groups. Who is in two of them gets the message twice.
    pub fn groups<G: AsRef<str>>(&self, groups: &[G]) -> H::Client {
        self.select(Target::Groups(
            groups.iter().map(|group| group.as_ref().into()).collect(),
        ))
    }

    /// The members of a group, but for these connections.
    pub fn group_except<I: AsRef<str>>(&self, group: &str, connection_ids: &[I]) -> H::Client {
        self.select(Target::GroupExcept(group.into(), ids(connection_ids)))
    }

    /// All connections of a user.
    pub fn user(&self, user_id: &str) -> H::Client {
        self.users(&[user_id])
    }

    /// All connections of some users.
    pub fn users<U: AsRef<str>>(&self, user_ids: &[U]) -> H::Client {
        self.select(Target::Users(
            user_ids.iter().map(|user| user.as_ref().into()).collect(),
        ))
    }
}

/// [`Clients`], and those that are named from the caller's point of view.
#[derive(Debug)]
pub struct CallerClients<H: Hub> {
    clients: Clients<H>,
    connection: Arc<Connection>,
}

impl<H: Hub> CallerClients<H> {
    pub(crate) fn new(lifetime: Arc<Lifetime>, connection: Arc<Connection>) -> Self {
        Self {
            clients: Clients::new(lifetime),
            connection,
        }
    }

    /// The caller itself.
    pub fn caller(&self) -> H::Client {
        self.select(Target::Connections([self.connection.id].into()))
    }

    /// All but the caller.
    pub fn others(&self) -> H::Client {
        self.select(Target::AllExcept([self.connection.id].into()))
    }

    /// The members of a group, but for the caller.
    pub fn others_in_group(&self, group: &str) -> H::Client {
        self.select(Target::GroupExcept(
            group.into(),
            [self.connection.id].into(),
        ))
    }
}

impl<H: Hub> Deref for CallerClients<H> {
    type Target = Clients<H>;

    fn deref(&self) -> &Self::Target {
        &self.clients
    }
}

fn ids<I: AsRef<str>>(ids: &[I]) -> Arc<[ConnectionId]> {
    ids.iter()
        .filter_map(|id| ConnectionId::parse(id.as_ref()))
        .collect()
}
