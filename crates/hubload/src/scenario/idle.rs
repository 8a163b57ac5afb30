use std::time::{Duration, Instant};

use super::{Bench, Outcome, connections, figures};
use crate::{
    cli,
    measure::{Meter, Process},
};

/// How long the server rests before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// What a client waits for a sign of life, as the official ones do.
const SERVER_TIMEOUT: Duration = Duration::from_secs(30);

/// Connects in steps, then holds the connections, with nothing but keep-alives both ways.
pub(super) fn run(bench: &mut Bench, idle: &cli::Idle) -> Outcome {
    let mut outcome = Outcome::default();
    let faults = &mut outcome.faults;
    let mut memory = Vec::new();
    let all = bench.options.connections;
    for step in 1..=idle.steps {
        let before = (all * (step - 1)) / idle.steps;
        connections::connect(bench, all * step / idle.steps - before, |_| None, faults);
        bench.rest(REST, faults);
        if let Some(server) = bench.pid.and_then(|pid| Process::read(pid).ok()) {
            memory.push((connections::open(bench).len() as f64, server.rss as f64));
        }
    }

    let open = connections::open(bench).len() as f64;
    let pings = pings(bench);
    let meter = Meter::start(bench.pid);
    bench.rest(bench.options.duration, faults);
    outcome.usage = meter.stop(bench.effort);
    let silent = bench.crew.clients().filter(|client| {
        client.keeps_alive()
            && client.heard.is_some_and(|heard| heard + SERVER_TIMEOUT < Instant::now())
    });
    faults.add_many("heard nothing of the server for 30 s", silent.count() as u64);

    let (usage, figures) = (&outcome.usage, &mut outcome.figures);
    if let Some(bytes) = slope(&memory) {
        figures::add(figures, "memory per connection", "kB", bytes / 1000.0);
    }
    figures::cpu(figures, "CPU per connection and second", usage, open * usage.seconds);
    let pings = (self::pings(bench) - pings) as f64 / usage.seconds;
    figures::add(figures, "pings of the server", "/s", pings);
    figures::server(figures, usage);
    connections::close(bench, faults);
    outcome
}

/// How many have come in all.
fn pings(bench: &Bench) -> u64 {
    bench.crew.clients().map(|client| u64::from(client.pings)).sum()
}

/// By least squares, or none where all points stand above each other.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_needs_two_places() {
        assert_eq!(slope(&[]), None);
        assert_eq!(slope(&[(1.0, 5.0), (1.0, 7.0)]), None);
        assert_eq!(slope(&[(1.0, 10.0), (2.0, 13.0), (3.0, 16.0)]), Some(3.0));
    }
}
