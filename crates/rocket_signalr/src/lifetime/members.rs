//! A set of connections that is written to as one.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::{connection::Connection, protocol::HubProtocol};

/// How many connections are written to before other tasks have their turn.
pub(super) const BATCH: usize = 256;

/// How many places ahead of the walk the memory of a connection is asked for. It comes while one
/// message is sent, and is still there after a few more.
const AHEAD: usize = 3;

/// Connections by a number that is theirs while they are members. A walk meets each that stays
/// exactly once, and costs by how many there are, not by how many there once were.
#[derive(Debug, Default)]
pub(super) struct Members(RwLock<Numbered>);

type Member = (u64, Arc<Connection>);

#[derive(Debug, Default)]
struct Numbered {
    /// [`BATCH`] members each at most, none empty, in the order of the numbers. A walk keeps a run as it
    /// was when it came there: who joins or leaves meanwhile has it copied, once.
    runs: Vec<Arc<Vec<Member>>>,
    len: usize,
    next: u64,
}

impl Members {
    /// Adds a connection and returns its number.
    pub(super) fn add(&self, connection: Arc<Connection>) -> u64 {
        let Numbered { runs, len, next } = &mut *self.0.write();
        let number = *next;
        *next += 1;
        *len += 1;
        match runs.last_mut() {
            Some(run) if run.len() < BATCH => Arc::make_mut(run).push((number, connection)),
            _ => runs.push(Arc::new(vec![(number, connection)])),
        }
        number
    }

    pub(super) fn remove(&self, number: u64) {
        let Numbered { runs, len, .. } = &mut *self.0.write();
        let index = index_of(runs, number);
        let Some(run) = runs.get_mut(index) else { return };
        let Ok(place) = run.binary_search_by_key(&number, |(number, _)| *number) else { return };
        *len -= 1;
        if run.len() == 1 {
            runs.remove(index);
        } else {
            Arc::make_mut(run).remove(place);
            merge_with_next(runs, index);
        }
        if let Some(before) = index.checked_sub(1) {
            merge_with_next(runs, before);
        }
        if runs.capacity() > 4 * runs.len() {
            runs.shrink_to(2 * runs.len());
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.read().len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn all(&self) -> Vec<Arc<Connection>> {
        self.0.read().runs.iter().flat_map(|run| run.iter()).map(|(_, it)| it.clone()).collect()
    }

    /// Goes through all, run by run.
    pub(super) fn walk(&self) -> impl Iterator<Item = Run> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let numbered = self.0.read();
            let members = numbered.runs.get(index_of(&numbered.runs, next))?.clone();
            let begin = members.partition_point(|(number, _)| *number < next);
            next = members.last().map_or(next, |(number, _)| number + 1);
            Some(Run { members, begin })
        })
    }
}

/// Where the run is that has this number, or else the next higher one.
fn index_of(runs: &[Arc<Vec<Member>>], number: u64) -> usize {
    runs.partition_point(|run| run.last().is_some_and(|(last, _)| *last < number))
}

/// Makes one run of this one and the next, if they are short: a walk costs by the number of runs, too.
fn merge_with_next(runs: &mut Vec<Arc<Vec<Member>>>, index: usize) {
    let [run, next, ..] = &runs[index.min(runs.len())..] else { return };
    if run.len() + next.len() <= BATCH / 2 {
        let next = runs.remove(index + 1);
        Arc::make_mut(&mut runs[index]).extend(Arc::unwrap_or_clone(next));
    }
}

/// Members as they were when a walk came to them.
pub(super) struct Run {
    members: Arc<Vec<Member>>,
    begin: usize,
}

impl Run {
    pub(super) fn len(&self) -> usize {
        self.members.len() - self.begin
    }

    /// Those who have shaken hands, until the first error.
    pub(super) fn try_for_each<E>(
        &self,
        mut with: impl FnMut(&Arc<Connection>, HubProtocol) -> Result<(), E>,
    ) -> Result<(), E> {
        let members = &self.members[self.begin..];
        for (index, (_, connection)) in members.iter().enumerate() {
            if let Some((_, later)) = members.get(index + AHEAD) {
                later.prefetch();
            }
            if let Some(protocol) = connection.protocol() {
                with(connection, protocol)?;
            }
        }
        Ok(())
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

    /// Those whom a walk meets in one run.
    fn met(run: &Run) -> impl Iterator<Item = *const Connection> {
        run.members[run.begin..].iter().map(|(_, connection)| Arc::as_ptr(connection))
    }

    #[test]
    fn walk_is_short_again_after_a_rush() {
        let connection = &connections(1)[0];
        for leaves in [|left: u64| left, |left| 9_999 - left, |left| left * 7_919 % 10_000] {
            let members = Members::default();
            let numbers: Vec<_> = (0..10_000).map(|_| members.add(connection.clone())).collect();
            for left in (0..10_000).rev() {
                members.remove(numbers[leaves(left) as usize]);
                assert_eq!(members.len() as u64, left);
                let members = members.0.read();
                let runs = members.runs.len();
                assert!(runs as u64 <= 4 * left / BATCH as u64 + 1, "{left} left in {runs} runs");
                assert!(members.runs.capacity() <= 4 * runs.max(1));
            }
            assert!(members.walk().next().is_none());
        }
    }

    #[test]
    fn walk_meets_each_that_stays_once() {
        let connections = connections(4 * BATCH);
        let members = Members::default();
        let numbers: Vec<_> = connections.iter().map(|c| members.add(c.clone())).collect();
        let mut walk = members.walk();
        let mut all: Vec<_> = walk.next().iter().flat_map(met).collect();
        // Most of those whom it has met leave, some of those whom it has not, and somebody comes.
        let (stay, leave) = numbers.split_at(3 * BATCH);
        leave.iter().chain(&stay[1..2 * BATCH]).for_each(|number| members.remove(*number));
        members.add(connections[0].clone());
        walk.for_each(|run| all.extend(met(&run)));
        let late = &connections[2 * BATCH..3 * BATCH];
        let expected = [&connections[..BATCH], late, &connections[..1]].concat();
        assert_eq!(all, expected.iter().map(Arc::as_ptr).collect::<Vec<_>>());
        let expected = [&connections[..1], late, &connections[..1]].concat();
        assert!(is_same(&members.all(), &expected));
    }

    #[test]
    fn walk_keeps_a_run_as_it_was() {
        let connections = connections(3);
        let members = Members::default();
        let numbers: Vec<_> = connections.iter().map(|c| members.add(c.clone())).collect();
        let mut walk = members.walk();
        let run = walk.next().unwrap();
        members.remove(numbers[1]);
        members.add(connections[1].clone());
        assert!(met(&run).eq(connections.iter().map(Arc::as_ptr)));
        assert!(met(&walk.next().unwrap()).eq([Arc::as_ptr(&connections[1])]));
        assert!(walk.next().is_none());
    }
}
