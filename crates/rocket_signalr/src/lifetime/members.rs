//! A set of connections that is written to as one.

use std::sync::Arc;

use parking_lot::RwLock;
use slab::Slab;

use crate::connection::Connection;

/// How many connections are written to before other tasks have their turn.
pub(super) const BATCH: usize = 256;

/// Connections in places that stay while they are members: adding and removing costs the same
/// however many there are, and a walk meets each that stays exactly once.
#[derive(Debug, Default)]
pub(super) struct Members {
    places: RwLock<Slab<Arc<Connection>>>,
}

impl Members {
    /// Adds a connection and returns its place.
    pub(super) fn add(&self, connection: Arc<Connection>) -> usize {
        self.places.write().insert(connection)
    }

    pub(super) fn remove(&self, place: usize) {
        let mut places = self.places.write();
        places.try_remove(place);
        // A walk goes through empty places too: after a rush they must not stay.
        if places.len() < places.capacity() / 4 {
            places.shrink_to_fit();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.read().len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.read().is_empty()
    }

    pub(super) fn all(&self) -> Vec<Arc<Connection>> {
        self.places.read().iter().map(|(_, connection)| connection.clone()).collect()
    }

    /// Copies the members in the next places from `from` on to `batch`, and returns where to go on.
    pub(super) fn copy(&self, from: usize, batch: &mut Vec<Arc<Connection>>) -> Option<usize> {
        let places = self.places.read();
        let end = from.saturating_add(BATCH).min(places.capacity());
        batch.extend((from..end).filter_map(|place| places.get(place).cloned()));
        (end < places.capacity()).then_some(end)
    }
}
