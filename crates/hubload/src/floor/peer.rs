use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    os::fd::OwnedFd,
};

use rustix::event::epoll::{self, EventData, EventFlags};

use crate::protocol::Protocol;

/// One connection.
#[derive(Debug)]
pub(super) struct Peer {
    socket: TcpStream,
    /// Tells it from others that had its place before.
    pub(super) number: u32,
    pub(super) stage: Stage,
    pub(super) user: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) uploads: Vec<Upload>,
    /// What has come and is not yet complete.
    pub(super) inbox: Vec<u8>,
    /// What the socket did not take.
    out: Vec<u8>,
    waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Http,
    Handshake,
    Hub(Protocol),
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) stream: u32,
    pub(super) call: Option<u32>,
    pub(super) items: i64,
}

/// What may wait for a peer that does not read. One that is further behind is dropped.
const MAX_WAITING: usize = 16 << 20;

impl Peer {
    pub(super) fn new(
        socket: TcpStream,
        number: u32,
        epoll: &OwnedFd,
        place: usize,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        epoll::add(epoll, &socket, data(place, number), EventFlags::IN)?;
        Ok(Self {
            socket,
            number,
            stage: Stage::Http,
            user: None,
            groups: Vec::new(),
            uploads: Vec::new(),
            inbox: Vec::new(),
            out: Vec::new(),
            waits: false,
        })
    }

    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.socket.read(buffer) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One `send`, as long as the peer keeps up.
    pub(super) fn send(&mut self, bytes: &[u8], epoll: &OwnedFd, place: usize) -> io::Result<()> {
        let sent = if self.out.is_empty() { self.write(bytes)? } else { 0 };
        if sent < bytes.len() {
            if self.out.len() + bytes.len() > MAX_WAITING {
                return Err(ErrorKind::OutOfMemory.into());
            }
            self.out.extend(&bytes[sent..]);
            self.watch(epoll, place)?;
        }
        Ok(())
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self, epoll: &OwnedFd, place: usize) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        let sent = self.write(&out)?;
        self.out = out;
        self.out.drain(..sent);
        self.watch(epoll, place)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }

    fn watch(&mut self, epoll: &OwnedFd, place: usize) -> io::Result<()> {
        let waits = !self.out.is_empty();
        if waits != self.waits {
            self.waits = waits;
            let mut interest = EventFlags::IN;
            interest.set(EventFlags::OUT, waits);
            epoll::modify(epoll, &self.socket, data(place, self.number), interest)?;
        }
        Ok(())
    }
}

/// What epoll tells of an event.
fn data(place: usize, number: u32) -> EventData {
    EventData::new_u64((place as u64) << 32 | u64::from(number))
}
