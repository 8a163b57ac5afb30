//! Calls that are answered: `Echo`, `Stream` and `Upload`.

use std::{
    collections::HashMap,
    mem,
    time::{Duration, Instant},
};

use super::{Bench, PATIENCE, schedule::Schedule, text::Texts};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    measure::{Delays, Recorder},
    protocol::{Invocation, Message, Value},
};

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Echo,
    Stream { items: u32 },
    Upload { items: u32 },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// So many calls in all, each when it is due, whatever the answers do.
    Open { schedule: Schedule, total: u64 },
    /// So many calls of each client at a time, until the end.
    Closed { in_flight: u32, until: Instant },
}

/// What is called when: the same on all threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Programme {
    pub(super) kind: Kind,
    pub(super) pace: Pace,
    pub(super) texts: Texts,
    /// When the measurement begins, and how long it lasts.
    pub(super) from: Instant,
    pub(super) duration: Duration,
}

/// The calls of one thread's clients.
#[derive(Debug)]
pub(super) struct Calls {
    programme: Programme,
    /// Who calls in turn, and the turns of all threads.
    callers: Vec<(u64, u32)>,
    turns: u64,
    /// What each client waits for.
    pending: HashMap<u32, Vec<Pending>>,
    waiting: u64,
    /// When the last answer came.
    last: Instant,
    made: u64,
    /// How many answers have come since the measurement began.
    answered: u64,
    delays: Recorder,
    faults: Faults,
}

#[derive(Debug)]
struct Pending {
    id: u32,
    due: Instant,
    /// How many items of a stream have come.
    items: u32,
}

impl Calls {
    /// The part of each thread in what all callers do in turn.
    pub(super) fn deal(bench: &Bench, programme: Programme, callers: &[u32]) -> Vec<Self> {
        let in_turn = (0..).zip(callers.iter().copied());
        let hands = bench.crew.deal(in_turn, |&(_, client)| client).into_iter();
        let calls = |hand: Vec<(u64, u32)>| Self {
            programme,
            pending: hand.iter().map(|&(_, client)| (client, Vec::new())).collect(),
            callers: hand,
            turns: callers.len() as u64,
            waiting: 0,
            last: programme.from,
            made: 0,
            answered: 0,
            delays: Recorder::new(programme.from, programme.duration),
            faults: Faults::default(),
        };
        hands.map(calls).collect()
    }

    /// The next call in turn of this thread's clients: which of all calls it is, and who makes it.
    fn next(&self) -> Option<(u64, u32)> {
        let own = self.callers.len() as u64;
        let &(turn, client) = self.callers.get(self.made.checked_rem(own)? as usize)?;
        Some((self.made / own * self.turns + turn, client))
    }

