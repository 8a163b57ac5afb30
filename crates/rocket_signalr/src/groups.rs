//! Who is in which group.

use std::{marker::PhantomData, sync::Arc};

use crate::{hub::Hub, id::ConnectionId, lifetime::Lifetime};

/// The groups of a hub.
///
/// A group is there while it has members. Its name can be any text and is compared exactly.
/// Membership belongs to a connection: it ends with it, and a client that comes back joins anew.
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
