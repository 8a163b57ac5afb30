//! Reads the MessagePack of one message.

use std::borrow::Cow;

use super::scan::{Malformed, Scanner, Token};
use crate::protocol::{
    Arguments, Headers, HubProtocol, Incoming, Invocation, Outcome, ProtocolError, RawValue,
};

/// Reads one message.
///
/// The items of its array are read in their order, up to the last that has a meaning. What stands
/// behind is not looked at, as in the reference: later versions may add to it.
pub(crate) fn parse(record: &[u8]) -> Result<Incoming<'_>, ProtocolError> {
    let mut items = Items(Scanner::new(record));
    let count = items.array("message")?;
    Ok(match items.int32("messageType")? {
        1 => Incoming::Invocation(items.invocation(count, false)?),
        2 => Incoming::StreamItem {
            invocation_id: items.about("StreamItem")?,
            item: items.payload("item")?,
        },
        3 => Incoming::Completion {
            invocation_id: items.about("Completion")?,
            outcome: items.outcome()?,
        },
        4 => Incoming::Invocation(items.invocation(count, true)?),
        5 => Incoming::CancelInvocation { invocation_id: items.about("CancelInvocation")? },
        6 => Incoming::Ping,
        7 => {
            let error = items.text("error")?;
            if count > 2 {
                // Means nothing when a client says it.
                items.boolean("allowReconnect")?;
            }
            Incoming::Close { error }
        }
        8 => Incoming::Ack { sequence_id: items.int64("sequenceId")? },
        9 => Incoming::Sequence { sequence_id: items.int64("sequenceId")? },
        message_type => Incoming::Unknown { message_type },
    })
}

/// What has not been read yet of a message. Names are those of error texts.
struct Items<'a>(Scanner<'a>);

impl<'a> Items<'a> {
    fn invocation(
        &mut self,
        count: usize,
        streaming: bool,
    ) -> Result<Invocation<'a>, ProtocolError> {
        let message = if streaming { "StreamInvocation" } else { "Invocation" };
        let headers = self.headers()?;
        let invocation_id = self.text("invocationId")?.filter(|id| !id.is_empty());
        if streaming && invocation_id.is_none() {
            return Err(no_id(message));
        }
        let target = self.text("target")?;
        let target = given(target, || format!("target for {message} message"))?;
        let arguments = self.arguments()?;
        // Clients of older versions send five items, and those of this one if they may.
        let stream_ids = if count > 5 { self.stream_ids()? } else { Vec::new() };
        Ok(Invocation { invocation_id, target, arguments, stream_ids, headers, streaming })
    }

    /// The headers, which mean nothing here, and the id of a message about a call or stream.
    fn about(&mut self, message: &str) -> Result<Cow<'a, str>, ProtocolError> {
        self.headers()?;
        let id = self.text("invocationId")?;
        id.filter(|id| !id.is_empty()).ok_or_else(|| no_id(message))
    }

    fn outcome(&mut self) -> Result<Outcome<'a>, ProtocolError> {
        match self.int32("resultKind")? {
            // An error without a text is one all the same.
            1 => Ok(Outcome::Error(self.text("error")?.unwrap_or_default())),
            2 => Ok(Outcome::Void),
            3 => Ok(Outcome::Result(self.payload("result")?)),
            _ => Err(ProtocolError::invalid_data("Invalid invocation result kind.")),
        }
    }

    fn headers(&mut self) -> Result<Headers<'a>, ProtocolError> {
        let Ok(Token::Map(count)) = self.0.token() else {
            return Err(ProtocolError::invalid_data("Reading map length for 'headers' failed."));
        };
        let mut headers = Headers::new();
        for index in 0..count {
            let name = self.text(format_args!("headers[{index}].Key"))?;
            let name = given(name, || "key in header".to_owned())?;
            let value = self.text(format_args!("headers[{index}].Value"))?;
            headers.push((name, given(value, || "value in header".to_owned())?));
        }
        Ok(headers)
    }

    /// Counts the arguments. What they are matters when they are bound.
    fn arguments(&mut self) -> Result<Arguments<'a>, ProtocolError> {
        let count = self.array("arguments")?;
        let items = self.0.rest();
        for _ in 0..count {
            self.payload("argument")?;
        }
        Ok(Arguments::new(HubProtocol::MessagePack, items, count))
    }

    fn stream_ids(&mut self) -> Result<Vec<Cow<'a, str>>, ProtocolError> {
        let count = self.array("streamIds")?;
        let id = |_| given(self.text("streamIds")?, || "value in streamIds received".to_owned());
        (0..count).map(id).collect()
    }

    fn payload(&mut self, name: &str) -> Result<RawValue<'a>, ProtocolError> {
        let value = self.0.value().map_err(|Malformed| {
            ProtocolError::invalid_data(format!("Deserializing object for '{name}' failed."))
        })?;
        Ok(RawValue::new(HubProtocol::MessagePack, value))
    }

    fn array(&mut self, name: &str) -> Result<usize, ProtocolError> {
        match self.0.token() {
            Ok(Token::Array(count)) => Ok(count),
            _ => Err(ProtocolError::invalid_data(format!(
                "Reading array length for '{name}' failed."
            ))),
        }
    }

    /// A text or nil. As in the reference, what is no UTF-8 in it is replaced.
    fn text(
        &mut self,
        name: impl std::fmt::Display,
    ) -> Result<Option<Cow<'a, str>>, ProtocolError> {
        match self.0.token() {
            Ok(Token::Text(text)) => Ok(Some(String::from_utf8_lossy(text))),
            Ok(Token::Nil) => Ok(None),
            _ => Err(unreadable(name, "String")),
        }
    }

    fn int32(&mut self, name: &str) -> Result<i32, ProtocolError> {
        let number = self.integer().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| unreadable(name, "Int32"))
    }

    fn int64(&mut self, name: &str) -> Result<i64, ProtocolError> {
        self.integer().ok_or_else(|| unreadable(name, "Int64"))
    }

    fn integer(&mut self) -> Option<i64> {
        match self.0.token() {
            Ok(Token::Unsigned(number)) => number.try_into().ok(),
            Ok(Token::Signed(number)) => Some(number),
            _ => None,
        }
    }

    fn boolean(&mut self, name: &str) -> Result<bool, ProtocolError> {
        match self.0.token() {
            Ok(Token::Boolean(value)) => Ok(value),
            _ => Err(unreadable(name, "Boolean")),
        }
    }
}

fn unreadable(name: impl std::fmt::Display, kind: &str) -> ProtocolError {
    ProtocolError::invalid_data(format!("Reading '{name}' as {kind} failed."))
}

fn no_id(message: &str) -> ProtocolError {
    ProtocolError::invalid_data(format!("Null or empty invocation ID for {message} message."))
}

/// A text that must not be missing or empty.
fn given<'a>(
    text: Option<Cow<'a, str>>,
    what: impl FnOnce() -> String,
) -> Result<Cow<'a, str>, ProtocolError> {
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| ProtocolError::invalid_data(format!("Null or empty {}.", what())))
}

#[cfg(test)]
mod tests;
