//! A non-blocking socket, with what waits on both sides of it.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    os::fd::OwnedFd,
};

use rustix::{
    event::epoll::{self, EventData, EventFlags},
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType, ipproto, sockopt},
};

/// Which of a client's two links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the server sends: the WebSocket, the event stream or the polls.
    Main,
    /// Negotiation, and posts where the transport needs them.
    Posts,
}

/// What an event of epoll is about: a client, its link, and that link's number, since an event may
/// outlive its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    fn new(client: u32, side: Side, number: u32) -> Self {
        let side = u64::from(side == Side::Posts);
        Self(u64::from(client) << 32 | u64::from(number << 1) | side)
    }

    pub(crate) fn of(event: &epoll::Event) -> Self {
        Self(event.data.u64())
    }

    pub(crate) fn client(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn side(self) -> Side {
        if self.0 & 1 == 1 { Side::Posts } else { Side::Main }
    }
}

/// What all links share.
#[derive(Debug)]
pub(crate) struct Io {
    pub(crate) epoll: OwnedFd,
    links: u32,
}

impl Io {
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, links: 0 })
    }
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) key: Key,
    socket: TcpStream,
    connected: bool,
    interest: EventFlags,
    /// What is to be written.
    pub(crate) out: Vec<u8>,
    /// What was read and is not yet complete.
    pub(crate) inbox: Vec<u8>,
}

impl Link {
    pub(crate) fn open(
        io: &mut Io,
        to: SocketAddr,
        client: u32,
        side: Side,
    ) -> Result<Self, String> {
        io.links = io.links.wrapping_add(1);
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))
            .map_err(|error| format!("no socket: {error}"))?;
        let connected = connect(&socket, to, io.links).map_err(|error| failed(&error.into()))?;
        let key = Key::new(client, side, io.links);
        let interest = if connected { EventFlags::IN } else { EventFlags::IN | EventFlags::OUT };
        epoll::add(&io.epoll, &socket, EventData::new_u64(key.0), interest)
            .map_err(|error| format!("epoll: {error}"))?;
        let socket = TcpStream::from(socket);
        Ok(Self { key, socket, connected, interest, out: Vec::new(), inbox: Vec::new() })
    }

    /// Notes that the socket has connected, or why it has not.
    pub(crate) fn writable(&mut self) -> Result<(), String> {
        if !self.connected {
            if let Some(error) = self.socket.take_error().map_err(|error| failed(&error))? {
                return Err(failed(&error));
            }
            self.connected = true;
        }
        Ok(())
    }

    /// Writes what the socket takes, and waits for it where that is not all.
    pub(crate) fn flush(&mut self, io: &Io) -> Result<(), String> {
        while self.connected && !self.out.is_empty() {
            match self.socket.write(&self.out) {
                Ok(written) if written == self.out.len() => self.out = Vec::new(),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("write: {error}")),
            }
        }
        let waits = !self.connected || !self.out.is_empty();
        let mut interest = self.interest;
        interest.set(EventFlags::OUT, waits);
        self.watch(io, interest)
    }

    /// Stops to read, or goes on.
    pub(crate) fn listen(&mut self, io: &Io, listen: bool) -> Result<(), String> {
        let mut interest = self.interest;
        interest.set(EventFlags::IN, listen);
        self.watch(io, interest)
    }

    fn watch(&mut self, io: &Io, interest: EventFlags) -> Result<(), String> {
        if interest != self.interest {
            self.interest = interest;
            epoll::modify(&io.epoll, &self.socket, EventData::new_u64(self.key.0), interest)
                .map_err(|error| format!("epoll: {error}"))?;
        }
        Ok(())
    }

    /// How much was read into `buffer`, or none if nothing had come. 0 is the end.
    pub(crate) fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, String> {
        match self.socket.read(buffer) {
            Ok(length) => Ok(Some(length)),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(None)
            }
            Err(error) => Err(format!("read: {error}")),
        }
    }
}

fn failed(error: &std::io::Error) -> String {
    format!("connect: {error}")
}

/// How many source addresses there are, each with 28,000 ports.
const SOURCES: u32 = 64;

/// Tells whether the connection stands already, as it mostly does on this machine.
fn connect(socket: &OwnedFd, to: SocketAddr, number: u32) -> rustix::io::Result<bool> {
    sockopt::set_tcp_nodelay(socket, true)?;
    if to.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        let source = Ipv4Addr::new(127, 0, 0, (2 + number % SOURCES) as u8);
        net::bind(socket, &SocketAddr::from((source, 0)))?;
    }
    match net::connect(socket, &to) {
        Ok(()) => Ok(true),
        Err(Errno::INPROGRESS) => Ok(false),
        Err(error) => Err(error),
    }
}
