use std::time::{Duration, Instant, SystemTime};

use super::{
    peer::Stage,
    server::{Server, frame},
};
use crate::protocol::{Invocation, Message, Protocol, Value};

/// Messages of the server's own: so many, evenly spread.
#[derive(Debug)]
pub(super) struct Pump {
    pub(super) to: To,
    pub(super) size: usize,
    pub(super) count: u32,
    pub(super) interval: Duration,
    pub(super) start: Instant,
    pub(super) sent: u32,
    /// Place and number of who is answered when all are sent.
    pub(super) asked: (usize, u32),
}

#[derive(Clone, Debug)]
pub(super) enum To {
    All,
    Group(String),
    User(String),
}

impl Server {
    /// Sends what is due and tells when something is due next.
    pub(super) fn pump(&mut self, now: Instant) -> Instant {
        let mut next = now + Duration::from_secs(3600);
        for mut pump in std::mem::take(&mut self.pumps) {
            while pump.sent < pump.count && pump.start + pump.interval * pump.sent <= now {
                let micros = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_micros());
                let size = pump.size;
                self.fan_out(&pump.to, &Value::Text(format!("{micros:.<size$}").into()));
                pump.sent += 1;
            }
            if pump.sent < pump.count {
                next = next.min(pump.start + pump.interval * pump.sent);
                self.pumps.push(pump);
                continue;
            }
            let (place, number) = pump.asked;
            let body = format!(r#"{{"sent":{}}}"#, pump.sent);
            if self.peer(place).is_some_and(|peer| peer.number == number)
                && self.answer(place, "200 OK", &body).is_err()
            {
                self.drop(place);
            }
        }
        next
    }

    /// One `send` for each that a text is for.
    pub(super) fn fan_out(&mut self, to: &To, text: &Value<'_>) {
        let message = Message::Invocation(Invocation::new("message", [Some(text.clone()), None]));
        // Once for each encoding that somebody wants.
        let mut frames = [const { None }; 2];
        let mut deliver = |server: &mut Self, place: usize| {
            let Some(Stage::Hub(protocol)) = server.peer(place).map(|peer| peer.stage) else {
                return;
            };
            let frame = frames[usize::from(protocol == Protocol::MessagePack)]
                .get_or_insert_with(|| frame(protocol, &message));
            if server.send(place, frame).is_err() {
                server.drop(place);
            }
        };
        let members = match to {
            To::All => return (0..self.peers.len()).for_each(|place| deliver(self, place)),
            To::Group(name) => self.groups.get(name),
            To::User(name) => self.users.get(name),
        };
        for place in members.cloned().unwrap_or_default() {
            deliver(self, place);
        }
    }
}
