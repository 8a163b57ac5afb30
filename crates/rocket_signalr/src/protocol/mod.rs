//! The hub protocol: messages, their encodings, the handshake and the framing, all without I/O.
//!
//! Bytes of a client go through a [`Framer`], which cuts whole records off, and
//! [`HubProtocol::parse`], which reads one; payloads stay encoded until [`Arguments`] or
//! [`RawValue`] bind them. What a server says is built straight into a [`Frame`].

mod bind;
mod error;
mod frame;
mod framer;
#[cfg(fuzzing)]
pub(crate) mod fuzz;
pub(crate) mod handshake;
mod json;
mod lenient;
mod message;
mod messagepack;
mod naming;
mod per_protocol;
mod raw_json;
mod swar;
mod timestamp;

use std::fmt;

use serde::Serialize;

pub(crate) use bind::{Arguments, RawValue};
pub use error::BindError;
pub(crate) use error::{EncodeError, ProtocolError, TooLarge};
pub(crate) use frame::Frame;
pub(crate) use framer::FrameError;
pub(crate) use framer::Framer;
pub(crate) use message::{Headers, Incoming, Invocation, Outcome};
pub use naming::PropertyNaming;
pub use per_protocol::{FromProtocol, PerProtocol};
pub use timestamp::{Timestamp, TimestampError};

/// An encoding of hub messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HubProtocol {
    /// `json`: one JSON object a message, ended by the record separator 0x1E. The names of
    /// properties are spelled as said when they are written; they are always read in any spelling.
    Json(PropertyNaming),
    /// `messagepack`: one array a message, behind its length. Names are written as they are.
    MessagePack,
}

/// The encodings that the clients of a hub may choose from.
///
/// ```
/// use rocket_signalr::HubProtocols;
///
/// let only_json = HubProtocols { message_pack: false, ..HubProtocols::ALL };
/// assert!(only_json.json);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubProtocols {
    /// Text, which every client knows.
    pub json: bool,
    /// MessagePack: binary and smaller. Event streams cannot carry it.
    pub message_pack: bool,
}

impl HubProtocols {
    /// All of them.
    pub const ALL: Self = Self { json: true, message_pack: true };

    /// None of them, to begin with.
    pub const NONE: Self = Self { json: false, message_pack: false };

    const fn allow(self, protocol: HubProtocol) -> bool {
        match protocol {
            HubProtocol::Json(_) => self.json,
            HubProtocol::MessagePack => self.message_pack,
        }
    }
}

/// What a transport has to be able to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TransferFormat {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

impl fmt::Display for TransferFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "Text",
            Self::Binary => "Binary",
        })
    }
}

impl HubProtocol {
    /// The highest version that a handshake may ask for. Version 2 adds Ack and Sequence to 1.
    pub(crate) const MAX_VERSION: i32 = 2;

    /// How many there are, the spellings of names counted apart: what [`Self::index`] is below.
    pub(crate) const COUNT: usize = 3;

    /// JSON as most hubs have it, where none is agreed yet.
    pub(crate) const JSON: Self = Self::Json(PropertyNaming::CamelCase);

    /// A number for each value, from 0 on.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Json(PropertyNaming::CamelCase) => 0,
            Self::Json(PropertyNaming::AsIs) => 1,
            Self::MessagePack => 2,
        }
    }

    /// The name in handshakes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// The protocol of that name, whatever its case, with names spelled as `naming` says where
    /// that can be chosen.
    pub(crate) fn from_name(name: &str, naming: PropertyNaming) -> Option<Self> {
        let all = [Self::Json(naming), Self::MessagePack];
        all.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// What a transport must carry to be used with this protocol.
    pub(crate) const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json(_) => TransferFormat::Text,
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// Reads one record.
    ///
    /// # Errors
    ///
    /// A [`ProtocolError`] where the record breaks the protocol, which ends the connection.
    /// Payloads of the wrong type do not: they are found when they are bound.
    pub(crate) fn parse(self, record: &[u8]) -> Result<Incoming<'_>, ProtocolError> {
        match self {
            Self::Json(_) => json::parse(record),
            Self::MessagePack => messagepack::parse(record),
        }
    }

    /// A call of `target`. `arguments` must serialise as a list, such as a tuple or a slice; `()`
    /// is the empty list. With an `invocation_id` the client is asked for a result.
    ///
    /// # Errors
    ///
    /// An [`EncodeError`] where `arguments` can not be serialised, or are no list.
    pub(crate) fn invocation<A: Serialize + ?Sized>(
        self,
        target: &str,
        invocation_id: Option<&str>,
        arguments: &A,
    ) -> Result<Frame, EncodeError> {
        match self {
            Self::Json(naming) => json::invocation(naming, target, invocation_id, arguments),
            Self::MessagePack => messagepack::invocation(target, invocation_id, arguments),
        }
    }

    /// An item of a stream.
    ///
    /// # Errors
    ///
    /// An [`EncodeError`] where `item` can not be serialised.
    pub(crate) fn stream_item<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        item: &T,
    ) -> Result<Frame, EncodeError> {
        match self {
            Self::Json(naming) => json::stream_item(naming, invocation_id, item),
            Self::MessagePack => messagepack::stream_item(invocation_id, item),
        }
    }

    /// The result of a call. It is always written, also where it is null: a method without a
    /// result answers with `()`.
    ///
    /// # Errors
    ///
    /// An [`EncodeError`] where `result` can not be serialised.
    pub(crate) fn completion<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        result: &T,
    ) -> Result<Frame, EncodeError> {
        match self {
            Self::Json(naming) => json::completion(naming, invocation_id, result),
            Self::MessagePack => messagepack::completion(invocation_id, result),
        }
    }

    /// The end of a stream, which has neither a result nor an error.
    pub(crate) fn completion_void(self, invocation_id: &str) -> Frame {
        match self {
            Self::Json(_) => json::completion_void(invocation_id),
            Self::MessagePack => messagepack::completion_void(invocation_id),
        }
    }

    /// The failure of a call or a stream.
    pub(crate) fn completion_error(self, invocation_id: &str, error: &str) -> Frame {
        match self {
            Self::Json(_) => json::completion_error(invocation_id, error),
            Self::MessagePack => messagepack::completion_error(invocation_id, error),
        }
    }

    /// A ping.
    pub(crate) fn ping(self) -> Frame {
        match self {
            Self::Json(_) => json::ping(),
            Self::MessagePack => messagepack::ping(),
        }
    }

    /// The end of the connection. `allow_reconnect` invites clients to connect anew.
    pub(crate) fn close(self, error: Option<&str>, allow_reconnect: bool) -> Frame {
        match self {
            Self::Json(_) => json::close(error, allow_reconnect),
            Self::MessagePack => messagepack::close(error, allow_reconnect),
        }
    }

    /// Tells that all messages up to `sequence_id` were received. Only for version 2.
    pub(crate) fn ack(self, sequence_id: i64) -> Frame {
        match self {
            Self::Json(_) => json::ack(sequence_id),
            Self::MessagePack => messagepack::ack(sequence_id),
        }
    }

    /// Tells the number of the next message, after a reconnect. Only for version 2.
    pub(crate) fn sequence(self, sequence_id: i64) -> Frame {
        match self {
            Self::Json(_) => json::sequence(sequence_id),
            Self::MessagePack => messagepack::sequence(sequence_id),
        }
    }
}
