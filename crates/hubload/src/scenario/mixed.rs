use std::time::Instant;

use super::{
    Bench, DELAY, Outcome, SIZE,
    calls::{Calls, Kind, Pace},
    connections,
    fanout::{Audience, Fanout, Sender, Target},
    figures,
    schedule::Schedule,
    text::Texts,
    window::Window,
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
    let measured = start + warm_up;
    let window = || Window::new(measured, bench.pid);
    let members: Vec<_> = open.iter().map(|&id| (id, 0)).collect();
    let fanout = |schedule, texts, duration| {
        let audience = Audience { targets: vec![Target::All], members: members.clone() };
        Fanout::new(Sender::Client(first), schedule, texts, audience, window(), duration)
    };

    let ticks = Schedule { start, rate: TICKS, together: 1 };
    let tick_texts = Texts { size: mixed.tick as usize, ..bench.texts(0, SIZE) };
    let ticks = fanout(ticks, tick_texts, duration);

    let poll = measured + duration / 3;
    let tallies = Schedule { start: poll, rate: TALLIES, together: 1 };
    let tallies = fanout(tallies, bench.texts(1, SIZE), mixed.poll);

    let votes = u64::from(mixed.votes.unwrap_or(open.len() as u32));
    let rate = votes as f64 / mixed.poll.as_secs_f64().max(0.001);
    let schedule = Schedule { start: poll, rate, together: 1 };
    let mut voters = open;
    shuffle(&mut voters, bench.options.seed);
    let pace = Pace::Open { schedule, total: votes };
    let votes = Calls::new(Kind::Echo, pace, bench.texts(2, SIZE), voters, window(), duration);

    let mut dashboard = Dashboard { ticks, tallies, votes, tally_tag: bench.texts(1, SIZE) };
    bench.drive(&mut dashboard, warm_up + duration + mixed.poll + DELAY);
    let Dashboard { mut ticks, mut tallies, mut votes, .. } = dashboard;
    ticks.end();
    tallies.end();
    votes.end();
    let (usage, ticked) = ticks.window.end(ticks.delivered);
    let (_, tallied) = tallies.window.end(tallies.delivered);
    let all = ticked + tallied + votes.answered;

    let figures = &mut outcome.figures;
    figures::delays(figures, ["tick p50", "tick p99", "tick p99.9", "tick max"], &ticks.delays);
    figures::delays(
        figures,
        ["tally p50", "tally p99", "tally p99.9", "tally max"],
        &tallies.delays,
    );
    figures::delays(figures, ["vote p50", "vote p99", "vote p99.9", "vote max"], &votes.delays);
    figures::cpu(figures, "CPU per message", &usage, all as f64);
    figures::server(figures, &usage);
    for (name, delays) in
        [("tick", ticks.delays), ("tally", tallies.delays), ("vote", votes.delays)]
    {
        outcome.delays.push((name, delays));
    }
    for faults in [ticks.faults, tallies.faults, votes.faults] {
        outcome.faults.append(faults);
    }
    outcome.usage = usage;
    connections::close(bench, &mut outcome.faults);
    outcome
}

struct Dashboard {
    ticks: Fanout,
    tallies: Fanout,
    votes: Calls,
    tally_tag: Texts,
}

impl Listener for Dashboard {
    fn faults(&mut self) -> &mut Faults {
        self.ticks.faults()
    }

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant) {
        match &message {
            Message::Invocation(call) => match &call.arguments[0] {
                Some(Value::Text(text)) if self.tally_tag.wrote(text) => {
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
