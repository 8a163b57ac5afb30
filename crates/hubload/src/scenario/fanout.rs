//! Messages that go out to several clients, and the check that each of them gets each of its own
//! once and in order.

mod member;
mod sender;

use std::time::{Duration, Instant};

use self::member::{Member, State};
pub(super) use self::sender::{Sender, Target};
use super::{
    PATIENCE,
    schedule::Schedule,
    text::{self, Texts},
    window::Window,
};
use crate::{
    client::{Client, Listener},
    engine::{Crowd, Load},
    faults::Faults,
    measure::Delays,
    protocol::{Message, Value},
};

/// Who gets what.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) targets: Vec<Target>,
    /// Of each client that takes part, to which of the targets it belongs.
    pub(super) members: Vec<(u32, u32)>,
}

const NOT_SENT: &str = "a message that was not sent";

#[derive(Debug)]
pub(super) struct Fanout {
    sender: Sender,
    schedule: Schedule,
    texts: Texts,
    total: u64,
    sent: u64,
    streams: Vec<Stream>,
    /// By the client's id.
    members: Vec<Member>,
    /// How many deliveries are still to come.
    awaited: u64,
    /// When the last one came.
    last: Instant,
    pub(super) delivered: u64,
    pub(super) dropped: u32,
    pub(super) window: Window,
    pub(super) delays: Delays,
    /// When the last of a burst came.
    pub(super) bursts: Delays,
    /// How many deliveries of each burst are still to come.
    burst_awaited: Vec<u64>,
    pub(super) faults: Faults,
}

#[derive(Debug)]
struct Stream {
    target: Target,
    sent: u32,
    /// How many clients hear it.
    hearing: u64,
}

impl Fanout {
    /// Sends for the duration and, before that, until the window begins.
    pub(super) fn new(
        sender: Sender,
        schedule: Schedule,
        texts: Texts,
        audience: Audience,
        window: Window,
        duration: Duration,
    ) -> Self {
        let total = schedule.count(window.from.duration_since(schedule.start) + duration);
        let streams = audience.targets.into_iter();
        let streams = streams.map(|target| Stream { target, sent: 0, hearing: 0 });
        let bursts = if schedule.together > 1 { total / schedule.together } else { 0 };
        let mut fanout = Self {
            sender,
            schedule,
            texts,
            total,
            sent: 0,
            streams: streams.collect(),
            members: Vec::new(),
            awaited: 0,
            last: schedule.start,
            delivered: 0,
            dropped: 0,
            delays: Delays::new(window.from, duration),
            bursts: Delays::new(window.from, duration),
            burst_awaited: vec![0; bursts as usize],
            window,
            faults: Faults::default(),
        };
        for (client, stream) in audience.members {
            let place = client as usize;
            if fanout.members.len() <= place {
                fanout.members.resize_with(place + 1, Member::none);
            }
            fanout.members[place] = Member::of(stream);
            fanout.streams[stream as usize].hearing += 1;
        }
        fanout
    }

    /// A client stops to read: what it does not hear is no fault.
    pub(super) fn deafen(&mut self, crowd: &mut Crowd, client: u32) {
        let member = &mut self.members[client as usize];
        member.state = State::Deaf;
        self.streams[member.stream as usize].hearing -= 1;
        crowd.listen(client, false);
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
        (burst < self.burst_awaited.len()).then_some(burst)
    }

    fn deliver(&mut self, client: u32, text: &str, at: Instant) -> Result<(), &'static str> {
        let place = client as usize;
        let member = self.members.get_mut(place).ok_or("a message to a client without part")?;
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
        self.delivered += 1;
        let due = self.due(stream, number);
        if due >= self.window.from {
            self.delays.record(due, at);
        }
        if let Some(burst) = self.burst(self.place(stream, number)) {
            self.burst_awaited[burst] -= 1;
            if self.burst_awaited[burst] == 0 && due >= self.window.from {
                self.bursts.record(due, at);
            }
        }
        Ok(())
    }

    /// Puts down what never came.
    pub(super) fn end(&mut self) {
        let mut lost = 0;
        for member in self.members.iter().filter(|member| member.state == State::Hearing) {
            lost += member.lost(self.streams[member.stream as usize].sent);
        }
        self.faults.add_many("a message was lost", lost);
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
        let member = self.members.get_mut(client as usize);
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
        self.window.tick(now, self.delivered);
        match self.sender.clone() {
            Sender::Client(client) => self.send_by_client(crowd, client, now),
            Sender::Server(plan) => self.send_by_server(crowd, &plan, now),
        }
        if self.sent < self.total {
            return Some(self.window.next(now, self.schedule.due(self.sent)));
        }
        // After the last is due, too, it takes a while.
        let patient = self.last.max(self.schedule.due(self.total)) + PATIENCE;
        let awaits = self.awaited > 0 && now < patient;
        let later = now + Duration::from_millis(100);
        (awaits || now < self.window.from).then(|| self.window.next(now, later))
    }
}
