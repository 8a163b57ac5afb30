use std::{
    io::{self, ErrorKind},
    mem::{self, MaybeUninit},
    net::TcpListener,
    time::Instant,
};

use rustix::{
    event::epoll::{self, EventData, EventFlags},
    io::Errno,
    time::Timespec,
};

use super::{peer::Stage, peers::Peers, pump::Pump};
use crate::websocket::{self, opcode};

pub(super) struct Server {
    listener: TcpListener,
    peers: Peers,
    pumps: Vec<Pump>,
    buffer: Vec<u8>,
}

impl Server {
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(u64::MAX), EventFlags::IN)?;
        Ok(Self {
            listener,
            peers: Peers::new(epoll),
            pumps: Vec::new(),
            buffer: vec![0; 64 << 10],
        })
    }

    /// Serves until the process is ended.
    pub(super) fn run(&mut self) -> io::Result<()> {
        let mut events = [MaybeUninit::<epoll::Event>::uninit(); 64];
        loop {
            let next = Pump::run(&mut self.pumps, &mut self.peers, Instant::now())
                .min(self.peers.ping(Instant::now()));
            let wait = next.saturating_duration_since(Instant::now());
            let wait = Timespec {
                tv_sec: wait.as_secs().cast_signed(),
                tv_nsec: wait.subsec_nanos().into(),
            };
            match epoll::wait(&self.peers.epoll, &mut events, Some(&wait)) {
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
        if self.peers.peer(place).is_none_or(|peer| peer.number != number) {
            return Ok(());
        }
        if self.serve(place, flags).is_err() {
            self.peers.drop(place);
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((socket, _)) => self.peers.add(socket)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// An error ends the connection.
    fn serve(&mut self, place: usize, flags: EventFlags) -> io::Result<()> {
        if flags.contains(EventFlags::OUT) {
            self.peers.flush(place)?;
        }
        let Some(peer) = self.peers.peer(place) else { return Ok(()) };
        if !flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            return Ok(());
        }
        let Some(length) = peer.receive(&mut self.buffer)? else {
            return Ok(());
        };
        let mut kept = mem::take(&mut peer.inbox);
        let bytes = if kept.is_empty() {
            &mut self.buffer[..length]
        } else {
            kept.extend(&self.buffer[..length]);
            &mut kept[..]
        };
        let read = digest(&mut self.peers, &mut self.pumps, place, bytes)?;
        if let Some(peer) = self.peers.peer(place) {
            peer.inbox = bytes[read..].to_vec();
        }
        Ok(())
    }
}

/// Does what requests and frames ask for and tells how many bytes of whole ones there were.
fn digest(
    peers: &mut Peers,
    pumps: &mut Vec<Pump>,
    place: usize,
    bytes: &mut [u8],
) -> io::Result<usize> {
    let mut read = 0;
    while let Some(stage) = peers.peer(place).map(|peer| peer.stage) {
        if stage == Stage::Http {
            let Some(length) = peers.request(place, &bytes[read..], pumps)? else { break };
            read += length;
            continue;
        }
        let frame = websocket::read_masked(&mut bytes[read..]).map_err(io::Error::other)?;
        let Some((frame, length)) = frame else { break };
        match frame.opcode {
            opcode::CLOSE => {
                let mut close = Vec::new();
                websocket::write(opcode::CLOSE, frame.payload, &mut close);
                peers.send(place, &close)?;
                return Err(ErrorKind::ConnectionAborted.into());
            }
            opcode::TEXT | opcode::BINARY => peers.hub_bytes(place, stage, frame.payload)?,
            _ => {}
        }
        read += length;
    }
    Ok(read)
}
