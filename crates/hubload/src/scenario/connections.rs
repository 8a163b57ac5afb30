//! Clients come and go.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
    vec,
};

use super::Bench;
use crate::{
    client::{Client, Listener, Stage},
    engine::{Crowd, Load},
    faults::Faults,
    measure::{Delays, Recorder},
    protocol::Message,
};

/// For a connection to be made or closed in, once it is its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects more clients, so many at a time, and tells how long each took.
pub(super) fn connect(
    bench: &mut Bench,
    count: u32,
    bearer: impl Fn(u32) -> Option<Arc<str>>,
    faults: &mut Faults,
) -> Delays {
    let added = bench.crew.add(&bench.plan, count, bearer);
    take_turns(bench, Act::Connect, &added, faults)
}

/// Closes all clients, so many at a time, and tells how long each took.
pub(super) fn close(bench: &mut Bench, faults: &mut Faults) -> Delays {
    let open = open(bench);
    let delays = take_turns(bench, Act::Close, &open, faults);
    bench.crew.clear();
    delays
}

/// Who is connected.
pub(super) fn open(bench: &Bench) -> Vec<u32> {
    let open = bench.crew.clients().filter(|client| client.is_open());
    let mut open: Vec<_> = open.map(|client| client.id).collect();
    // Whoever takes some of them takes about as many of each thread.
    open.sort_unstable();
    open
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Connect,
    Close,
}

/// Has clients do the same, so many at a time, and tells how long each took.
fn take_turns(bench: &mut Bench, act: Act, who: &[u32], faults: &mut Faults) -> Delays {
    let start = Instant::now();
    let (threads, limit) = (bench.options.threads(), bench.options.connecting);
    let hands = bench.crew.deal(who.iter().copied(), |&id| id);
    let turns = hands.into_iter().zip(0..).map(|(hand, thread)| Turns {
        act,
        waiting: hand.into_iter(),
        // The threads share what may be done at a time.
        limit: ((limit + thread) / threads) as usize,
        acting: HashMap::new(),
        delays: Recorder::new(start, Duration::from_secs(10)),
        faults: Faults::default(),
    });
    let mut turns: Vec<_> = turns.collect();
    if !bench.drive(&mut turns, PATIENCE + Duration::from_millis(10) * who.len() as u32) {
        let wanted = if act == Act::Connect { Stage::Open } else { Stage::Away };
        for &id in who {
            let stage = bench.crew.crowd(id).client(id).stage();
            if stage != wanted {
                faults.add(format!("no end of {}", stage.doing()));
            }
        }
    }
    Delays::of(turns.into_iter().map(|turns| {
        faults.append(turns.faults);
        turns.delays
    }))
}

/// The clients of a thread take their turns.
struct Turns {
    act: Act,
    waiting: vec::IntoIter<u32>,
    limit: usize,
    /// Who is at it, and since when.
    acting: HashMap<u32, Instant>,
    delays: Recorder,
    faults: Faults,
}

impl Turns {
    fn done(&mut self, client: u32, at: Instant) {
        if let Some(since) = self.acting.remove(&client) {
            self.delays.record(since, at);
        }
    }
}

impl Listener for Turns {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn opened(&mut self, client: &mut Client, at: Instant) {
        self.done(client.id, at);
    }

    fn received(&mut self, _: &mut Client, _: Message<'_>, _: Instant) {}

    fn closed(&mut self, client: u32, why: Option<String>, at: Instant) {
        self.done(client, at);
        if let Some(why) = why {
            self.faults.add(why);
        }
    }
}

impl Load for Turns {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        while self.acting.len() < self.limit {
            let Some(id) = self.waiting.next() else {
                return (!self.acting.is_empty()).then(|| now + Duration::from_secs(1));
            };
            // It may have been closed while others were.
            if self.act == Act::Close && !crowd.client(id).is_open() {
                continue;
            }
            self.acting.insert(id, now);
            match self.act {
                Act::Connect => crowd.connect(id),
                Act::Close => crowd.close(id),
            }
        }
        Some(now + Duration::from_secs(1))
    }
}
