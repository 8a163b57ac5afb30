//! A set of connections that is written to as one.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::connection::Connection;

/// How many connections are written to before other tasks have their turn.
pub(super) const BATCH: usize = 256;

/// Connections by a number that is theirs while they are members. A walk meets each that stays
/// exactly once, and costs by how many there are, not by how many there once were.
#[derive(Debug, Default)]
pub(super) struct Members(RwLock<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    /// In the order of their numbers. Who has gone leaves an empty place.
    places: Vec<(u64, Option<Arc<Connection>>)>,
    empty: usize,
    next: u64,
}

impl Members {
    /// Adds a connection and returns its number.
    pub(super) fn add(&self, connection: Arc<Connection>) -> u64 {
        let mut members = self.0.write();
        let number = members.next;
        members.next += 1;
        members.places.push((number, Some(connection)));
        number
    }

    pub(super) fn remove(&self, number: u64) {
        let Numbered { places, empty, .. } = &mut *self.0.write();
        let Ok(place) = places.binary_search_by_key(&number, |(number, _)| *number) else { return };
        *empty += usize::from(places[place].1.take().is_some());
        // Looks at all, but only once as many have gone as stay.
        if *empty > places.len() / 2 {
            places.retain(|(_, connection)| connection.is_some());
            places.shrink_to(4 * places.len());
            *empty = 0;
        }
    }

    pub(super) fn len(&self) -> usize {
        let members = self.0.read();
        members.places.len() - members.empty
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn all(&self) -> Vec<Arc<Connection>> {
        self.0.read().places.iter().filter_map(|(_, connection)| connection.clone()).collect()
    }

    /// Copies the members in the next places, from the number `from` on, to `batch`, and returns where
    /// to go on.
    pub(super) fn copy(&self, from: u64, batch: &mut Vec<Arc<Connection>>) -> Option<u64> {
        let members = self.0.read();
        let rest = &members.places[members.places.partition_point(|(number, _)| *number < from)..];
        let (next, rest) = rest.split_at(rest.len().min(BATCH));
        batch.extend(next.iter().filter_map(|(_, connection)| connection.clone()));
        rest.first().map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ConnectionId;

    fn connections(count: usize) -> Vec<Arc<Connection>> {
        let id = ConnectionId::parse("0123456789012345678901").unwrap();
        (0..count).map(|_| Arc::new(Connection::new(id, id, Arc::default(), false))).collect()
    }

    fn is_same(some: &[Arc<Connection>], others: &[Arc<Connection>]) -> bool {
        some.iter().map(Arc::as_ptr).eq(others.iter().map(Arc::as_ptr))
    }

    #[test]
    fn walk_is_short_again_after_a_rush() {
        let connection = &connections(1)[0];
        for leaves_first in [|left: u64| left, |left| 9_999 - left] {
            let members = Members::default();
            let numbers: Vec<_> = (0..10_000).map(|_| members.add(connection.clone())).collect();
            for left in (0..10_000).rev() {
                members.remove(numbers[leaves_first(left) as usize]);
                assert_eq!(members.len() as u64, left);
                assert!(members.0.read().places.len() as u64 <= 2 * left, "{left} left");
            }
            assert_eq!(members.copy(0, &mut Vec::new()), None);
        }
    }

    #[test]
    fn walk_meets_each_that_stays_once() {
        let connections = connections(4 * BATCH);
        let members = Members::default();
        let numbers: Vec<_> = connections.iter().map(|c| members.add(c.clone())).collect();
        let mut met = Vec::new();
        let mut from = members.copy(0, &mut met);
        // Most of those whom it has met leave, and some of those whom it has not.
        let (stay, leave) = numbers.split_at(3 * BATCH);
        leave.iter().chain(&stay[1..2 * BATCH]).for_each(|number| members.remove(*number));
        while let Some(next) = from {
            from = members.copy(next, &mut met);
        }
        let late = &connections[2 * BATCH..3 * BATCH];
        assert!(is_same(&met, &[&connections[..BATCH], late].concat()));
        assert!(is_same(&members.all(), &[&connections[..1], late].concat()));
    }
}
