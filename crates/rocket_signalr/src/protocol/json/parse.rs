//! Reads the JSON of one message.

use std::borrow::Cow;

use super::read;
use super::scan::{Kind, ReadError, Scanner};
use super::text::Text;
use crate::protocol::{
    Arguments, Headers, HubProtocol, Incoming, Invocation, Outcome, ProtocolError, RawValue,
};

/// Reads one message.
///
/// Its properties come in any order, the type often last, so they are gathered first. Each is
/// checked where it stands, whether or not the message turns out to need it.
pub(crate) fn parse(record: &[u8]) -> Result<Incoming<'_>, ProtocolError> {
    match Properties::read(record) {
        Ok(properties) => properties.into_message(),
        Err(ReadError::Protocol(error)) => Err(error),
        Err(ReadError::Malformed(_)) => Err(ProtocolError::invalid_data("Error reading JSON.")),
    }
}

/// What a message may hold. Of a property that comes twice the last counts.
#[derive(Debug, Default)]
struct Properties<'a> {
    message_type: Option<i32>,
    invocation_id: Option<Cow<'a, str>>,
    target: Option<Cow<'a, str>>,
    arguments: Option<Arguments<'a>>,
    stream_ids: Vec<Cow<'a, str>>,
    headers: Headers<'a>,
    item: Option<RawValue<'a>>,
    result: Option<RawValue<'a>>,
    error: Option<Cow<'a, str>>,
    sequence_id: Option<i64>,
}

impl<'a> Properties<'a> {
    fn read(record: &'a [u8]) -> Result<Self, ReadError> {
        let mut properties = Self::default();
        let mut scanner = Scanner::new(record);
        read::expect_object(&mut scanner)?;
        // What stands behind the object is passed over, as in the reference.
        scanner.object(|scanner, name| properties.read_one(scanner, name))?;
        Ok(properties)
    }

    fn read_one(&mut self, scanner: &mut Scanner<'a>, name: Text<'a>) -> Result<(), ReadError> {
        match &*name.unescape()? {
            b"type" => {
                let message_type = read::integer(scanner, "type", "Int32")?;
                self.message_type =
                    Some(message_type.ok_or_else(|| ProtocolError::expected("type", "Number"))?);
            }
            b"invocationId" => self.invocation_id = Some(read::string(scanner, "invocationId")?),
            b"target" => self.target = Some(read::string(scanner, "target")?),
            b"arguments" => self.arguments = Some(arguments(scanner)?),
            b"streamIds" => self.stream_ids = stream_ids(scanner)?,
            b"headers" => self.headers = headers(scanner)?,
            b"item" => self.item = Some(payload(scanner)?),
            b"result" => self.result = Some(payload(scanner)?),
            b"error" => self.error = Some(read::string(scanner, "error")?),
            // Means nothing when a client says it.
            b"allowReconnect" => drop(read::boolean(scanner, "allowReconnect")?),
            b"sequenceId" => self.sequence_id = read::integer(scanner, "sequenceId", "Int64")?,
            _ => drop(scanner.value()?),
        }
        Ok(())
    }

    /// Makes a message of them. What is missing is told in the order of the reference.
    fn into_message(self) -> Result<Incoming<'a>, ProtocolError> {
        Ok(match required("type", self.message_type)? {
            1 => Incoming::Invocation(self.into_invocation(false)?),
            2 => Incoming::StreamItem {
                invocation_id: required_id(self.invocation_id)?,
                item: required("item", self.item)?,
            },
            3 => Incoming::Completion {
                invocation_id: required_id(self.invocation_id)?,
                outcome: outcome(self.error, self.result)?,
            },
            4 => Incoming::Invocation(self.into_invocation(true)?),
            5 => Incoming::CancelInvocation { invocation_id: required_id(self.invocation_id)? },
            6 => Incoming::Ping,
            7 => Incoming::Close { error: self.error },
            8 => Incoming::Ack { sequence_id: required("sequenceId", self.sequence_id)? },
            9 => Incoming::Sequence { sequence_id: required("sequenceId", self.sequence_id)? },
            message_type => Incoming::Unknown { message_type },
        })
    }

    fn into_invocation(self, streaming: bool) -> Result<Invocation<'a>, ProtocolError> {
        let target = required("target", self.target)?;
        let invocation_id = if streaming {
            Some(required_id(self.invocation_id)?)
        } else {
            self.invocation_id.filter(|id| !id.is_empty())
        };
        let lacking = if target.is_empty() && !streaming { "target" } else { "arguments" };
        Ok(Invocation {
            invocation_id,
            target,
            arguments: required(lacking, self.arguments)?,
            stream_ids: self.stream_ids,
            headers: self.headers,
            streaming,
        })
    }
}

