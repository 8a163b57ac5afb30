//! How fast a client may send.

use crate::{clock, options::MessageRate};

/// A bucket that fills with the rate, and from which each message takes.
pub(super) struct Allowance {
    rate: MessageRate,
    /// Thousandths of a message.
    left: u64,
    filled: u64,
}

impl Allowance {
    pub(super) fn new(rate: MessageRate) -> Self {
        Self { rate, left: u64::from(rate.burst) * 1000, filled: clock::now() }
    }

    /// Whether one more message may come.
    pub(super) fn take(&mut self) -> bool {
        self.take_at(clock::now())
    }

    fn take_at(&mut self, now: u64) -> bool {
        let elapsed = now.saturating_sub(self.filled);
        self.filled = now;
        let gained = elapsed.saturating_mul(u64::from(self.rate.per_second));
        self.left = self.left.saturating_add(gained).min(u64::from(self.rate.burst) * 1000);
        match self.left.checked_sub(1000) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_is_allowed_and_then_the_rate() {
        let mut allowance =
            Allowance { rate: MessageRate { per_second: 10, burst: 3 }, left: 3000, filled: 0 };
        assert_eq!([0; 4].map(|now| allowance.take_at(now)), [true, true, true, false]);
        assert!(!allowance.take_at(99));
        assert!(allowance.take_at(100));
        assert!(!allowance.take_at(100));
        assert_eq!([60_000; 4].map(|now| allowance.take_at(now)), [true, true, true, false]);
    }
}
