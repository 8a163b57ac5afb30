use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Takes delays down, on one thread.
#[derive(Debug)]
pub(crate) struct Recorder {
    all: Histogram<u64>,
    recent: Histogram<u64>,
    start: Instant,
    step: Duration,
    /// The delays of each step of time that is over.
    steps: Vec<Vec<(u64, u64)>>,
}

/// Delays in microseconds: all of them, and how they went over time.
#[derive(Debug)]
pub(crate) struct Delays {
    all: Histogram<u64>,
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

impl Recorder {
    pub(crate) fn new(start: Instant, duration: Duration) -> Self {
        Self {
            all: histogram(3),
            recent: histogram(2),
            start,
            step: (duration / STEPS).max(Duration::from_millis(1)),
            steps: Vec::new(),
        }
    }

    pub(crate) fn record(&mut self, due: Instant, at: Instant) {
        while at >= self.start + self.step * (self.steps.len() as u32 + 1) {
            self.step_on();
        }
        // What was done before it was due was done in time.
        let micros = at.saturating_duration_since(due).as_micros() as u64;
        self.all.saturating_record(micros);
        self.recent.saturating_record(micros);
    }

    fn step_on(&mut self) {
        self.steps.push(recorded(&self.recent));
        self.recent.reset();
    }
}

impl Delays {
    /// What several threads have recorded, from the same start and for the same duration.
    pub(crate) fn of(recorders: impl IntoIterator<Item = Recorder>) -> Self {
        let mut recorders: Vec<_> = recorders.into_iter().collect();
        let mut all = histogram(3);
        for recorder in &mut recorders {
            recorder.step_on();
            add(&mut all, &recorded(&recorder.all));
        }
        let steps = recorders.iter().map(|recorder| recorder.steps.len()).max().unwrap_or_default();
        let mut step = histogram(2);
        let mut points = Vec::with_capacity(steps);
        for n in 0..steps {
            step.reset();
            let mut end = Duration::ZERO;
            for recorder in &recorders {
                end = recorder.step * (n as u32 + 1);
                add(&mut step, recorder.steps.get(n).map_or(&[], Vec::as_slice));
            }
            points.push(Point {
                seconds: end.as_secs_f64(),
                count: step.len(),
                p50: step.value_at_quantile(0.5),
                p99: step.value_at_quantile(0.99),
                max: step.max(),
            });
        }
        Self { all, points }
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
        recorded(&self.all)
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }
}

fn recorded(delays: &Histogram<u64>) -> Vec<(u64, u64)> {
    delays
        .iter_recorded()
        .map(|step| (step.value_iterated_to(), step.count_since_last_iteration()))
        .collect()
}

fn add(to: &mut Histogram<u64>, delays: &[(u64, u64)]) {
    for &(micros, count) in delays {
        to.saturating_record_n(micros, count);
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
        let mut recorder = Recorder::new(start, Duration::from_secs(1));
        recorder.record(at(0), at(5));
        recorder.record(at(0), at(30));
        recorder.record(at(40), at(35));
        let delays = Delays::of([recorder]);
        assert_eq!(delays.count(), 3);
        assert!((delays.max() - 30.0).abs() < 0.1);
        assert!(delays.quantile(0.01) < 0.01);
        let counts: Vec<u64> = delays.points().iter().map(|point| point.count).collect();
        assert_eq!(counts, [1, 0, 0, 2]);
        assert_eq!(delays.recorded().iter().map(|(_, count)| count).sum::<u64>(), 3);
    }

    #[test]
    fn threads_record_side_by_side() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let [mut one, mut other] = [(); 2].map(|()| Recorder::new(start, Duration::from_secs(1)));
        one.record(at(0), at(1));
        one.record(at(0), at(25));
        other.record(at(0), at(3));
        other.record(at(20), at(26));
        let delays = Delays::of([one, other]);
        let seen = delays.points().iter().map(|point| (point.seconds, point.count, point.max));
        let (first, last) = ((0.01, 2, 3_007), (0.03, 2, 25_087));
        assert_eq!(seen.collect::<Vec<_>>(), [first, (0.02, 0, 0), last]);
        assert_eq!(delays.count(), 4);
        assert!((delays.max() - 25.0).abs() < 0.1);
    }
}
