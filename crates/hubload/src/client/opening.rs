//! From nothing to an open connection: negotiation, the transport, the handshake.

use serde::Deserialize;

use super::{
    Awaited, Client, Io, Stage, Transport,
    link::{Link, Side},
    refusal,
};
use crate::{
    http,
    protocol::SEPARATOR,
    websocket::{self, opcode},
};

/// What a server answers to a negotiation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negotiated {
    connection_token: Option<String>,
    #[serde(default)]
    available_transports: Vec<Offer>,
    error: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct Offer {
    transport: String,
}

impl Client {
    pub(crate) fn connect(&mut self, io: &mut Io) -> Result<(), String> {
        if self.plan.skip_negotiation {
            return self.open_main(io);
        }
        self.stage = Stage::Negotiating;
        let path = self.plan.url.below("/negotiate", Some(("negotiateVersion", "1")));
        self.ask(io, Awaited::Negotiation, "POST", &path, Some(&[]))
    }

    pub(super) fn negotiated(
        &mut self,
        io: &mut Io,
        status: u16,
        body: &[u8],
    ) -> Result<(), String> {
        if status != 200 {
            return Err(refusal("negotiate", status, body));
        }
        let answer: Negotiated = serde_json::from_slice(body)
            .map_err(|error| format!("negotiate: not an answer: {error}"))?;
        if let Some(error) = answer.error {
            return Err(format!("negotiate: {error}"));
        }
        if let Some(url) = answer.url {
            return Err(format!("negotiate: redirected to {url}: give that address"));
        }
        let wanted = self.plan.transport.name();
        if !answer.available_transports.iter().any(|offer| offer.transport == wanted) {
            return Err(format!("negotiate: {wanted} is not offered"));
        }
        self.token = answer.connection_token.ok_or("negotiate: no connectionToken")?;
        // As with browsers, whose sockets for WebSockets are always new ones.
        if self.plan.transport == Transport::WebSockets {
            self.posts = None;
        }
        self.open_main(io)
    }

    fn open_main(&mut self, io: &mut Io) -> Result<(), String> {
        self.stage = Stage::Opening;
        let mut headers = self.authorization();
        match self.plan.transport {
            Transport::WebSockets => {
                headers.push_str("Connection: Upgrade\r\nUpgrade: websocket\r\n");
                headers.push_str("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
                headers.push_str(websocket::KEY);
                headers.push_str("\r\n");
            }
            Transport::ServerSentEvents => headers.push_str("Accept: text/event-stream\r\n"),
            Transport::LongPolling => {}
        }
        let path =
            if self.token.is_empty() { self.plan.url.below("", None) } else { self.own_path() };
        let mut link = Link::open(io, self.plan.url.address, self.id, Side::Main)?;
        http::request(&mut link.out, "GET", &self.plan.url, &path, &headers, None);
        link.flush(io)?;
        self.main = Some(link);
        Ok(())
    }

    /// Asks for what the server has to send.
    pub(super) fn poll(&mut self) {
        let headers = self.authorization();
        let path = self.own_path();
        if let Some(main) = &mut self.main {
            http::request(&mut main.out, "GET", &self.plan.url, &path, &headers, None);
        }
    }

    /// The transport stands.
    pub(super) fn shake_hands(&mut self) {
        self.stage = Stage::Handshaking;
        let protocol = self.plan.protocol.name();
        let mut hello = format!(r#"{{"protocol":"{protocol}","version":1}}"#).into_bytes();
        hello.push(SEPARATOR);
        match (self.plan.transport, &mut self.main) {
            (Transport::WebSockets, Some(main)) => {
                websocket::write_masked(opcode::TEXT, &hello, &mut main.out);
            }
            _ => self.outbox.append(&mut hello),
        }
    }
}

/// Nothing, or why the server refuses the handshake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handshake {
    error: Option<String>,
}

pub(super) fn handshaken(record: &[u8]) -> Result<(), String> {
    let answer: Handshake = serde_json::from_slice(record)
        .map_err(|error| format!("handshake: not an answer: {error}"))?;
    answer.error.map_or(Ok(()), |error| Err(format!("handshake: {error}")))
}

impl Transport {
    /// As a negotiation names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }
}
