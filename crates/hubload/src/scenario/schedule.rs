use std::time::{Duration, Instant};

/// When which of many things is due: some at a time, at a steady rate on the whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) start: Instant,
    /// Things a second.
    pub(super) rate: f64,
    /// Things that are due at once.
    pub(super) together: u64,
}

impl Schedule {
    pub(super) fn due(&self, n: u64) -> Instant {
        let first = n / self.together * self.together;
        self.start + Duration::from_secs_f64(first as f64 / self.rate)
    }

    /// How many are due within a time.
    pub(super) fn count(&self, time: Duration) -> u64 {
        let count = (time.as_secs_f64() * self.rate).ceil() as u64;
        count.max(1).next_multiple_of(self.together)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_whatever_is_due_at_once() {
        let start = Instant::now();
        let paced = Schedule { start, rate: 20.0, together: 1 };
        assert_eq!(paced.due(0), start);
        assert_eq!(paced.due(3), start + Duration::from_millis(150));
        assert_eq!(paced.count(Duration::from_secs(2)), 40);
        let bursts = Schedule { start, rate: 20.0, together: 10 };
        assert_eq!(bursts.due(9), start);
        assert_eq!(bursts.due(10), start + Duration::from_millis(500));
        assert_eq!(bursts.count(Duration::from_secs(2)), 40);
        assert_eq!(bursts.count(Duration::from_millis(100)), 10);
    }
}
