//! The transports: how client and server agree on one, which pages may, and WebSocket frames.

pub(crate) mod negotiate;
mod origin;
mod socket;
pub(crate) mod websocket;

use serde::Deserialize;

pub(crate) use self::socket::{Ends, Socket};
pub use self::{negotiate::NegotiateRedirect, origin::AllowedOrigins};
use crate::protocol::TransferFormat;

/// A way in which messages go back and forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Transport {
    WebSockets,
    ServerSentEvents,
    LongPolling,
}

impl Transport {
    /// In the order in which clients try them.
    pub(crate) const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// As negotiations and refusals write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "ServerSentEvents",
            Self::LongPolling => "LongPolling",
        }
    }

    /// What it can carry.
    pub(crate) const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::WebSockets | Self::LongPolling => TransferFormat::Binary,
            Self::ServerSentEvents => TransferFormat::Text,
        }
    }
}

/// The ways in which the clients of a hub may connect.
///
/// ```
/// use rocket_signalr::Transports;
///
/// let no_polling = Transports { long_polling: false, ..Transports::ALL };
/// assert!(no_polling.web_sockets);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// One socket for both directions.
    pub web_sockets: bool,
    /// An event stream for what the server sends, POST requests for what the client sends.
    pub server_sent_events: bool,
    /// A request that waits for what the server sends, again and again; POST requests for what the
    /// client sends.
    pub long_polling: bool,
}

impl Transports {
    /// All of them.
    pub const ALL: Self = Self { web_sockets: true, server_sent_events: true, long_polling: true };

    /// None of them, to begin with.
    pub const NONE: Self =
        Self { web_sockets: false, server_sent_events: false, long_polling: false };

    pub(crate) const fn allow(self, transport: Transport) -> bool {
        match transport {
            Transport::WebSockets => self.web_sockets,
            Transport::ServerSentEvents => self.server_sent_events,
            Transport::LongPolling => self.long_polling,
        }
    }
}
