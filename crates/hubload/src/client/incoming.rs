//! What comes in: HTTP responses, frames, events, and the hub messages in them.

use std::{mem, time::Instant};

use super::{Awaited, Client, Io, Listener, Side, Stage, Transport, opening::handshaken, refusal};
use crate::{
    http::{self, Framing, Head, events},
    protocol::{self, Message},
    websocket::{self, ACCEPT, opcode},
};

impl Client {
    /// The server has closed a socket.
    pub(super) fn ended(&mut self, side: Side) -> Result<(), String> {
        if side == Side::Posts && self.awaited == Awaited::Nothing {
            self.posts = None;
            return Ok(());
        }
        if self.stage == Stage::Closing && side == Side::Main {
            self.main = None;
            return Ok(());
        }
        Err(format!("cut off by the server while {}", self.stage.doing()))
    }

    /// Takes in what has come, after what was `kept` of what came before.
    pub(super) fn digest(
        &mut self,
        io: &mut Io,
        side: Side,
        mut kept: Vec<u8>,
        new: &[u8],
        listener: &mut dyn Listener,
    ) -> Result<(), String> {
        let at = Instant::now();
        let bytes = if kept.is_empty() {
            new
        } else {
            kept.extend(new);
            &kept
        };
        let read = match side {
            Side::Posts => self.responses(io, bytes, listener)?,
            Side::Main => match self.plan.transport {
                Transport::WebSockets => self.frames(bytes, at, listener)?,
                Transport::ServerSentEvents => self.events(bytes, at, listener)?,
                Transport::LongPolling => self.polls(bytes, at, listener)?,
            },
        };
        let rest = bytes[read..].to_vec();
        if let Some(link) = self.link(side) {
            link.inbox = rest;
        }
        Ok(())
    }

    fn responses(
        &mut self,
        io: &mut Io,
        bytes: &[u8],
        listener: &mut dyn Listener,
    ) -> Result<usize, String> {
        let Some(response) = http::response(bytes)? else {
            return Ok(0);
        };
        let awaited = mem::replace(&mut self.awaited, Awaited::Nothing);
        if response.close || awaited == Awaited::Handshake {
            self.posts = None;
        }
        let (status, body) = (response.status, &*response.body);
        match awaited {
            Awaited::Nothing => return Err("a response that nobody asked for".into()),
            Awaited::Negotiation => self.negotiated(io, status, body)?,
            Awaited::Post | Awaited::Handshake if status != 200 => {
                return Err(refusal("post", status, body));
            }
            Awaited::Post | Awaited::Handshake if self.stage == Stage::Closing => self.close(io)?,
            Awaited::Post | Awaited::Handshake => {}
            Awaited::Delete if status == 202 => self.main = None,
            Awaited::Delete => return Err(refusal("delete", status, body)),
            Awaited::Request => listener.answered(self, status, body),
        }
        Ok(response.length)
    }

    fn frames(
        &mut self,
        bytes: &[u8],
        at: Instant,
        listener: &mut dyn Listener,
    ) -> Result<usize, String> {
        let mut read = 0;
        if self.stage == Stage::Opening {
            let Some(head) = head("upgrade", 101, bytes)? else { return Ok(0) };
            if head.accept.as_deref() != Some(ACCEPT) {
                return Err("upgrade: the wrong Sec-WebSocket-Accept".into());
            }
            read = head.length;
            self.shake_hands();
        }
        while let Some((frame, length)) = websocket::read(&bytes[read..])? {
            read += length;
            match frame.opcode {
                opcode::TEXT | opcode::BINARY | opcode::CONTINUATION => {
                    self.hub_bytes(frame.payload, at, listener)?;
                }
                opcode::PING => {
                    if let Some(main) = &mut self.main {
                        websocket::write_masked(opcode::PONG, frame.payload, &mut main.out);
                    }
                }
                opcode::PONG => {}
                opcode::CLOSE if self.stage == Stage::Closing => {
                    self.main = None;
                    break;
                }
                opcode::CLOSE => return Err(closed(frame.payload)),
                other => return Err(format!("a frame with opcode {other}")),
            }
        }
        Ok(read)
    }

