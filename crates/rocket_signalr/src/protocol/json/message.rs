//! Writes whole messages: each property in its place, and none that is null, since not all clients
//! can take that.

use serde::Serialize;

use super::payload;
use super::write::string;
use crate::protocol::frame::FrameBuilder;
use crate::protocol::framer::RECORD_SEPARATOR;
use crate::protocol::{EncodeError, Frame, PropertyNaming, TransferFormat};

pub(crate) fn invocation<A: Serialize + ?Sized>(
    naming: PropertyNaming,
    target: &str,
    invocation_id: Option<&str>,
    arguments: &A,
) -> Result<Frame, EncodeError> {
    let mut message = Message::new(1);
    if let Some(id) = invocation_id {
        message.text(r#","invocationId":"#, id);
    }
    message.text(r#","target":"#, target);
    message.arguments(naming, arguments)?;
    Ok(message.finish())
}

pub(crate) fn stream_item<T: Serialize + ?Sized>(
    naming: PropertyNaming,
    invocation_id: &str,
    item: &T,
) -> Result<Frame, EncodeError> {
    let mut message = Message::about(2, invocation_id);
    message.payload(naming, r#","item":"#, item)?;
    Ok(message.finish())
}

pub(crate) fn completion<T: Serialize + ?Sized>(
    naming: PropertyNaming,
    invocation_id: &str,
    result: &T,
) -> Result<Frame, EncodeError> {
    let mut message = Message::about(3, invocation_id);
    message.payload(naming, r#","result":"#, result)?;
    Ok(message.finish())
}

pub(crate) fn completion_void(invocation_id: &str) -> Frame {
    Message::about(3, invocation_id).finish()
}

pub(crate) fn completion_error(invocation_id: &str, error: &str) -> Frame {
    let mut message = Message::about(3, invocation_id);
    message.text(r#","error":"#, error);
    message.finish()
}

pub(crate) const fn ping() -> Frame {
    Frame::from_static(b"\x81\x0b{\"type\":6}\x1e")
}

pub(crate) fn close(error: Option<&str>, allow_reconnect: bool) -> Frame {
    let mut message = Message::new(7);
    if let Some(error) = error {
        message.text(r#","error":"#, error);
    }
    if allow_reconnect {
        message.raw(r#","allowReconnect":true"#);
    }
    message.finish()
}

pub(crate) fn ack(sequence_id: i64) -> Frame {
    numbered(8, sequence_id)
}

pub(crate) fn sequence(sequence_id: i64) -> Frame {
    numbered(9, sequence_id)
}

fn numbered(message_type: u8, sequence_id: i64) -> Frame {
    let mut message = Message::new(message_type);
    message.raw(r#","sequenceId":"#);
    message.raw(&sequence_id.to_string());
    message.finish()
}

/// An object with an error and nothing else, as handshakes are answered.
pub(crate) fn error_object(error: &str) -> Frame {
    let mut message = Message(FrameBuilder::new());
    message.text(r#"{"error":"#, error);
    message.finish()
}

/// A message that is being written.
struct Message(FrameBuilder);

impl Message {
    fn new(message_type: u8) -> Self {
        let mut message = Self(FrameBuilder::new());
        message.raw(r#"{"type":"#);
        message.0.payload().push(b'0' + message_type);
        message
    }

    /// A message about a call or stream.
    fn about(message_type: u8, invocation_id: &str) -> Self {
        let mut message = Self::new(message_type);
        message.text(r#","invocationId":"#, invocation_id);
        message
    }

    fn raw(&mut self, json: &str) {
        self.0.payload().extend_from_slice(json.as_bytes());
    }

    fn text(&mut self, property: &str, text: &str) {
        self.raw(property);
        string(self.0.payload(), text);
    }

    fn payload<T: Serialize + ?Sized>(
        &mut self,
        naming: PropertyNaming,
        property: &str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.raw(property);
        payload::write(self.0.payload(), naming, value).map_err(EncodeError::new)
    }

    fn arguments<A: Serialize + ?Sized>(
        &mut self,
        naming: PropertyNaming,
        arguments: &A,
    ) -> Result<(), EncodeError> {
        self.raw(r#","arguments":"#);
        let output = self.0.payload();
        let start = output.len();
        payload::write(output, naming, arguments).map_err(EncodeError::new)?;
        match output.get(start..) {
            Some([b'[', ..]) => Ok(()),
            // The empty tuple, which is no list to serde.
            Some(b"null") => {
                output.truncate(start);
                self.raw("[]");
                Ok(())
            }
            _ => Err(EncodeError::new("the arguments of an invocation must be a list")),
        }
    }

    fn finish(mut self) -> Frame {
        self.0.payload().extend_from_slice(&[b'}', RECORD_SEPARATOR]);
        self.0.finish(TransferFormat::Text)
    }
}

#[cfg(test)]
mod tests;
