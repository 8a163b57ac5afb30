use super::{Bench, Outcome, SETTLE, connections, figures};
use crate::measure::Meter;

/// Makes all connections, then closes them, and tells what each costs.
pub(super) fn run(bench: &mut Bench) -> Outcome {
    let mut outcome = Outcome::default();
    let count = bench.options.connections;
    if !bench.options.warm_up.is_zero() {
        // So many that the server's code is warm, so few that its memory stays small.
        connections::connect(bench, count.min(200), |_| None, &mut outcome.faults);
        connections::close(bench, &mut outcome.faults);
        bench.rest(SETTLE, &mut outcome.faults);
    }
    let figures = &mut outcome.figures;

    let meter = Meter::start(bench.pid);
    let connecting = connections::connect(bench, count, |_| None, &mut outcome.faults);
    let effort = bench.effort;
    let seconds = meter.stop(effort).seconds;
    bench.rest(SETTLE, &mut outcome.faults);
    let usage = meter.stop(effort);
    let made = connections::open(bench).len() as f64;
    figures::add(figures, "connections made", "/s", made / seconds);
    figures::cpu(figures, "CPU per connection made", &usage, made);
    figures::delays(figures, TIMES, &connecting);
    figures::server(figures, &usage);

    let meter = Meter::start(bench.pid);
    connections::close(bench, &mut outcome.faults);
    let effort = bench.effort;
    let seconds = meter.stop(effort).seconds;
    bench.rest(SETTLE, &mut outcome.faults);
    let closing = meter.stop(effort);
    figures::add(figures, "connections closed", "/s", made / seconds);
    figures::cpu(figures, "CPU per connection closed", &closing, made);

    outcome.delays.push(("connect", connecting));
    outcome.usage = usage;
    outcome
}

const TIMES: [&str; 4] =
    ["time to connect p50", "time to connect p99", "time to connect p99.9", "time to connect max"];
