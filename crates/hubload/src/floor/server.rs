use std::{
    collections::{HashMap, VecDeque},
    io::{self, ErrorKind},
    mem::{self, MaybeUninit},
    net::TcpListener,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    event::epoll::{self, EventData, EventFlags},
    io::Errno,
    time::Timespec,
};

use super::{
    peer::{Peer, Stage},
    pump::Pump,
};
use crate::{
    protocol::{Message, Protocol},
    websocket::{self, opcode},
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) struct Server {
    pub(super) epoll: OwnedFd,
    listener: TcpListener,
    pub(super) peers: Vec<Option<Peer>>,
    free: Vec<usize>,
    numbers: u32,
    pub(super) groups: HashMap<String, Vec<usize>>,
    pub(super) users: HashMap<String, Vec<usize>>,
    /// Who is pinged when: each is put behind all others when it was.
    pings: VecDeque<(Instant, usize, u32)>,
    pub(super) pumps: Vec<Pump>,
    buffer: Vec<u8>,
}

impl Server {
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(u64::MAX), EventFlags::IN)?;
        Ok(Self {
            epoll,
            listener,
            peers: Vec::new(),
            free: Vec::new(),
            numbers: 0,
            groups: HashMap::new(),
            users: HashMap::new(),
            pings: VecDeque::new(),
            pumps: Vec::new(),
            buffer: vec![0; 64 << 10],
        })
    }

    /// Serves until the process is ended.
    pub(super) fn run(&mut self) -> io::Result<()> {
        let mut events = [MaybeUninit::<epoll::Event>::uninit(); 64];
        loop {
            let next = self.pump(Instant::now()).min(self.ping(Instant::now()));
            let wait = next.saturating_duration_since(Instant::now());
            let wait = Timespec {
                tv_sec: wait.as_secs().cast_signed(),
                tv_nsec: wait.subsec_nanos().into(),
            };
            match epoll::wait(&self.epoll, &mut events, Some(&wait)) {
                Ok((ready, _)) => {
                    for event in ready {
                        self.ready(event.data.u64(), event.flags)?;
                    }
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn ready(&mut self, data: u64, flags: EventFlags) -> io::Result<()> {
        if data == u64::MAX {
            return self.accept();
        }
        let (place, number) = ((data >> 32) as usize, data as u32);
        if self.peer(place).is_none_or(|peer| peer.number != number) {
            return Ok(());
        }
        if self.serve(place, flags).is_err() {
            self.drop(place);
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => {
                    let place = self.free.pop().unwrap_or_else(|| {
                        self.peers.push(None);
                        self.peers.len() - 1
                    });
                    self.numbers = self.numbers.wrapping_add(1);
                    self.peers[place] = Some(Peer::new(socket, self.numbers, &self.epoll, place)?);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// An error ends the connection.
    fn serve(&mut self, place: usize, flags: EventFlags) -> io::Result<()> {
        let Some(peer) = self.peers[place].as_mut() else { return Ok(()) };
        if flags.contains(EventFlags::OUT) {
            peer.flush(&self.epoll, place)?;
        }
        if !flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            return Ok(());
        }
        let Some(length) = peer.receive(&mut self.buffer)? else {
            return Ok(());
        };
        let mut kept = mem::take(&mut peer.inbox);
        // The buffer is put back whatever comes of what is in it.
        let mut buffer = mem::take(&mut self.buffer);
        let bytes = if kept.is_empty() {
            &mut buffer[..length]
        } else {
            kept.extend(&buffer[..length]);
            &mut kept[..]
        };
        let read = self.digest(place, bytes);
        if let (Ok(read), Some(peer)) = (&read, self.peers[place].as_mut()) {
            peer.inbox = bytes[*read..].to_vec();
        }
        self.buffer = buffer;
        read.map(drop)
    }

    fn digest(&mut self, place: usize, bytes: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(stage) = self.peer(place).map(|peer| peer.stage) {
            if stage == Stage::Http {
                let Some(length) = self.request(place, &bytes[read..])? else { break };
                read += length;
                continue;
            }
            let frame = websocket::read_masked(&mut bytes[read..]).map_err(io::Error::other)?;
            let Some((frame, length)) = frame else { break };
            match frame.opcode {
                opcode::CLOSE => {
                    let mut close = Vec::new();
                    websocket::write(opcode::CLOSE, frame.payload, &mut close);
                    self.send(place, &close)?;
                    return Err(ErrorKind::ConnectionAborted.into());
                }
                opcode::TEXT | opcode::BINARY => self.hub_bytes(place, stage, frame.payload)?,
                _ => {}
            }
            read += length;
        }
        Ok(read)
    }

    pub(super) fn peer(&mut self, place: usize) -> Option<&mut Peer> {
        self.peers.get_mut(place).and_then(Option::as_mut)
    }

    pub(super) fn send(&mut self, place: usize, bytes: &[u8]) -> io::Result<()> {
        match self.peers[place].as_mut() {
            Some(peer) => peer.send(bytes, &self.epoll, place),
            None => Ok(()),
        }
    }

    /// From now on the peer is pinged.
    pub(super) fn keep_alive(&mut self, place: usize) {
        if let Some(number) = self.peer(place).map(|peer| peer.number) {
            self.pings.push_back((Instant::now() + KEEP_ALIVE, place, number));
        }
    }

    fn ping(&mut self, now: Instant) -> Instant {
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
        let Some(peer) = self.peers[place].take() else { return };
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
