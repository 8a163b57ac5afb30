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
        // A walk goes through empty places too: after a rush they must not stay. To drop them costs
        // by their number, and so is done each time that half of the members have gone.
        let left = places.len();
        if left < places.capacity() / 4 && (left == 0 || left.is_power_of_two()) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConnectionId;

    #[test]
    fn walk_is_short_again_after_a_rush() {
        let id = ConnectionId::parse("0123456789012345678901").unwrap();
        let connection = Arc::new(Connection::new(id, id, Arc::default(), false));
        let members = Members::default();
        let places: Vec<_> = (0..10_000).map(|_| members.add(connection.clone())).collect();
        for left in (0..places.len()).rev() {
            members.remove(places[left]);
            assert!(members.places.read().capacity() <= 8 * left.max(1), "{left} left");
        }
        assert_eq!(members.copy(0, &mut Vec::new()), None);
    }
}
