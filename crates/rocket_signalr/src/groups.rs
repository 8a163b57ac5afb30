//! Who is in which group.

use std::{marker::PhantomData, sync::Arc};

use crate::{hub::Hub, id::ConnectionId, lifetime::Lifetime};

/// The groups of a hub.
///
/// A group is there while it has members. Its name can be any text and is compared exactly.
/// Membership belongs to a connection: it ends with it, and a client that comes back joins anew. (One
/// that takes its connection up again, by stateful reconnect, is still a member.)
///
/// ```
/// use rocket_signalr::{Caller, HubContext, HubError, hub};
///
/// struct Rooms;
///
/// #[hub]
/// impl Rooms {
///     async fn enter(&self, caller: &Caller<Self>, room: String) -> Result<usize, HubError> {
///         if caller.groups().count(&room) >= 20 {
///             return Err(HubError::new("The room is full."));
///         }
///         caller.join(&room).await; // the same as groups().add(caller.connection_id(), &room)
///         Ok(caller.groups().count(&room))
///     }
///
///     fn rooms(&self, caller: &Caller<Self>) -> Vec<String> {
///         caller.groups().names()
///     }
/// }
///
/// /// From outside of the hub.
/// async fn close(rooms: HubContext<Rooms>, room: &str) {
///     for connection_id in rooms.groups().members(room) {
///         rooms.groups().remove(&connection_id, room).await;
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Groups<H: Hub> {
    lifetime: Arc<Lifetime>,
    hub: PhantomData<fn() -> H>,
}

impl<H: Hub> Groups<H> {
    pub(crate) fn new(lifetime: Arc<Lifetime>) -> Self {
        Self { lifetime, hub: PhantomData }
    }

    /// Adds a connection to a group. Adding twice is adding once; one that is not connected is
    /// ignored.
    pub async fn add(&self, connection_id: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection_id) {
            self.lifetime.join(id, group);
        }
    }

    /// Removes a connection from a group. One that is no member is ignored.
    pub async fn remove(&self, connection_id: &str, group: &str) {
        if let Some(id) = ConnectionId::parse(connection_id) {
            self.lifetime.quit(id, group);
        }
    }

    /// The names of all groups that have members on this server.
    pub fn names(&self) -> Vec<String> {
        self.lifetime.group_names()
    }

    /// The ids of a group's members on this server.
    pub fn members(&self, group: &str) -> Vec<String> {
        self.lifetime.group_members(group)
    }

    /// The groups that a connection of this server is in.
    pub fn of(&self, connection_id: &str) -> Vec<String> {
        self.lifetime.groups_of(connection_id)
    }

    /// How many connections of this server are in a group.
    pub fn count(&self, group: &str) -> usize {
        self.lifetime.group_len(group)
    }
}
