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
mod message;
mod swar;

use std::fmt;

use serde::Serialize;

pub(crate) use bind::{Arguments, RawValue};
pub use error::BindError;
pub(crate) use error::{EncodeError, ProtocolError, TooLarge};
pub(crate) use frame::Frame;
pub(crate) use framer::Framer;
pub(crate) use message::{Headers, Incoming, Invocation, Outcome};

/// An encoding of hub messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum HubProtocol {
    /// `json`: one JSON object a message, ended by the record separator 0x1E.
    Json,
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

    const ALL: [Self; 1] = [Self::Json];

    /// The name in handshakes.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
        }
    }

    /// The protocol of that name, whatever its case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// What a transport must carry to be used with this protocol.
    pub(crate) const fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
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
            Self::Json => json::parse(record),
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
            Self::Json => json::invocation(target, invocation_id, arguments),
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
            Self::Json => json::stream_item(invocation_id, item),
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
            Self::Json => json::completion(invocation_id, result),
        }
    }

    /// The end of a stream, which has neither a result nor an error.
    pub(crate) fn completion_void(self, invocation_id: &str) -> Frame {
        match self {
            Self::Json => json::completion_void(invocation_id),
        }
    }

    /// The failure of a call or a stream.
    pub(crate) fn completion_error(self, invocation_id: &str, error: &str) -> Frame {
        match self {
            Self::Json => json::completion_error(invocation_id, error),
        }
    }

    /// A ping.
    pub(crate) fn ping(self) -> Frame {
        match self {
            Self::Json => json::ping(),
        }
    }

    /// The end of the connection. `allow_reconnect` invites clients to connect anew.
    pub(crate) fn close(self, error: Option<&str>, allow_reconnect: bool) -> Frame {
        match self {
            Self::Json => json::close(error, allow_reconnect),
        }
    }

    /// Tells that all messages up to `sequence_id` were received. Only for version 2.
    pub(crate) fn ack(self, sequence_id: i64) -> Frame {
        match self {
            Self::Json => json::ack(sequence_id),
        }
    }

    /// Tells the number of the next message, after a reconnect. Only for version 2.
    pub(crate) fn sequence(self, sequence_id: i64) -> Frame {
        match self {
            Self::Json => json::sequence(sequence_id),
        }
    }
}
