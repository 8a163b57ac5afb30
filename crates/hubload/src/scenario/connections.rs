//! Clients come and go.

use std::{
    ops::Range,
    rc::Rc,
    time::{Duration, Instant},
};

use super::Bench;
use crate::{
    client::{Client, Listener, Stage},
    engine::{Crowd, Load},
    faults::Faults,
    measure::Delays,
    protocol::Message,
};

/// For a connection to be made or closed in, once it is its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects more clients, so many at a time, and tells how long each took.
pub(super) fn connect(
    bench: &mut Bench,
    count: u32,
    bearer: impl Fn(u32) -> Option<Rc<str>>,
    faults: &mut Faults,
) -> Delays {
    let first = bench.engine.crowd.clients().len() as u32;
    for n in 0..count {
        bench.engine.crowd.add(&bench.plan, bearer(first + n));
    }
    let turns = Turns::new(Act::Connect, first..first + count, bench.options.connecting);
    turns.run(bench, faults)
}

/// Closes all clients, so many at a time, and tells how long each took.
pub(super) fn close(bench: &mut Bench, faults: &mut Faults) -> Delays {
    let all = 0..bench.engine.crowd.clients().len() as u32;
    let turns = Turns::new(Act::Close, all, bench.options.connecting);
    let delays = turns.run(bench, faults);
    bench.engine.crowd.clear();
    delays
}

/// Who is connected.
pub(super) fn open(bench: &Bench) -> Vec<u32> {
    let clients = bench.engine.crowd.clients().iter();
    clients.filter(|client| client.is_open()).map(|client| client.id).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Connect,
    Close,
}

/// Many clients do the same, in turn.
struct Turns {
    act: Act,
    first: u32,
    waiting: Range<u32>,
    limit: usize,
    /// Since when each client has been at it.
    acting: Vec<Option<Instant>>,
    busy: usize,
    delays: Delays,
    faults: Faults,
}

impl Turns {
    fn new(act: Act, who: Range<u32>, limit: u32) -> Self {
        Self {
            act,
            first: who.start,
            limit: limit as usize,
            acting: vec![None; who.len()],
            waiting: who,
            busy: 0,
            delays: Delays::new(Instant::now(), Duration::from_secs(10)),
            faults: Faults::default(),
        }
    }

    fn run(mut self, bench: &mut Bench, faults: &mut Faults) -> Delays {
        let count = self.acting.len() as u32;
        if !bench.drive(&mut self, PATIENCE + Duration::from_millis(10) * count) {
            let wanted = if self.act == Act::Connect { Stage::Open } else { Stage::Away };
            for client in &bench.engine.crowd.clients()[self.first as usize..] {
                if client.stage() != wanted {
                    self.faults.add(format!("no end of {}", client.stage().doing()));
                }
            }
        }
        faults.append(self.faults);
        self.delays
    }

    fn done(&mut self, client: u32, at: Instant) {
        let place = client.checked_sub(self.first).map(|n| n as usize);
        let since = place.and_then(|n| self.acting.get_mut(n)).and_then(Option::take);
        if let Some(since) = since {
            self.busy -= 1;
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
        while self.busy < self.limit {
            let Some(id) = self.waiting.next() else {
                return (self.busy > 0).then(|| now + Duration::from_secs(1));
            };
            if self.act == Act::Close && !crowd.client(id).is_open() {
                continue;
            }
            self.acting[(id - self.first) as usize] = Some(now);
            self.busy += 1;
            match self.act {
                Act::Connect => crowd.connect(id),
                Act::Close => crowd.close(id),
            }
        }
        Some(now + Duration::from_secs(1))
    }
}
