use std::time::Instant;

use crate::measure::{Meter, Usage};

/// The part of a load that is measured: what comes before it warms the server up.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) from: Instant,
    pid: Option<u32>,
    /// What measures, and how much was done before.
    measuring: Option<(Meter, u64)>,
}

impl Window {
    pub(super) fn new(from: Instant, pid: Option<u32>) -> Self {
        Self { from, pid, measuring: None }
    }

    /// Starts to measure when it is time. `done` counts what the load has done.
    pub(super) fn tick(&mut self, now: Instant, done: u64) {
        if self.measuring.is_none() && now >= self.from {
            self.measuring = Some((Meter::start(self.pid), done));
        }
    }

    /// The beginning of the measurement, if that comes before something else.
    pub(super) fn next(&self, now: Instant, other: Instant) -> Instant {
        if now < self.from { self.from.min(other) } else { other }
    }

    /// What was used since the start, and how much was done.
    pub(super) fn end(&self, done: u64) -> (Usage, u64) {
        match &self.measuring {
            Some((meter, before)) => (meter.stop(), done - before),
            None => (Usage::default(), 0),
        }
    }
}
