use std::time::Instant;

use super::{
    Bench, DELAY, Outcome, SIZE,
    calls::{self, Answers, Calls, Kind, Pace},
    connections,
    fanout::{self, Audience, Deliveries, Fanout, Sender, Target},
    figures,
    schedule::Schedule,
    text::Texts,
};
use crate::{
    cli,
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    protocol::{Message, Value},
};

/// Ticks and tallies a second.
const TICKS: f64 = 1.0;
const TALLIES: f64 = 4.0;

/// A dashboard: all get a tick a second. A third into it a poll opens: votes come in, each
/// answered, and a tally goes out to all while they do.
pub(super) fn run(bench: &mut Bench, mixed: &cli::Mixed) -> Outcome {
    let mut outcome = Outcome::default();
    connections::connect(bench, bench.options.connections, |_| None, &mut outcome.faults);
    let open = connections::open(bench);
    let Some(&first) = open.first() else {
        return outcome;
    };
    let (warm_up, duration) = (bench.options.warm_up, bench.options.duration);
    let start = Instant::now();
    let from = start + warm_up;
    let poll = from + duration / 3;
    let sender = Sender::Client(first);
    let ticks = fanout::Programme {
        sender: sender.clone(),
        schedule: Schedule { start, rate: TICKS, together: 1 },
        texts: Texts { size: mixed.tick as usize, ..bench.texts(0, SIZE) },
        from,
        duration,
    };
    let tallies = fanout::Programme {
        sender,
        schedule: Schedule { start: poll, rate: TALLIES, together: 1 },
        texts: bench.texts(1, SIZE),
        from,
        duration: mixed.poll,
    };
    let total = u64::from(mixed.votes.unwrap_or(open.len() as u32));
    let rate = total as f64 / mixed.poll.as_secs_f64().max(0.001);
    let votes = calls::Programme {
        kind: Kind::Echo,
        pace: Pace::Open { schedule: Schedule { start: poll, rate, together: 1 }, total },
        texts: bench.texts(2, SIZE),
        from,
        duration,
    };
    let audience =
        Audience { targets: vec![Target::All], members: open.iter().map(|&id| (id, 0)).collect() };
    let mut voters = open;
    shuffle(&mut voters, bench.options.seed);

    let parts = Fanout::deal(bench, &ticks, audience.clone())
        .into_iter()
        .zip(Fanout::deal(bench, &tallies, audience))
        .zip(Calls::deal(bench, votes, &voters));
    let mut dashboards: Vec<_> =
        parts.map(|((ticks, tallies), votes)| Dashboard { ticks, tallies, votes }).collect();
    let limit = warm_up + duration + mixed.poll + DELAY;
    outcome.usage = bench.measure(&mut dashboards, from, limit, |_| {});
    let parts = dashboards.into_iter().map(|parts| (parts.ticks, parts.tallies, parts.votes));
    let parts: (Vec<_>, Vec<_>, Vec<_>) = parts.collect();
    let ticks = Deliveries::of(&ticks, parts.0);
    let tallies = Deliveries::of(&tallies, parts.1);
    let votes = Answers::of(parts.2);
    let all = ticks.count + tallies.count + votes.count;

    let (figures, usage) = (&mut outcome.figures, &outcome.usage);
    figures::delays(figures, ["tick p50", "tick p99", "tick p99.9", "tick max"], &ticks.delays);
    figures::delays(
        figures,
        ["tally p50", "tally p99", "tally p99.9", "tally max"],
        &tallies.delays,
    );
    figures::delays(figures, ["vote p50", "vote p99", "vote p99.9", "vote max"], &votes.delays);
    figures::cpu(figures, "CPU per message", usage, all as f64);
    figures::server(figures, usage);
    for (name, delays) in
        [("tick", ticks.delays), ("tally", tallies.delays), ("vote", votes.delays)]
    {
        outcome.delays.push((name, delays));
    }
    for faults in [ticks.faults, tallies.faults, votes.faults] {
        outcome.faults.append(faults);
    }
    connections::close(bench, &mut outcome.faults);
    outcome
}

/// The part of one thread.
struct Dashboard {
    ticks: Fanout,
    tallies: Fanout,
    votes: Calls,
}

impl Listener for Dashboard {
    fn faults(&mut self) -> &mut Faults {
        self.ticks.faults()
    }

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant) {
        match &message {
            Message::Invocation(call) => match &call.arguments[0] {
                Some(Value::Text(text)) if self.tallies.wrote(text) => {
                    self.tallies.received(client, message, at);
                }
                _ => self.ticks.received(client, message, at),
            },
            Message::Completion { id, .. } if self.votes.waits_for(client.id, *id) => {
                self.votes.received(client, message, at);
            }
            _ => self.ticks.received(client, message, at),
        }
    }

    fn closed(&mut self, client: u32, why: Option<String>, at: Instant) {
        self.ticks.closed(client, why, at);
        self.tallies.closed(client, None, at);
        self.votes.closed(client, None, at);
    }
}

impl Load for Dashboard {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        let parts: [&mut dyn Load; 3] = [&mut self.ticks, &mut self.tallies, &mut self.votes];
        // All of them take their turn, also when the first is done.
        parts.into_iter().filter_map(|part| part.tick(crowd, now)).min()
    }
}

/// By Fisher and Yates, with the numbers of SplitMix64.
fn shuffle(items: &mut [u32], seed: u64) {
    let mut state = seed;
    for n in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut random = state;
        random = (random ^ random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        random = (random ^ random >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        random ^= random >> 31;
        items.swap(n, (random % (n as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_order_of_all() {
        let shuffled = |seed| {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, seed);
            items
        };
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
        let mut sorted = shuffled(1);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..50));
    }
}
