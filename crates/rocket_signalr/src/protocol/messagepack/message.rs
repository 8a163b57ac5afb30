//! Writes whole messages: arrays with the items that the protocol lays down.

use serde::Serialize;

use super::{payload, write};
use crate::protocol::frame::FrameBuilder;
use crate::protocol::{EncodeError, Frame, TransferFormat};

/// A completion holds an error.
const ERROR: u64 = 1;
/// A completion holds nothing: a stream is over.
const VOID: u64 = 2;
/// A completion holds a result, which may be nil.
const RESULT: u64 = 3;

/// Always with six items, streams or not: not all clients can take five.
pub(crate) fn invocation<A: Serialize + ?Sized>(
    target: &str,
    invocation_id: Option<&str>,
    arguments: &A,
) -> Result<Frame, EncodeError> {
    let mut message = Message::about(6, 1, invocation_id.unwrap_or_default());
    message.text(target);
    message.arguments(arguments)?;
    write::array(message.payload(), 0);
    Ok(message.finish())
}

pub(crate) fn stream_item<T: Serialize + ?Sized>(
    invocation_id: &str,
    item: &T,
) -> Result<Frame, EncodeError> {
    let mut message = Message::about(4, 2, invocation_id);
    message.value(item)?;
    Ok(message.finish())
}

pub(crate) fn completion<T: Serialize + ?Sized>(
    invocation_id: &str,
    result: &T,
) -> Result<Frame, EncodeError> {
    let mut message = Message::about(5, 3, invocation_id);
    write::unsigned(message.payload(), RESULT);
    message.value(result)?;
    Ok(message.finish())
}

pub(crate) fn completion_void(invocation_id: &str) -> Frame {
    let mut message = Message::about(4, 3, invocation_id);
    write::unsigned(message.payload(), VOID);
    message.finish()
}

pub(crate) fn completion_error(invocation_id: &str, error: &str) -> Frame {
    let mut message = Message::about(5, 3, invocation_id);
    write::unsigned(message.payload(), ERROR);
    message.text(error);
    message.finish()
}

pub(crate) const fn ping() -> Frame {
    Frame::from_static(b"\x82\x03\x02\x91\x06")
}

/// An empty error is none here, other than in JSON: so it is in the reference.
pub(crate) fn close(error: Option<&str>, allow_reconnect: bool) -> Frame {
    let mut message = Message::new(3, 7);
    message.text_or_nil(error.unwrap_or_default());
    write::boolean(message.payload(), allow_reconnect);
    message.finish()
}

pub(crate) fn ack(sequence_id: i64) -> Frame {
    numbered(8, sequence_id)
}

pub(crate) fn sequence(sequence_id: i64) -> Frame {
    numbered(9, sequence_id)
}

fn numbered(message_type: u64, sequence_id: i64) -> Frame {
    let mut message = Message::new(2, message_type);
    write::signed(message.payload(), sequence_id);
    message.finish()
}

/// A message that is being written.
struct Message(FrameBuilder);

impl Message {
    fn new(items: usize, message_type: u64) -> Self {
        let mut message = Self(FrameBuilder::new());
        write::array(message.payload(), items);
        write::unsigned(message.payload(), message_type);
        message
    }

    /// A message about a call or stream. It has no headers.
    fn about(items: usize, message_type: u64, invocation_id: &str) -> Self {
        let mut message = Self::new(items, message_type);
        write::map(message.payload(), 0);
        message.text_or_nil(invocation_id);
        message
    }

    const fn payload(&mut self) -> &mut Vec<u8> {
        self.0.payload()
    }

    fn text(&mut self, text: &str) {
        write::text(self.payload(), text);
    }

    fn text_or_nil(&mut self, text: &str) {
        if text.is_empty() {
            write::nil(self.payload());
        } else {
            self.text(text);
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        payload::write(self.payload(), value).map_err(EncodeError::new)
    }

    fn arguments<A: Serialize + ?Sized>(&mut self, arguments: &A) -> Result<(), EncodeError> {
        let start = self.payload().len();
        self.value(arguments)?;
        match self.payload().get(start) {
            Some(0x90..=0x9f | 0xdc | 0xdd) => Ok(()),
            // The empty tuple, which is no list to serde.
            Some(&write::NIL) => {
                self.payload().truncate(start);
                write::array(self.payload(), 0);
                Ok(())
            }
            _ => Err(EncodeError::new("the arguments of an invocation must be a list")),
        }
    }

    fn finish(self) -> Frame {
        self.0.finish(TransferFormat::Binary)
    }
}

#[cfg(test)]
mod tests;