    /// The messages of a call, whose answer is waited for from now on.
    fn call(&mut self, client: u32, due: Instant) -> Vec<Message<'static>> {
        // A stream that is uploaded takes a number too.
        let id = (self.made as u32).wrapping_mul(2);
        self.made += 1;
        self.waiting += 1;
        self.pending.entry(client).or_default().push(Pending { id, due, items: 0 });
        let invocation = |target, argument| Invocation {
            id: Some(id),
            ..Invocation::new(target, [argument, None])
        };
        let text = |number| Value::Text(self.programme.texts.write(client, number).into());
        match self.programme.kind {
            Kind::Echo => vec![Message::Invocation(invocation("Echo", Some(text(id))))],
            Kind::Stream { items } => {
                let count = Some(Value::Number(items.into()));
                vec![Message::StreamInvocation(invocation("Stream", count))]
            }
            Kind::Upload { items } => {
                let upload = id.wrapping_add(1);
                let call = Invocation { upload: Some(upload), ..invocation("Upload", None) };
                let mut messages = vec![Message::Invocation(call)];
                messages.extend((0..items).map(|n| Message::Item { id: upload, value: text(n) }));
                messages.push(Message::Completion { id: upload, outcome: Ok(Value::Null) });
                messages
            }
        }
    }

    pub(super) fn waits_for(&self, client: u32, id: u32) -> bool {
        let pending = self.pending.get(&client);
        pending.is_some_and(|pending| pending.iter().any(|call| call.id == id))
    }

    /// Takes an answer to a call, or a part of it.
    pub(super) fn answer(&mut self, client: &mut Client, message: &Message<'_>, at: Instant) {
        let (Message::Item { id, .. } | Message::Completion { id, .. }) = message else {
            return self.faults.add("a message that no call asked for");
        };
        let pending = self.pending.entry(client.id).or_default();
        let Some(place) = pending.iter().position(|call| call.id == *id) else {
            return self.faults.add("an answer to no call");
        };
        match message {
            Message::Item { value, .. } => {
                let call = &mut pending[place];
                if *value != Value::Number(call.items.into()) {
                    self.faults.add("an item out of order");
                }
                call.items += 1;
            }
            Message::Completion { outcome, .. } => {
                let call = pending.swap_remove(place);
                if let Err(wrong) = self.check(client.id, &call, outcome) {
                    self.faults.add(wrong);
                }
                self.waiting -= 1;
                self.last = at;
                if at >= self.programme.from {
                    self.answered += 1;
                }
                if call.due >= self.programme.from {
                    self.delays.record(call.due, at);
                }
                if let Pace::Closed { until, .. } = self.programme.pace
                    && at < until
                {
                    for message in self.call(client.id, at) {
                        client.send(&message);
                    }
                }
            }
            _ => {}
        }
    }

    fn check(
        &self,
        client: u32,
        call: &Pending,
        outcome: &Result<Value<'_>, std::borrow::Cow<'_, str>>,
    ) -> Result<(), String> {
        let value = outcome.as_ref().map_err(|error| format!("a call failed: {error}"))?;
        match (self.programme.kind, value) {
            (Kind::Echo, Value::Text(text)) => match self.programme.texts.read(text)? {
                own if own == (client, call.id) => Ok(()),
                _ => Err("the answer to another call".into()),
            },
            (Kind::Stream { items }, Value::Null) if items == call.items => Ok(()),
            (Kind::Stream { .. }, Value::Null) => Err("a stream without all its items".into()),
            (Kind::Upload { items }, Value::Number(count)) if *count == i64::from(items) => Ok(()),
            _ => Err("a wrong answer".into()),
        }
    }
}

/// What all threads together were answered.
pub(super) struct Answers {
    /// Since the measurement began.
    pub(super) count: u64,
    pub(super) delays: Delays,
    pub(super) faults: Faults,
}

impl Answers {
    pub(super) fn of(calls: impl IntoIterator<Item = Calls>) -> Self {
        let (mut count, mut faults) = (0, Faults::default());
        let delays = Delays::of(calls.into_iter().map(|mut calls| {
            count += calls.answered;
            faults.add_many(UNANSWERED, calls.waiting);
            faults.append(mem::take(&mut calls.faults));
            calls.delays
        }));
        Self { count, delays, faults }
    }
}

const UNANSWERED: &str = "a call without an answer";

impl Listener for Calls {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant) {
        self.answer(client, &message, at);
    }

    fn closed(&mut self, client: u32, why: Option<String>, _: Instant) {
        if let Some(why) = why {
            self.faults.add(why);
        }
        let lost = self.pending.remove(&client).map_or(0, |pending| pending.len() as u64);
        self.waiting -= lost;
        self.faults.add_many(UNANSWERED, lost);
    }
}

impl Load for Calls {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        let next = match self.programme.pace {
            Pace::Open { schedule, total } => loop {
                // The time of the last is over when one more would be due.
                let Some((n, client)) = self.next().filter(|&(n, _)| n < total) else {
                    break schedule.due(total);
                };
                let due = schedule.due(n);
                if due > now {
                    break due;
                }
                let call = self.call(client, due);
                crowd.send(client, &call);
            },
            Pace::Closed { in_flight, until } => {
                if self.made == 0 {
                    for (_, client) in self.callers.clone() {
                        for _ in 0..in_flight {
                            crowd.send(client, &self.call(client, now));
                        }
                    }
                }
                until
            }
        };
        if now < next {
            return Some(next);
        }
        // All calls are made, and their time is over. Answers may come later.
        let awaits = self.waiting > 0 && now < self.last.max(next) + PATIENCE;
        awaits.then(|| now + Duration::from_secs(1))
    }
}
