use std::time::{Duration, Instant};

use super::{
    Bench, DELAY, Outcome, connections,
    fanout::{Audience, Deliveries, Fanout, Programme, Sender, Target},
    figures,
    schedule::Schedule,
};
use crate::{cli, measure::Process};

/// So much that it does not stay in the sockets' buffers.
const SIZE: u32 = 10_240;

/// Broadcasts while some clients do not read.
pub(super) fn run(bench: &mut Bench, adverse: &cli::Adverse) -> Outcome {
    let mut outcome = Outcome::default();
    connections::connect(bench, bench.options.connections, |_| None, &mut outcome.faults);
    let open = connections::open(bench);
    let stuck = (open.len() as f64 * adverse.stuck / 100.0).round().max(1.0) as usize;
    // The first sends.
    let Some((&first, deaf)) = open.split_first().filter(|(_, others)| others.len() >= stuck)
    else {
        outcome.faults.add("too few clients: some stop reading, and one must go on");
        return outcome;
    };
    let members = open.iter().map(|&id| (id, 0)).collect();
    let audience = Audience { targets: vec![Target::All], members };

    let (warm_up, duration) = (bench.options.warm_up, bench.options.duration);
    let start = Instant::now();
    let from = start + warm_up;
    let programme = Programme {
        sender: Sender::Client(first),
        schedule: Schedule { start, rate: adverse.rate, together: 1 },
        texts: bench.texts(0, SIZE),
        from,
        duration,
    };
    let mut fanouts = Fanout::deal(bench, &programme, audience);
    let deaf = &deaf[deaf.len() - stuck..];
    for &client in deaf {
        for fanout in &mut fanouts {
            fanout.deafen(bench.crew.crowd(client), client);
        }
    }
    let mut memory = Memory { pid: bench.pid, first: None, peak: 0, next: start };
    let limit = warm_up + duration + DELAY;
    let usage = bench.measure(&mut fanouts, from, limit, |now| memory.look(now));
    let deliveries = Deliveries::of(&programme, fanouts);
    outcome.faults.append(deliveries.faults);

    let (figures, count) = (&mut outcome.figures, deliveries.count as f64);
    figures::add(figures, "deliveries to the others", "/s", count / usage.seconds);
    figures::cpu(figures, "CPU per delivery", &usage, count);
    figures::delays(figures, figures::DELAY, &deliveries.delays);
    figures::add(figures, "clients that do not read", "", stuck as f64);
    figures::add(figures, "of them dropped by the server", "", deliveries.dropped.into());
    if let Some(first) = memory.first {
        let grown = memory.peak.saturating_sub(first) as f64;
        figures::add(figures, "memory grew at most by", "MB", grown / 1e6);
    }
    figures::server(figures, &usage);
    outcome.delays.push(("delivery to the others", deliveries.delays));
    outcome.usage = usage;
    for &client in deaf {
        bench.crew.crowd(client).cut(client);
    }
    connections::close(bench, &mut outcome.faults);
    outcome
}

/// An eye on the server's memory.
struct Memory {
    pid: Option<u32>,
    first: Option<u64>,
    peak: u64,
    next: Instant,
}

impl Memory {
    fn look(&mut self, now: Instant) {
        if now >= self.next {
            self.next = now + Duration::from_millis(250);
            if let Some(server) = self.pid.and_then(|pid| Process::read(pid).ok()) {
                self.first.get_or_insert(server.rss);
                self.peak = self.peak.max(server.rss);
            }
        }
    }
}
