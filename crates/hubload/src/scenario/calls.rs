//! Calls that are answered: `Echo`, `Stream` and `Upload`.

use std::time::{Duration, Instant};

use super::{PATIENCE, schedule::Schedule, text::Texts, window::Window};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    measure::Delays,
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

#[derive(Debug)]
pub(super) struct Calls {
    kind: Kind,
    pace: Pace,
    texts: Texts,
    /// Who calls in turn.
    callers: Vec<u32>,
    /// What each client waits for.
    pending: Vec<Vec<Pending>>,
    waiting: u64,
    /// When the last answer came.
    last: Instant,
    made: u64,
    pub(super) answered: u64,
    pub(super) window: Window,
    pub(super) delays: Delays,
    pub(super) faults: Faults,
}

#[derive(Debug)]
struct Pending {
    id: u32,
    due: Instant,
    /// How many items of a stream have come.
    items: u32,
}

impl Calls {
    pub(super) fn new(
        kind: Kind,
        pace: Pace,
        texts: Texts,
        callers: Vec<u32>,
        window: Window,
        duration: Duration,
    ) -> Self {
        let highest = callers.iter().max().map_or(0, |&id| id as usize + 1);
        Self {
            kind,
            pace,
            texts,
            callers,
            pending: (0..highest).map(|_| Vec::new()).collect(),
            waiting: 0,
            last: window.from,
            made: 0,
            answered: 0,
            delays: Delays::new(window.from, duration),
            window,
            faults: Faults::default(),
        }
    }

    /// The messages of a call, whose answer is waited for from now on.
    fn call(&mut self, client: u32, due: Instant) -> Vec<Message<'static>> {
        // A stream that is uploaded takes a number too.
        let id = (self.made as u32).wrapping_mul(2);
        self.made += 1;
        self.waiting += 1;
        self.pending[client as usize].push(Pending { id, due, items: 0 });
        let invocation = |target, argument| Invocation {
            id: Some(id),
            ..Invocation::new(target, [argument, None])
        };
        let text = |number| Value::Text(self.texts.write(0, number).into());
        match self.kind {
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
        let pending = self.pending.get(client as usize);
        pending.is_some_and(|pending| pending.iter().any(|call| call.id == id))
    }

    /// Takes an answer to a call, or a part of it.
    pub(super) fn answer(&mut self, client: &mut Client, message: &Message<'_>, at: Instant) {
        let (Message::Item { id, .. } | Message::Completion { id, .. }) = message else {
            return self.faults.add("a message that no call asked for");
        };
        let Some(pending) = self.pending.get_mut(client.id as usize) else {
            return self.faults.add("an answer to no call");
        };
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
                if let Err(wrong) = self.check(&call, outcome) {
                    self.faults.add(wrong);
                }
                self.waiting -= 1;
                self.last = at;
                self.answered += 1;
                if call.due >= self.window.from {
                    self.delays.record(call.due, at);
                }
                if let Pace::Closed { until, .. } = self.pace
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
        call: &Pending,
        outcome: &Result<Value<'_>, std::borrow::Cow<'_, str>>,
    ) -> Result<(), String> {
        let value = outcome.as_ref().map_err(|error| format!("a call failed: {error}"))?;
        match (self.kind, value) {
            (Kind::Echo, Value::Text(text)) if self.texts.read(text)? == (0, call.id) => Ok(()),
            (Kind::Stream { items }, Value::Null) if items == call.items => Ok(()),
            (Kind::Stream { .. }, Value::Null) => Err("a stream without all its items".into()),
            (Kind::Upload { items }, Value::Number(count)) if *count == i64::from(items) => Ok(()),
            _ => Err("a wrong answer".into()),
        }
    }

    /// When the last call is due.
    fn end_of_calls(&self) -> Instant {
        match self.pace {
            Pace::Open { schedule, total } => schedule.due(total),
            Pace::Closed { until, .. } => until,
        }
    }

    /// Puts down what was never answered.
    pub(super) fn end(&mut self) {
        self.faults.add_many("a call without an answer", self.waiting);
    }
}

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
        if let Some(pending) = self.pending.get_mut(client as usize) {
            let lost = pending.drain(..).count() as u64;
            self.waiting -= lost;
            self.faults.add_many("a call without an answer", lost);
        }
    }
}

impl Load for Calls {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        self.window.tick(now, self.answered);
        let next = match self.pace {
            Pace::Open { schedule, total } => {
                while self.made < total && schedule.due(self.made) <= now {
                    let client = self.callers[(self.made % self.callers.len() as u64) as usize];
                    let call = self.call(client, schedule.due(self.made));
                    crowd.send(client, &call);
                }
                (self.made < total).then(|| schedule.due(self.made))
            }
            Pace::Closed { in_flight, until } => {
                if self.made == 0 {
                    for client in self.callers.clone() {
                        for _ in 0..in_flight {
                            crowd.send(client, &self.call(client, now));
                        }
                    }
                }
                (now < until).then_some(until)
            }
        };
        match next {
            Some(next) => Some(self.window.next(now, next)),
            None => {
                let patient = self.last.max(self.end_of_calls()) + PATIENCE;
                (self.waiting > 0 && now < patient).then_some(now + Duration::from_secs(1))
            }
        }
    }
}
