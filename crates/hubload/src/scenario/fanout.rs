//! Messages that go out to several clients, and the check that each of them gets each of its own
//! once and in order.

mod deliveries;
mod member;
mod sender;

use std::{
    collections::HashMap,
    mem,
    time::{Duration, Instant},
};

use self::member::{Member, State};
pub(super) use self::{
    deliveries::Deliveries,
    sender::{Sender, Target},
};
use super::{
    Bench, PATIENCE,
    schedule::Schedule,
    text::{self, Texts},
};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    measure::Recorder,
    protocol::{Message, Value},
};

/// Who gets what.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) targets: Vec<Target>,
    /// Of each client that takes part, to which of the targets it belongs.
    pub(super) members: Vec<(u32, u32)>,
}

/// What is sent when: the same on all threads.
#[derive(Clone, Debug)]
pub(super) struct Programme {
    pub(super) sender: Sender,
    pub(super) schedule: Schedule,
    pub(super) texts: Texts,
    /// When the measurement begins, and how long it lasts. Messages are sent before, too.
    pub(super) from: Instant,
    pub(super) duration: Duration,
}

const NOT_SENT: &str = "a message that was not sent";

/// What one thread sends and what its clients get. What another sends it knows by the clock.
#[derive(Debug)]
pub(super) struct Fanout {
    sender: Sender,
    schedule: Schedule,
    texts: Texts,
    from: Instant,
    total: u64,
    /// How many messages are asked for at a time.
    at_once: u64,
    /// How many messages are due and so sent, if not here, then by another thread.
    sent: u64,
    /// When the next ones are due.
    next_due: Instant,
    /// How many of those due the sender has been told of, if it is here.
    told: u64,
    streams: Vec<Stream>,
    members: HashMap<u32, Member>,
    /// How many deliveries are still to come.
    awaited: u64,
    /// When the last one came.
    last: Instant,
    /// How many have come since the measurement began.
    delivered: u64,
    dropped: u32,
    delays: Recorder,
    bursts: Vec<Burst>,
    faults: Faults,
}

#[derive(Debug)]
struct Stream {
    target: Target,
    sent: u32,
    /// How many clients hear it.
    hearing: u64,
}

#[derive(Clone, Debug, Default)]
struct Burst {
    /// How many deliveries are still to come.
    awaited: u64,
    /// When the last one came.
    last: Option<Instant>,
}

impl Fanout {
    /// The part of each thread. They send for the duration and, before that, until the measurement
    /// begins.
    pub(super) fn deal(bench: &Bench, programme: &Programme, audience: Audience) -> Vec<Self> {
        let hands = bench.crew.deal(audience.members, |&(client, _)| client).into_iter();
        hands.map(|members| Self::new(programme.clone(), &audience.targets, members)).collect()
    }

    fn new(programme: Programme, targets: &[Target], members: Vec<(u32, u32)>) -> Self {
        let Programme { sender, schedule, texts, from, duration } = programme;
        let total = schedule.count(from.duration_since(schedule.start) + duration);
        let bursts = if schedule.together > 1 { total / schedule.together } else { 0 };
        let at_once = match &sender {
            Sender::Client(_) => 1,
            Sender::Server(_) if schedule.together > targets.len() as u64 => schedule.together,
            Sender::Server(_) => total,
        };
        let targets = targets.iter().cloned();
        let mut streams: Vec<_> =
            targets.map(|target| Stream { target, sent: 0, hearing: 0 }).collect();
        for &(_, stream) in &members {
            streams[stream as usize].hearing += 1;
        }
        let members = members.into_iter();
        Self {
            sender,
            schedule,
            texts,
            from,
            total,
            at_once,
            sent: 0,
            next_due: schedule.start,
            told: 0,
            streams,
            members: members.map(|(client, stream)| (client, Member::of(stream))).collect(),
            awaited: 0,
            last: schedule.start,
            delivered: 0,
            dropped: 0,
            delays: Recorder::new(from, duration),
            bursts: vec![Burst::default(); bursts as usize],
            faults: Faults::default(),
        }
    }

    /// A client stops to read: what it does not hear is no fault.
    pub(super) fn deafen(&mut self, crowd: &mut Crowd, client: u32) {
        if let Some(member) = self.members.get_mut(&client) {
            member.state = State::Deaf;
            self.streams[member.stream as usize].hearing -= 1;
            crowd.listen(client, false);
        }
    }