fn required<T>(property: &str, value: Option<T>) -> Result<T, ProtocolError> {
    value.ok_or_else(|| ProtocolError::missing(property))
}

/// An empty id is none.
fn required_id(id: Option<Cow<'_, str>>) -> Result<Cow<'_, str>, ProtocolError> {
    required("invocationId", id.filter(|id| !id.is_empty()))
}

fn outcome<'a>(
    error: Option<Cow<'a, str>>,
    result: Option<RawValue<'a>>,
) -> Result<Outcome<'a>, ProtocolError> {
    match (error, result) {
        (None, None) => Ok(Outcome::Void),
        (None, Some(result)) => Ok(Outcome::Result(result)),
        (Some(error), None) => Ok(Outcome::Error(error)),
        (Some(_), Some(_)) => Err(ProtocolError::invalid_data(
            "The 'error' and 'result' properties are mutually exclusive.",
        )),
    }
}

fn payload<'a>(scanner: &mut Scanner<'a>) -> Result<RawValue<'a>, ReadError> {
    Ok(RawValue::new(HubProtocol::JSON, scanner.value()?))
}

/// Counts the arguments. What they are matters when they are bound.
fn arguments<'a>(scanner: &mut Scanner<'a>) -> Result<Arguments<'a>, ReadError> {
    read::expect(scanner, Kind::Array, |_| ProtocolError::expected("arguments", "Array"))?;
    let mut items: &[u8] = &[];
    let mut count = 0;
    scanner.array(|scanner| {
        if count == 0 {
            items = scanner.rest();
        }
        count += 1;
        scanner.value()?;
        Ok(())
    })?;
    Ok(Arguments::new(HubProtocol::JSON, items, count))
}

fn stream_ids<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<Cow<'a, str>>, ReadError> {
    read::expect(scanner, Kind::Array, |_| ProtocolError::expected("streamIds", "Array"))?;
    let mut ids = Vec::new();
    scanner.array(|scanner| {
        read::expect(scanner, Kind::String, no_stream_id)?;
        ids.push(scanner.string()?.decode()?);
        Ok(())
    })?;
    Ok(ids)
}

fn no_stream_id(found: Kind) -> ProtocolError {
    let token = match found {
        Kind::Null => {
            return ProtocolError::invalid_data("Null value for 'streamIds' is not valid.");
        }
        Kind::Object => "StartObject",
        Kind::Array => "StartArray",
        Kind::String => "String",
        Kind::Number => "Number",
        Kind::True => "True",
        Kind::False => "False",
    };
    ProtocolError::invalid_operation(format!(
        "Cannot get the value of a token type '{token}' as a string."
    ))
}

fn headers<'a>(scanner: &mut Scanner<'a>) -> Result<Headers<'a>, ReadError> {
    read::expect(scanner, Kind::Object, |_| ProtocolError::expected("headers", "StartObject"))?;
    let mut headers = Vec::new();
    scanner.object(|scanner, name| {
        let name = name.decode()?;
        read::expect(scanner, Kind::String, |_| {
            ProtocolError::invalid_data(format!("Expected header '{name}' to be of type String."))
        })?;
        headers.push((name, scanner.string()?.decode()?));
        Ok(())
    })?;
    Ok(headers)
}

#[cfg(test)]
mod tests;
