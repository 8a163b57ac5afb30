use std::time::Instant;

use super::{
    Bench, DELAY, Outcome, SIZE,
    calls::{Calls, Kind, Pace},
    connections, figures,
    schedule::Schedule,
    window::Window,
};
use crate::cli;

/// Has all clients call a method that answers.
pub(super) fn run(bench: &mut Bench, kind: Kind, calling: &cli::Calling) -> Outcome {
    let mut outcome = Outcome::default();
    connections::connect(bench, bench.options.connections, |_| None, &mut outcome.faults);
    let callers = connections::open(bench);
    if callers.is_empty() {
        return outcome;
    }

    let (warm_up, duration) = (bench.options.warm_up, bench.options.duration);
    let start = Instant::now();
    let pace = match calling.rate {
        Some(rate) => {
            let schedule = Schedule { start, rate, together: 1 };
            Pace::Open { schedule, total: schedule.count(warm_up + duration) }
        }
        None => Pace::Closed { in_flight: calling.in_flight, until: start + warm_up + duration },
    };
    let texts = bench.texts(0, SIZE);
    let window = Window::new(start + warm_up, bench.pid);
    let mut calls = Calls::new(kind, pace, texts, callers, window, duration);
    bench.drive(&mut calls, warm_up + duration + DELAY);
    calls.end();
    let (usage, answered) = calls.window.end(calls.answered);
    outcome.faults.append(calls.faults);

    let figures = &mut outcome.figures;
    figures::add(figures, "calls answered", "/s", answered as f64 / usage.seconds);
    figures::cpu(figures, "CPU per call", &usage, answered as f64);
    if let Kind::Stream { items } | Kind::Upload { items } = kind {
        let items = answered as f64 * f64::from(items);
        figures::add(figures, "items", "/s", items / usage.seconds);
        figures::cpu(figures, "CPU per item", &usage, items);
    }
    figures::delays(figures, figures::DELAY, &calls.delays);
    figures::server(figures, &usage);
    outcome.delays.push(("answer", calls.delays));
    outcome.usage = usage;
    connections::close(bench, &mut outcome.faults);
    outcome
}
