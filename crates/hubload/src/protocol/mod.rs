//! Hub messages and their two encodings. Symmetric: what one side encodes the other decodes, so
//! that the floor server reads what the clients write.

mod json;
mod messagepack;

use std::borrow::Cow;

use clap::ValueEnum;

/// How hub messages are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    Json,
    #[value(name = "messagepack")]
    MessagePack,
}

/// A hub message, with no more of it than a load needs: at most two arguments, ids that are
/// numbers, one upload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message<'a> {
    Invocation(Invocation<'a>),
    StreamInvocation(Invocation<'a>),
    Item { id: u32, value: Value<'a> },
    Completion { id: u32, outcome: Result<Value<'a>, Cow<'a, str>> },
    Ping,
    Close { error: Option<Cow<'a, str>> },
    Other(u64),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Invocation<'a> {
    /// Without it no answer is wanted.
    pub(crate) id: Option<u32>,
    pub(crate) target: Cow<'a, str>,
    pub(crate) arguments: Arguments<'a>,
    /// The id of a stream that the caller will send.
    pub(crate) upload: Option<u32>,
}

pub(crate) type Arguments<'a> = [Option<Value<'a>>; 2];

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(i64),
    Null,
    /// Something that no load sends: a list, an object, a fraction.
    Other,
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> Invocation<'a> {
    pub(crate) fn new(target: &'a str, arguments: Arguments<'a>) -> Self {
        Self { id: None, target: Cow::Borrowed(target), arguments, upload: None }
    }
}

impl Protocol {
    /// As the handshake names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    pub(crate) fn encode(self, message: &Message<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Json => json::encode(message, out),
            Self::MessagePack => messagepack::encode(message, out),
        }
    }

    /// The first message of `bytes` and the length of what held it, or none if it is incomplete.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, String> {
        match self {
            Self::Json => json::decode(bytes),
            Self::MessagePack => messagepack::decode(bytes),
        }
    }
}

/// What ends each JSON message and both sides of the handshake.
pub(crate) const SEPARATOR: u8 = 0x1e;

/// The first record of `bytes`, without its separator, and the length with it.
pub(crate) fn record(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = memchr::memchr(SEPARATOR, bytes)?;
    Some((&bytes[..end], end + 1))
}

/// The kinds of messages, which are the same in both encodings.
mod kind {
    pub(super) const INVOCATION: u64 = 1;
    pub(super) const ITEM: u64 = 2;
    pub(super) const COMPLETION: u64 = 3;
    pub(super) const STREAM_INVOCATION: u64 = 4;
    pub(super) const PING: u64 = 6;
    pub(super) const CLOSE: u64 = 7;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Message<'static>> {
        let two = [Some(Value::text("a\"é\n")), Some(Value::Number(-70_000))];
        let call = Invocation::new("Echo", two);
        vec![
            Message::Invocation(call.clone()),
            Message::Invocation(Invocation { id: Some(7), upload: Some(8), ..call.clone() }),
            Message::StreamInvocation(Invocation {
                id: Some(u32::MAX),
                arguments: [None, None],
                ..call
            }),
            Message::Item { id: 7, value: Value::Number(300) },
            Message::Completion { id: 7, outcome: Ok(Value::text("")) },
            Message::Completion { id: 7, outcome: Ok(Value::Null) },
            Message::Completion { id: 7, outcome: Err("no".into()) },
            Message::Ping,
            Message::Close { error: None },
            Message::Close { error: Some("gone".into()) },
        ]
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for protocol in [Protocol::Json, Protocol::MessagePack] {
            let mut bytes = Vec::new();
            for message in all() {
                protocol.encode(&message, &mut bytes);
            }
            let mut at = 0;
            for message in all() {
                let (decoded, length) = protocol.decode(&bytes[at..]).unwrap().unwrap();
                assert_eq!(decoded, message, "{protocol:?}");
                at += length;
            }
            assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn a_message_cut_short_is_waited_for() {
        for protocol in [Protocol::Json, Protocol::MessagePack] {
            for message in all() {
                let mut bytes = Vec::new();
                protocol.encode(&message, &mut bytes);
                for end in 0..bytes.len() {
                    assert_eq!(protocol.decode(&bytes[..end]), Ok(None), "{protocol:?}");
                }
            }
        }
    }
}
