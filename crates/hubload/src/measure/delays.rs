use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Delays in microseconds: all of them, and how they went over time.
#[derive(Debug)]
pub(crate) struct Delays {
    all: Histogram<u64>,
    recent: Histogram<u64>,
    start: Instant,
    step: Duration,
    points: Vec<Point>,
}

/// The delays of a step of time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Point {
    /// When the step ended, since the beginning of the measurement.
    pub(crate) seconds: f64,
    pub(crate) count: u64,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

/// Longer delays count as this long.
const LONGEST: u64 = 600_000_000;

/// How many steps a measurement is cut into.
const STEPS: u32 = 100;

impl Delays {
    pub(crate) fn new(start: Instant, duration: Duration) -> Self {
        Self {
            all: histogram(3),
            recent: histogram(2),
            start,
            step: (duration / STEPS).max(Duration::from_millis(1)),
            points: Vec::new(),
        }
    }

    pub(crate) fn record(&mut self, due: Instant, at: Instant) {
        if at >= self.start + self.step * (self.points.len() as u32 + 1) {
            self.step_on(at);
        }
        // What was done before it was due was done in time.
        let micros = at.saturating_duration_since(due).as_micros() as u64;
        self.all.saturating_record(micros);
        self.recent.saturating_record(micros);
    }

    /// Ends the steps that are over.
    fn step_on(&mut self, at: Instant) {
        while at >= self.start + self.step * (self.points.len() as u32 + 1) {
            let end = self.step * (self.points.len() as u32 + 1);
            self.points.push(Point {
                seconds: end.as_secs_f64(),
                count: self.recent.len(),
                p50: self.recent.value_at_quantile(0.5),
                p99: self.recent.value_at_quantile(0.99),
                max: self.recent.max(),
            });
            self.recent.reset();
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.all.len()
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        self.all.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// In milliseconds.
    pub(crate) fn max(&self) -> f64 {
        self.all.max() as f64 / 1000.0
    }

    /// Each delay that occurred, in microseconds and as precise as it was recorded, and how often.
    pub(crate) fn recorded(&self) -> Vec<(u64, u64)> {
        self.all
            .iter_recorded()
            .map(|step| (step.value_iterated_to(), step.count_since_last_iteration()))
            .collect()
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }
}

fn histogram(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, digits)
        .unwrap_or_else(|_| unreachable!("the bounds are in order"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_count_from_when_something_was_due() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut delays = Delays::new(start, Duration::from_secs(1));
        delays.record(at(0), at(5));
        delays.record(at(0), at(30));
        delays.record(at(40), at(35));
        assert_eq!(delays.count(), 3);
        assert!((delays.max() - 30.0).abs() < 0.1);
        assert!(delays.quantile(0.01) < 0.01);
        let counts: Vec<u64> = delays.points().iter().map(|point| point.count).collect();
        assert_eq!(counts, [1, 0, 0], "the step of 30 ms is not over");
        assert_eq!(delays.recorded().iter().map(|(_, count)| count).sum::<u64>(), 3);
    }
}
