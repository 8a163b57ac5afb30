//! A number that changes often and is pushed seldom.

use std::sync::atomic::{AtomicU64, Ordering};

/// An exact count, and whether it has changed since it was last pushed. A change and its reverse are
/// changes too: whoever came in between has not yet been told the number.
#[derive(Debug, Default)]
pub(super) struct Count {
    value: AtomicU64,
    changes: AtomicU64,
    pushed: AtomicU64,
}

impl Count {
    pub(super) fn new(value: u64) -> Self {
        Self { value: AtomicU64::new(value), ..Self::default() }
    }

    pub(super) fn get(&self) -> u64 {
        self.value.load(Ordering::Acquire)
    }

    /// One more; the number it makes.
    pub(super) fn up(&self) -> u64 {
        let value = self.value.fetch_add(1, Ordering::AcqRel) + 1;
        self.changes.fetch_add(1, Ordering::Release);
        value
    }

    /// One less.
    pub(super) fn down(&self) {
        self.value.fetch_sub(1, Ordering::AcqRel);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The present number, if it has changed since this was last asked.
    pub(super) fn take_change(&self) -> Option<u64> {
        // Read before the value: a change that comes between is told now and once more, but is
        // never left out.
        let changes = self.changes.load(Ordering::Acquire);
        let pushed = self.pushed.swap(changes, Ordering::AcqRel);
        (pushed != changes).then(|| self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_once() {
        let count = Count::new(41);
        assert_eq!(count.take_change(), None);
        assert_eq!(count.up(), 42);
        assert_eq!(count.take_change(), Some(42));
        assert_eq!(count.take_change(), None);
    }

    #[test]
    fn a_change_and_its_reverse_are_told() {
        let count = Count::new(3);
        count.up();
        count.down();
        assert_eq!(count.take_change(), Some(3));
    }
}