    fn events(
        &mut self,
        bytes: &[u8],
        at: Instant,
        listener: &mut dyn Listener,
    ) -> Result<usize, String> {
        let mut read = 0;
        if self.stage == Stage::Opening {
            let Some(head) = head("event stream", 200, bytes)? else { return Ok(0) };
            if head.framing != Framing::Chunked {
                return Err("event stream: not in chunks".into());
            }
            read = head.length;
            self.shake_hands();
        }
        read += self.chunks.read(&bytes[read..], &mut self.event)?;
        let mut data = Vec::new();
        let taken = events::read(&self.event, &mut data)?;
        self.event.drain(..taken);
        self.hub_bytes(&data, at, listener)?;
        if self.chunks.ended() && self.stage != Stage::Closing {
            return Err("the server ended the event stream".into());
        }
        Ok(read)
    }

    fn polls(
        &mut self,
        bytes: &[u8],
        at: Instant,
        listener: &mut dyn Listener,
    ) -> Result<usize, String> {
        let Some(response) = http::response(bytes)? else {
            return Ok(0);
        };
        match response.status {
            200 => {}
            204 if self.stage == Stage::Closing => return Ok(response.length),
            204 => return Err("the server ended the polls".into()),
            status => return Err(refusal("poll", status, &response.body)),
        }
        if self.stage == Stage::Opening {
            self.shake_hands();
        }
        self.hub_bytes(&response.body, at, listener)?;
        if self.stage != Stage::Closing {
            self.poll();
        }
        Ok(response.length)
    }

    /// Hub messages are a stream of bytes, however they are cut.
    fn hub_bytes(
        &mut self,
        new: &[u8],
        at: Instant,
        listener: &mut dyn Listener,
    ) -> Result<(), String> {
        if self.inbox.is_empty() {
            let read = self.hub_messages(new, at, listener)?;
            self.inbox.extend(&new[read..]);
        } else {
            let mut bytes = mem::take(&mut self.inbox);
            bytes.extend(new);
            let read = self.hub_messages(&bytes, at, listener)?;
            bytes.drain(..read);
            self.inbox = bytes;
        }
        Ok(())
    }

    fn hub_messages(
        &mut self,
        bytes: &[u8],
        at: Instant,
        listener: &mut dyn Listener,
    ) -> Result<usize, String> {
        let mut read = 0;
        if self.stage == Stage::Handshaking {
            let Some((record, length)) = protocol::record(bytes) else {
                return Ok(0);
            };
            handshaken(record)?;
            read = length;
            self.stage = Stage::Open;
            self.heard = Some(at);
            listener.opened(self, at);
        }
        while let Some((message, length)) = self.plan.protocol.decode(&bytes[read..])? {
            read += length;
            self.heard = Some(at);
            match message {
                Message::Ping => self.pings += 1,
                Message::Close { .. } if self.stage == Stage::Closing => {}
                Message::Close { error } => {
                    return Err(match error {
                        Some(error) => format!("closed by the server: {error}"),
                        None => "closed by the server".into(),
                    });
                }
                message => listener.received(self, message, at),
            }
        }
        Ok(read)
    }
}

/// The head of the response that opens a transport, if it is whole.
fn head(what: &str, status: u16, bytes: &[u8]) -> Result<Option<Head>, String> {
    match http::head(bytes)? {
        Some(head) if head.status != status => {
            Err(refusal(what, head.status, &bytes[head.length..]))
        }
        head => Ok(head),
    }
}

/// What a close frame says.
fn closed(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, reason)) => {
            let (code, reason) = (u16::from_be_bytes(*code), String::from_utf8_lossy(reason));
            format!("closed by the server: {code} {reason}").trim_end().to_owned()
        }
        None => "closed by the server".into(),
    }
}

impl Stage {
    pub(crate) fn doing(self) -> &'static str {
        match self {
            Self::Away => "not connected",
            Self::Negotiating => "negotiating",
            Self::Opening => "opening the transport",
            Self::Handshaking => "shaking hands",
            Self::Open => "open",
            Self::Closing => "closing",
        }
    }
}
