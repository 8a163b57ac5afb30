//! When a changed tally may be pushed: at once if its poll was quiet, else a tenth of a second
//! after the last.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The least time between two pushes of one poll: at most ten a second.
pub(super) const SPACING: Duration = Duration::from_millis(100);

/// Which polls changed since they were last pushed.
#[derive(Debug, Default)]
pub(super) struct Pace(HashMap<i64, Progress>);

#[derive(Debug, Default)]
struct Progress {
    changed: bool,
    pushed: Option<Instant>,
}

impl Progress {
    fn may_push(&self, now: Instant) -> bool {
        self.pushed.is_none_or(|pushed| now.duration_since(pushed) >= SPACING)
    }
}

impl Pace {
    /// Notes that a poll has news.
    pub(super) fn changed(&mut self, poll: i64) {
        self.0.entry(poll).or_default().changed = true;
    }

    /// Whether this poll has news that may be pushed now. If so, they count as pushed.
    pub(super) fn take(&mut self, poll: i64, now: Instant) -> bool {
        let Some(progress) = self.0.get_mut(&poll) else { return false };
        let due = progress.changed && progress.may_push(now);
        if due {
            *progress = Progress { changed: false, pushed: Some(now) };
        }
        due
    }

    /// Takes all polls that have news that may be pushed now, and forgets those that have been
    /// quiet.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<i64> {
        self.0.retain(|_, progress| progress.changed || !progress.may_push(now));
        let polls: Vec<_> = self.0.keys().copied().collect();
        polls.into_iter().filter(|poll| self.take(*poll, now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_change_goes_out_at_once_and_only_once() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!(!pace.take(1, now));
        pace.changed(1);
        assert!(pace.take(1, now));
        assert!(!pace.take(1, now + SPACING));
    }

    #[test]
    fn a_storm_is_coalesced_and_its_end_goes_out() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let mut pushes = Vec::new();
        for millisecond in 0..1_200 {
            let now = start + Duration::from_millis(millisecond);
            if millisecond < 1_000 {
                pace.changed(1);
                pushes.extend(pace.take(1, now).then_some(millisecond));
            }
            pushes.extend(pace.take_due(now).iter().map(|_| millisecond));
        }
        assert_eq!(pushes, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
    }

    #[test]
    fn polls_do_not_wait_for_each_other_and_quiet_ones_are_forgotten() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.changed(1);
        assert!(pace.take(1, now));
        pace.changed(2);
        assert_eq!(pace.take_due(now), [2]);
        assert!(pace.take_due(now + SPACING).is_empty());
        assert!(pace.0.is_empty());
    }
}
