use std::{ops::Range, sync::Arc, time::Instant};

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
    Server(Arc<Plan>),
}

impl Fanout {
    /// Notes which messages are due and so on their way, whichever thread sends them.
    pub(super) fn note_due(&mut self, now: Instant) {
        while self.sent < self.total && self.next_due <= now {
            for _ in 0..self.at_once {
                self.note();
            }
            self.next_due = self.schedule.due(self.sent);
        }
    }

    /// Notes the next message of the next stream.
    fn note(&mut self) {
        let stream = (self.sent % self.streams.len() as u64) as usize;
        self.streams[stream].sent += 1;
        let hearing = self.streams[stream].hearing;
        self.awaited += hearing;
        if let Some(burst) = self.burst(self.sent) {
            self.bursts[burst].awaited += hearing;
        }
        self.sent += 1;
    }

    /// Sends the messages at some places.
    pub(super) fn send_by_client(&self, crowd: &mut Crowd, client: u32, places: Range<u64>) {
        let streams = self.streams.len() as u64;
        let messages: Vec<_> = places
            .map(|place| {
                let (stream, number) = ((place % streams) as u32, (place / streams) as u32);
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
                let id = Some(1 << 31 | place as u32);
                Message::Invocation(Invocation { id, ..call })
            })
            .collect();
        if !messages.is_empty() {
            crowd.send(client, &messages);
        }
    }

    /// One post for each stream: with bursts at each burst, otherwise for the whole time.
    pub(super) fn send_by_server(&self, crowd: &mut Crowd, plan: &Arc<Plan>, places: Range<u64>) {
        let streams = self.streams.len() as u64;
        let interval = if self.at_once == self.schedule.together {
            0.0
        } else {
            streams as f64 * 1000.0 / self.schedule.rate
        };
        let (count, size) = (self.at_once / streams, self.texts.size);
        let query = format!("{count}&size={size}&interval={}", interval.round());
        for _ in places.step_by(self.at_once as usize) {
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
