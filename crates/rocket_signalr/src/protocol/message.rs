//! What clients say.

use std::borrow::Cow;
use std::fmt;

use super::{Arguments, RawValue};

/// A message from a client. It borrows from its record, and payloads stay encoded.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// A call of a hub method (types 1 and 4).
    Invocation(Invocation<'a>),
    /// An item of an upload stream.
    StreamItem {
        /// The id of the stream.
        invocation_id: Cow<'a, str>,
        /// The item.
        item: RawValue<'a>,
    },
    /// The end of an upload stream, or the answer to a call of the server.
    Completion {
        /// The id of the stream or call.
        invocation_id: Cow<'a, str>,
        /// How it ended.
        outcome: Outcome<'a>,
    },
    /// The client wants no more items of a stream.
    CancelInvocation {
        /// The id of the call that started the stream.
        invocation_id: Cow<'a, str>,
    },
    /// A sign of life.
    Ping,
    /// The client leaves.
    Close {
        /// Why, if it says so. An empty text is an error too.
        error: Option<Cow<'a, str>>,
    },
    /// The client has received all messages up to this one.
    Ack {
        /// The number of the last message received.
        sequence_id: i64,
    },
    /// After a reconnect: the number of the next message from the client.
    Sequence {
        /// That number.
        sequence_id: i64,
    },
    /// A type that this version does not know, to be skipped.
    Unknown {
        /// The type.
        message_type: i32,
    },
}

impl Incoming<'_> {
    /// Whether stateful reconnect counts it, and repeats it when it may have been lost.
    pub(crate) const fn is_counted(&self) -> bool {
        match self {
            Self::Invocation(_)
            | Self::StreamItem { .. }
            | Self::Completion { .. }
            | Self::CancelInvocation { .. } => true,
            Self::Ping
            | Self::Close { .. }
            | Self::Ack { .. }
            | Self::Sequence { .. }
            | Self::Unknown { .. } => false,
        }
    }
}

/// A call of a hub method.
pub(crate) struct Invocation<'a> {
    /// What to answer to; `None`, for an empty id too, if no answer is wanted. Always there if
    /// `streaming`.
    pub(crate) invocation_id: Option<Cow<'a, str>>,
    /// The method, as the client wrote it.
    pub(crate) target: Cow<'a, str>,
    /// The arguments.
    pub(crate) arguments: Arguments<'a>,
    /// The ids of the upload streams, in the order of the parameters that take them.
    pub(crate) stream_ids: Vec<Cow<'a, str>>,
    /// The headers. They may hold secrets, so they are not among what is shown for debugging.
    pub(crate) headers: Headers<'a>,
    /// Whether a stream is asked for (type 4), not one result (type 1).
    pub(crate) streaming: bool,
}

impl fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("invocation_id", &self.invocation_id)
            .field("target", &self.target)
            .field("arguments", &self.arguments)
            .field("stream_ids", &self.stream_ids)
            .field("streaming", &self.streaming)
            .finish_non_exhaustive()
    }
}

/// Names and values of headers, as they came. Of a name that comes twice the last one counts.
pub(crate) type Headers<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// How a stream or a call ended.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    /// Without a result.
    Void,
    /// With a result.
    Result(RawValue<'a>),
    /// With an error, whose text may be empty.
    Error(Cow<'a, str>),
}
