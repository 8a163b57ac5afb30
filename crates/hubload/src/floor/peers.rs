use std::{
    collections::{HashMap, VecDeque},
    io,
    net::TcpStream,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use super::peer::{Peer, Stage};
use crate::{
    protocol::{Invocation, Message, Protocol, Value},
    websocket::{self, opcode},
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// All connections.
#[derive(Debug)]
pub(super) struct Peers {
    pub(super) epoll: OwnedFd,
    all: Vec<Option<Peer>>,
    free: Vec<usize>,
    numbers: u32,
    pub(super) groups: HashMap<String, Vec<usize>>,
    pub(super) users: HashMap<String, Vec<usize>>,
    /// Who is pinged when: each is put behind all others when it was.
    pings: VecDeque<(Instant, usize, u32)>,
}

#[derive(Clone, Debug)]
pub(super) enum To {
    All,
    Group(String),
    User(String),
}

impl Peers {
    pub(super) fn new(epoll: OwnedFd) -> Self {
        Self {
            epoll,
            all: Vec::new(),
            free: Vec::new(),
            numbers: 0,
            groups: HashMap::new(),
            users: HashMap::new(),
            pings: VecDeque::new(),
        }
    }

    pub(super) fn add(&mut self, socket: TcpStream) -> io::Result<()> {
        let place = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.all.len() - 1
        });
        self.numbers = self.numbers.wrapping_add(1);
        self.all[place] = Some(Peer::new(socket, self.numbers, &self.epoll, place)?);
        Ok(())
    }

    pub(super) fn peer(&mut self, place: usize) -> Option<&mut Peer> {
        self.all.get_mut(place).and_then(Option::as_mut)
    }

    pub(super) fn send(&mut self, place: usize, bytes: &[u8]) -> io::Result<()> {
        match self.all[place].as_mut() {
            Some(peer) => peer.send(bytes, &self.epoll, place),
            None => Ok(()),
        }
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self, place: usize) -> io::Result<()> {
        match self.all[place].as_mut() {
            Some(peer) => peer.flush(&self.epoll, place),
            None => Ok(()),
        }
    }

    /// Answers a request.
    pub(super) fn answer(&mut self, place: usize, status: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.send(place, answer.as_bytes())
    }

    /// From now on the peer is pinged.
    pub(super) fn keep_alive(&mut self, place: usize) {
        if let Some(number) = self.peer(place).map(|peer| peer.number) {
            self.pings.push_back((Instant::now() + KEEP_ALIVE, place, number));
        }
    }

    /// Pings who is due and tells when the next one is.
    pub(super) fn ping(&mut self, now: Instant) -> Instant {
        while let Some(&(due, place, number)) = self.pings.front() {
            if due > now {
                return due;
            }
            self.pings.pop_front();
            let stage = self.peer(place).filter(|peer| peer.number == number);
            if let Some(Stage::Hub(protocol)) = stage.map(|peer| peer.stage) {
                self.pings.push_back((due + KEEP_ALIVE, place, number));
                if self.send(place, &frame(protocol, &Message::Ping)).is_err() {
                    self.drop(place);
                }
            }
        }
        now + KEEP_ALIVE
    }

    pub(super) fn drop(&mut self, place: usize) {
        let Some(peer) = self.all[place].take() else { return };
        let leave = |tables: &mut HashMap<String, Vec<usize>>, name: &str| {
            if let Some(members) = tables.get_mut(name) {
                members.retain(|&member| member != place);
            }
        };
        for group in &peer.groups {
            leave(&mut self.groups, group);
        }
        if let Some(user) = &peer.user {
            leave(&mut self.users, user);
        }
        self.free.push(place);
    }

    /// One `send` for each that a text is for.
    pub(super) fn fan_out(&mut self, to: &To, text: &Value<'_>) {
        let message = Message::Invocation(Invocation::new("message", [Some(text.clone()), None]));
        // Once for each encoding that somebody wants.
        let mut frames = [const { None }; 2];
        let mut deliver = |peers: &mut Self, place: usize| {
            let Some(Stage::Hub(protocol)) = peers.peer(place).map(|peer| peer.stage) else {
                return;
            };
            let frame = frames[usize::from(protocol == Protocol::MessagePack)]
                .get_or_insert_with(|| frame(protocol, &message));
            if peers.send(place, frame).is_err() {
                peers.drop(place);
            }
        };
        let members = match to {
            To::All => return (0..self.all.len()).for_each(|place| deliver(self, place)),
            To::Group(name) => self.groups.get(name),
            To::User(name) => self.users.get(name),
        };
        for place in members.cloned().unwrap_or_default() {
            deliver(self, place);
        }
    }
}

/// A message as a whole frame.
pub(super) fn frame(protocol: Protocol, message: &Message<'_>) -> Vec<u8> {
    let (mut payload, mut frame) = (Vec::new(), Vec::new());
    protocol.encode(message, &mut payload);
    let opcode = match protocol {
        Protocol::Json => opcode::TEXT,
        Protocol::MessagePack => opcode::BINARY,
    };
    websocket::write(opcode, &payload, &mut frame);
    frame
}