    /// Whether a text is one of these.
    pub(super) fn wrote(&self, text: &str) -> bool {
        self.texts.wrote(text)
    }

    fn due(&self, stream: u32, number: u32) -> Instant {
        self.schedule.due(self.place(stream, number))
    }

    /// The streams take turns: the place of a message among all.
    fn place(&self, stream: u32, number: u32) -> u64 {
        u64::from(number) * self.streams.len() as u64 + u64::from(stream)
    }

    fn burst(&self, place: u64) -> Option<usize> {
        let burst = (place / self.schedule.together) as usize;
        (burst < self.bursts.len()).then_some(burst)
    }

    fn deliver(&mut self, client: u32, text: &str, at: Instant) -> Result<(), &'static str> {
        // The thread that sends may have been the first to see that it is time.
        self.note_due(at);
        let member = self.members.get_mut(&client).ok_or("a message to a client without part")?;
        let sent = self.streams[member.stream as usize].sent;
        let number = match self.sender {
            Sender::Client(_) => {
                let (stream, number) = self.texts.read(text)?;
                if stream != member.stream {
                    return Err("a message for others");
                }
                if number >= sent {
                    return Err(NOT_SENT);
                }
                member.take(number)?;
                number
            }
            Sender::Server(_) => {
                let number = member.take_stamp(text::stamp(text, self.texts.size)?)?;
                if number >= sent {
                    return Err(NOT_SENT);
                }
                number
            }
        };
        let stream = member.stream;
        // What one that does not listen had in its buffers does not count.
        if member.state != State::Hearing {
            return Ok(());
        }
        self.awaited -= 1;
        self.last = at;
        if at >= self.from {
            self.delivered += 1;
        }
        let due = self.due(stream, number);
        if due >= self.from {
            self.delays.record(due, at);
        }
        if let Some(burst) = self.burst(self.place(stream, number)) {
            let burst = &mut self.bursts[burst];
            burst.awaited -= 1;
            burst.last = Some(at);
        }
        Ok(())
    }

    /// How many messages never came.
    fn lost(&self) -> u64 {
        let hearing = self.members.values().filter(|member| member.state == State::Hearing);
        hearing.map(|member| member.lost(self.streams[member.stream as usize].sent)).sum()
    }
}

impl Listener for Fanout {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant) {
        let checked = match &message {
            Message::Invocation(call) if call.target == "message" => match &call.arguments[0] {
                Some(Value::Text(text)) => self.deliver(client.id, text, at),
                _ => Err("a message without text"),
            },
            Message::Completion { outcome: Ok(_), .. } => Ok(()),
            Message::Completion { outcome: Err(error), .. } => {
                return self.faults.add(format!("a call failed: {error}"));
            }
            _ => Err("a message of another kind"),
        };
        if let Err(wrong) = checked {
            self.faults.add(wrong);
        }
    }

    fn closed(&mut self, client: u32, why: Option<String>, _: Instant) {
        let member = self.members.get_mut(&client);
        match member.as_ref().map(|member| member.state) {
            Some(State::Deaf) => self.dropped += 1,
            _ => {
                if let Some(why) = why {
                    self.faults.add(why);
                }
            }
        }
        if let Some(member) = member {
            if member.state == State::Hearing {
                let stream = &mut self.streams[member.stream as usize];
                stream.hearing -= 1;
                self.awaited -= member.lost(stream.sent);
            }
            member.state = State::Gone;
        }
    }
}

impl Load for Fanout {
    fn tick(&mut self, crowd: &mut Crowd, now: Instant) -> Option<Instant> {
        self.note_due(now);
        let places = mem::replace(&mut self.told, self.sent)..self.sent;
        match self.sender.clone() {
            Sender::Client(client) if crowd.has(client) => {
                self.send_by_client(crowd, client, places);
            }
            Sender::Server(plan) if crowd.is_first() => {
                self.send_by_server(crowd, &plan, places);
            }
            Sender::Client(_) | Sender::Server(_) => {}
        }
        // The time of the last is over when one more would be due.
        if now < self.next_due {
            return Some(self.next_due);
        }
        // It may come later.
        let awaits = self.awaited > 0 && now < self.last.max(self.next_due) + PATIENCE;
        awaits.then(|| now + Duration::from_millis(100))
    }
}
