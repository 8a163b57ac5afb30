use std::{rc::Rc, time::Instant};

use super::Fanout;
use crate::{
    client::Plan,
    engine::Crowd,
    protocol::{Invocation, Message, Value},
};

/// Whom messages are for. They are numbered by stream.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum Target {
    All,
    Group(String),
    User(String),
}

/// Who sends.
#[derive(Clone, Debug)]
pub(in crate::scenario) enum Sender {
    /// A client, by a hub method.
    Client(u32),
    /// The server, asked by posts: a text begins with its time, and its numbers are counted.
    Server(Rc<Plan>),
}

impl Fanout {
    /// Notes that the next message of the next stream is on its way.
    fn note(&mut self) -> (u32, u32) {
        let stream = (self.sent % self.streams.len() as u64) as u32;
        let to = &mut self.streams[stream as usize];
        let number = to.sent;
        to.sent += 1;
        let hearing = to.hearing;
        self.awaited += hearing;
        if let Some(burst) = self.burst(self.sent) {
            self.burst_awaited[burst] += hearing;
        }
        self.sent += 1;
        (stream, number)
    }

    pub(super) fn send_by_client(&mut self, crowd: &mut Crowd, client: u32, now: Instant) {
        let mut due = Vec::new();
        while self.sent < self.total && self.schedule.due(self.sent) <= now {
            due.push(self.note());
        }
        let messages: Vec<_> = due
            .into_iter()
            .map(|(stream, number)| {
                let text = Some(Value::Text(self.texts.write(stream, number).into()));
                let call = match &self.streams[stream as usize].target {
                    Target::All => Invocation::new("Broadcast", [text, None]),
                    Target::Group(name) => {
                        Invocation::new("SendToGroup", [Some(Value::text(name)), text])
                    }
                    Target::User(name) => {
                        Invocation::new("SendToUser", [Some(Value::text(name)), text])
                    }
                };
                // An id makes the server tell when a call fails. No other call has such a high one.
                let id = Some(1 << 31 | self.place(stream, number) as u32);
                Message::Invocation(Invocation { id, ..call })
            })
            .collect();
        if !messages.is_empty() {
            crowd.send(client, &messages);
        }
    }

    /// One post for each stream: with bursts at each burst, otherwise for the whole time.
    pub(super) fn send_by_server(&mut self, crowd: &mut Crowd, plan: &Rc<Plan>, now: Instant) {
        let streams = self.streams.len() as u64;
        let bursts = self.schedule.together > streams;
        while self.sent < self.total && self.schedule.due(self.sent) <= now {
            let (messages, interval) = if bursts {
                (self.schedule.together, 0.0)
            } else {
                (self.total, streams as f64 * 1000.0 / self.schedule.rate)
            };
            for _ in 0..messages {
                self.note();
            }
            let (count, size) = (messages / streams, self.texts.size);
            let query = format!("{count}&size={size}&interval={}", interval.round());
            for stream in &self.streams {
                let path = match &stream.target {
                    Target::Group(name) => format!("/group/{name}"),
                    Target::All | Target::User(_) => "/broadcast".into(),
                };
                let id = crowd.add(plan, None);
                crowd.request(id, "POST", &plan.url.below(&path, Some(("count", &query))));
            }
        }
    }
}
