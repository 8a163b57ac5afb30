//! One connection's life, without I/O loop: it is told when its sockets are ready.

mod incoming;
mod link;
mod opening;

use std::{mem, sync::Arc, time::Instant};

use clap::ValueEnum;
use rustix::event::epoll::EventFlags;

use self::link::Link;
pub(crate) use self::link::{Io, Key, Side};
use crate::{
    faults::Faults,
    http::{self, Url, chunks::Chunks},
    protocol::{Message, Protocol},
    websocket::{self, opcode},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    #[value(name = "websockets")]
    WebSockets,
    #[value(name = "sse")]
    ServerSentEvents,
    #[value(name = "longpolling")]
    LongPolling,
}

/// How the clients of a load connect.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) url: Url,
    pub(crate) transport: Transport,
    pub(crate) protocol: Protocol,
    pub(crate) skip_negotiation: bool,
}

/// Whoever wants to hear of what clients live through.
pub(crate) trait Listener {
    /// Where everything goes that went wrong.
    fn faults(&mut self) -> &mut Faults;

    fn opened(&mut self, _client: &mut Client, _at: Instant) {}

    fn received(&mut self, client: &mut Client, message: Message<'_>, at: Instant);

    /// A request that was none of a connection's own has been answered.
    fn answered(&mut self, _client: &mut Client, status: u16, body: &[u8]) {
        if status != 200 {
            self.faults().add(refusal("request", status, body));
        }
    }

    /// A connection has ended, for a reason if that was not by our own wish.
    fn closed(&mut self, _client: u32, why: Option<String>, _at: Instant) {
        if let Some(why) = why {
            self.faults().add(why);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not connected: before `connect`, or after the end.
    Away,
    Negotiating,
    /// The upgrade, the event stream or the first poll is asked for.
    Opening,
    Handshaking,
    Open,
    Closing,
}

/// What the link for posts waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Nothing,
    Negotiation,
    /// The answer to the post of the handshake, after which the link is not needed for a while.
    Handshake,
    Post,
    Delete,
    Request,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: u32,
    plan: Arc<Plan>,
    bearer: Option<Arc<str>>,
    stage: Stage,
    main: Option<Link>,
    posts: Option<Link>,
    awaited: Awaited,
    /// The query parameter `id` of all but the first request.
    token: String,
    /// Hub messages that wait for the next post.
    outbox: Vec<u8>,
    /// The beginning of a hub message.
    inbox: Vec<u8>,
    chunks: Chunks,
    /// The beginning of an event.
    event: Vec<u8>,
    /// When the last message came, be it a ping.
    pub(crate) heard: Option<Instant>,
    pub(crate) pings: u32,
}

impl Client {
    pub(crate) fn new(id: u32, plan: Arc<Plan>, bearer: Option<Arc<str>>) -> Self {
        Self {
            id,
            plan,
            bearer,
            stage: Stage::Away,
            main: None,
            posts: None,
            awaited: Awaited::Nothing,
            token: String::new(),
            outbox: Vec::new(),
            inbox: Vec::new(),
            chunks: Chunks::default(),
            event: Vec::new(),
            heard: None,
            pings: 0,
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Whether the client pings, as clients do on all transports but long polling.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.plan.transport != Transport::LongPolling
    }

    /// Adds a message to what goes out with the next flush.
    pub(crate) fn send(&mut self, message: &Message<'_>) {
        match (self.plan.transport, &mut self.main) {
            (Transport::WebSockets, Some(main)) => {
                let mut payload = Vec::with_capacity(256);
                self.plan.protocol.encode(message, &mut payload);
                let opcode = match self.plan.protocol {
                    Protocol::Json => opcode::TEXT,
                    Protocol::MessagePack => opcode::BINARY,
                };
                websocket::write_masked(opcode, &payload, &mut main.out);
            }
            (Transport::WebSockets, None) => {}
            _ => self.plan.protocol.encode(message, &mut self.outbox),
        }
    }

    /// Sends a request that has nothing to do with the connection, from a client without one.
    pub(crate) fn request(&mut self, io: &mut Io, method: &str, path: &str) -> Result<(), String> {
        let body = (method == "POST").then_some(&[][..]);
        self.ask(io, Awaited::Request, method, path, body)
    }

    /// Says goodbye. The end is told to the listener.
    pub(crate) fn close(&mut self, io: &mut Io) -> Result<(), String> {
        self.stage = Stage::Closing;
        match self.plan.transport {
            Transport::WebSockets => {
                self.send(&Message::Close { error: None });
                let Some(main) = &mut self.main else { return Ok(()) };
                let code = websocket::NORMAL.to_be_bytes();
                websocket::write_masked(opcode::CLOSE, &code, &mut main.out);
                main.flush(io)
            }
            // Its end is all that says so: see `is_over`.
            Transport::ServerSentEvents => {
                self.main = None;
                Ok(())
            }
            Transport::LongPolling if self.awaited == Awaited::Nothing => {
                let path = self.own_path();
                self.ask(io, Awaited::Delete, "DELETE", &path, None)
            }
            // The answer to the post in between will send it.
            Transport::LongPolling => Ok(()),
        }
    }

    /// Whether a client that says goodbye has done so.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Closing && self.main.is_none() && self.awaited != Awaited::Delete
    }

    /// Drops all of the connection.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.id, Arc::clone(&self.plan), self.bearer.take());
    }

    /// Stops to read what the server sends, or goes on.
    pub(crate) fn listen(&mut self, io: &Io, listen: bool) -> Result<(), String> {
        self.main.as_mut().map_or(Ok(()), |main| main.listen(io, listen))
    }

    pub(crate) fn flush(&mut self, io: &mut Io) -> Result<(), String> {
        if let Some(main) = &mut self.main {
            main.flush(io)?;
        }
        if !self.outbox.is_empty() && self.awaited == Awaited::Nothing {
            let body = mem::take(&mut self.outbox);
            let awaited =
                if self.stage == Stage::Handshaking { Awaited::Handshake } else { Awaited::Post };
            let path = self.own_path();
            self.ask(io, awaited, "POST", &path, Some(&body))?;
        }
        Ok(())
    }

    /// Does what can be done now that a socket is ready.
    pub(crate) fn ready(
        &mut self,
        io: &mut Io,
        key: Key,
        flags: EventFlags,
        buffer: &mut [u8],
        listener: &mut dyn Listener,
    ) -> Result<(), String> {
        let side = key.side();
        let Some(link) = self.link(side).filter(|link| link.key == key) else {
            return Ok(());
        };
        if flags.intersects(EventFlags::OUT | EventFlags::ERR | EventFlags::HUP) {
            link.writable()?;
            link.flush(io)?;
        }
        if flags.intersects(EventFlags::IN | EventFlags::ERR | EventFlags::HUP) {
            let Some(length) = link.receive(buffer)? else {
                return Ok(());
            };
            if length == 0 {
                return self.ended(side);
            }
            let kept = mem::take(&mut link.inbox);
            self.digest(io, side, kept, &buffer[..length], listener)?;
        }
        self.flush(io)
    }

    fn link(&mut self, side: Side) -> Option<&mut Link> {
        match side {
            Side::Main => self.main.as_mut(),
            Side::Posts => self.posts.as_mut(),
        }
    }

    /// Sends a request on the link for posts, which is opened if there is none.
    fn ask(
        &mut self,
        io: &mut Io,
        awaited: Awaited,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<(), String> {
        let headers = self.authorization();
        let mut link = match self.posts.take() {
            Some(link) => link,
            None => Link::open(io, self.plan.url.address, self.id, Side::Posts)?,
        };
        http::request(&mut link.out, method, &self.plan.url, path, &headers, body);
        self.awaited = awaited;
        link.flush(io)?;
        self.posts = Some(link);
        Ok(())
    }

    fn own_path(&self) -> String {
        self.plan.url.below("", Some(("id", &self.token)))
    }

    fn authorization(&self) -> String {
        self.bearer
            .as_ref()
            .map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"))
    }
}

/// What an answer that is no success means.
fn refusal(what: &str, status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
    format!("{what}: {status} {}", text.trim()).trim_end().to_owned()
}
