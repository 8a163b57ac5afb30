use std::time::Instant;

use super::{
    Bench, DELAY, Outcome, SIZE,
    calls::{Answers, Calls, Kind, Pace, Programme},
    connections, figures,
    schedule::Schedule,
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
    let from = start + warm_up;
    let programme = Programme { kind, pace, texts: bench.texts(0, SIZE), from, duration };
    let mut calls = Calls::deal(bench, programme, &callers);
    let usage = bench.measure(&mut calls, from, warm_up + duration + DELAY, |_| {});
    let answers = Answers::of(calls);
    outcome.faults.append(answers.faults);

    let (figures, count) = (&mut outcome.figures, answers.count as f64);
    figures::add(figures, "calls answered", "/s", count / usage.seconds);
    figures::cpu(figures, "CPU per call", &usage, count);
    if let Kind::Stream { items } | Kind::Upload { items } = kind {
        let items = count * f64::from(items);
        figures::add(figures, "items", "/s", items / usage.seconds);
        figures::cpu(figures, "CPU per item", &usage, items);
    }
    figures::delays(figures, figures::DELAY, &answers.delays);
    figures::server(figures, &usage);
    outcome.delays.push(("answer", answers.delays));
    outcome.usage = usage;
    connections::close(bench, &mut outcome.faults);
    outcome
}
