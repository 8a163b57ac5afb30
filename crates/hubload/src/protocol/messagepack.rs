use std::borrow::Cow;

use rmp::{Marker, encode as put};

use super::{Arguments, Invocation, Message, Value, kind};

pub(super) fn encode(message: &Message<'_>, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(64);
    // Writing to memory cannot fail.
    let _ = write(message, &mut body);
    let mut length = body.len();
    while length > 0x7f {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.append(&mut body);
}

fn write(message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    match message {
        Message::Invocation(call) => invocation(kind::INVOCATION, call, out)?,
        Message::StreamInvocation(call) => invocation(kind::STREAM_INVOCATION, call, out)?,
        Message::Item { id, value: item } => {
            head(4, kind::ITEM, out)?;
            put::write_str(out, &id.to_string())?;
            value(item, out)?;
        }
        Message::Completion { id, outcome } => {
            head(5, kind::COMPLETION, out)?;
            put::write_str(out, &id.to_string())?;
            match outcome {
                Ok(result) => {
                    put::write_uint(out, outcome::RESULT)?;
                    value(result, out)?;
                }
                Err(error) => {
                    put::write_uint(out, outcome::ERROR)?;
                    put::write_str(out, error)?;
                }
            }
        }
        Message::Ping => {
            put::write_array_len(out, 1)?;
            put::write_uint(out, kind::PING)?;
        }
        Message::Close { error } => {
            put::write_array_len(out, 3)?;
            put::write_uint(out, kind::CLOSE)?;
            match error {
                Some(error) => put::write_str(out, error)?,
                None => out.push(NIL),
            }
            out.push(FALSE);
        }
        Message::Other(kind) => {
            put::write_array_len(out, 1)?;
            put::write_uint(out, *kind)?;
        }
    }
    Ok(())
}

const NIL: u8 = 0xc0;
const FALSE: u8 = 0xc2;

/// Whether a completion brings an error, nothing or a value.
mod outcome {
    pub(super) const ERROR: u64 = 1;
    pub(super) const VOID: u64 = 2;
    pub(super) const RESULT: u64 = 3;
}

fn head(length: u32, kind: u64, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    put::write_array_len(out, length)?;
    put::write_uint(out, kind)?;
    put::write_map_len(out, 0)?;
    Ok(())
}

fn invocation(
    kind: u64,
    call: &Invocation<'_>,
    out: &mut Vec<u8>,
) -> Result<(), put::ValueWriteError> {
    head(6, kind, out)?;
    match call.id {
        Some(id) => put::write_str(out, &id.to_string())?,
        None => out.push(NIL),
    }
    put::write_str(out, &call.target)?;
    put::write_array_len(out, call.arguments.iter().flatten().count() as u32)?;
    for argument in call.arguments.iter().flatten() {
        value(argument, out)?;
    }
    put::write_array_len(out, u32::from(call.upload.is_some()))?;
    if let Some(upload) = call.upload {
        put::write_str(out, &upload.to_string())?;
    }
    Ok(())
}

fn value(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    match value {
        Value::Text(text) => put::write_str(out, text)?,
        Value::Number(number) => {
            put::write_sint(out, *number)?;
        }
        Value::Null | Value::Other => out.push(NIL),
    }
    Ok(())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, String> {
    let Some((length, prefix)) = length(bytes)? else {
        return Ok(None);
    };
    let Some(body) = bytes.get(prefix..prefix + length) else {
        return Ok(None);
    };
    let message = Reader(body).message().ok_or("not a hub message")?;
    Ok(Some((message, prefix + length)))
}

/// Seven bits a byte, low first, in at most five bytes.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0;
    for (n, &byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * n);
        if byte < 0x80 {
            return Ok(Some((length, n + 1)));
        }
    }
    if bytes.len() < 5 { Ok(None) } else { Err("a length of more than five bytes".into()) }
}

/// What is left to read of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn message(&mut self) -> Option<Message<'a>> {
        let length = self.list()?;
        let kind = self.number()?;
        if matches!(kind, kind::INVOCATION..=kind::STREAM_INVOCATION) {
            self.skip()?;
        }
        Some(match kind {
            kind::INVOCATION => Message::Invocation(self.invocation(length)?),
            kind::STREAM_INVOCATION => Message::StreamInvocation(self.invocation(length)?),
            kind::ITEM => Message::Item { id: self.id()??, value: self.value()? },
            kind::COMPLETION => Message::Completion { id: self.id()??, outcome: self.outcome()? },
            kind::PING => Message::Ping,
            kind::CLOSE => Message::Close { error: self.text()? },
            other => Message::Other(other),
        })
    }

    fn invocation(&mut self, length: usize) -> Option<Invocation<'a>> {
        let id = self.id()?;
        let target = self.text()??;
        let mut arguments: Arguments<'a> = [None, None];
        for n in 0..self.list()? {
            let value = self.value()?;
            if let Some(argument) = arguments.get_mut(n) {
                *argument = Some(value);
            }
        }
        let upload = if length > 5 && self.list()? > 0 { self.id()? } else { None };
        Some(Invocation { id, target, arguments, upload })
    }

    fn outcome(&mut self) -> Option<Result<Value<'a>, Cow<'a, str>>> {
        match self.number()? {
            outcome::ERROR => Some(Err(self.text()??)),
            outcome::VOID => Some(Ok(Value::Null)),
            outcome::RESULT => self.value().map(Ok),
            _ => None,
        }
    }

    fn id(&mut self) -> Option<Option<u32>> {
        match self.text()? {
            Some(id) => id.parse().ok().map(Some),
            None => Some(None),
        }
    }

    /// A text, or none for nil.
    fn text(&mut self) -> Option<Option<Cow<'a, str>>> {
        match self.value()? {
            Value::Text(text) => Some(Some(text)),
            Value::Null => Some(None),
            Value::Number(_) | Value::Other => None,
        }
    }

    fn number(&mut self) -> Option<u64> {
        match self.value()? {
            Value::Number(number) => u64::try_from(number).ok(),
            Value::Text(_) | Value::Null | Value::Other => None,
        }
    }

    fn list(&mut self) -> Option<usize> {
        match Marker::from_u8(self.big_endian(1)? as u8) {
            Marker::FixArray(length) => Some(usize::from(length)),
            Marker::Array16 => self.length(2),
            Marker::Array32 => self.length(4),
            _ => None,
        }
    }

    fn skip(&mut self) -> Option<()> {
        self.value().map(drop)
    }

    fn value(&mut self) -> Option<Value<'a>> {
        Some(match Marker::from_u8(self.big_endian(1)? as u8) {
            Marker::FixPos(number) => Value::Number(number.into()),
            Marker::FixNeg(number) => Value::Number(number.into()),
            Marker::U8 => Value::Number(self.big_endian(1)? as i64),
            Marker::U16 => Value::Number(self.big_endian(2)? as i64),
            Marker::U32 => Value::Number(self.big_endian(4)? as i64),
            Marker::U64 => i64::try_from(self.big_endian(8)?).map_or(Value::Other, Value::Number),
            Marker::I8 => Value::Number((self.big_endian(1)? as i8).into()),
            Marker::I16 => Value::Number((self.big_endian(2)? as i16).into()),
            Marker::I32 => Value::Number((self.big_endian(4)? as i32).into()),
            Marker::I64 => Value::Number(self.big_endian(8)? as i64),
            Marker::FixStr(length) => self.string(length.into())?,
            Marker::Str8 => self.prefixed(1, Self::string)?,
            Marker::Str16 => self.prefixed(2, Self::string)?,
            Marker::Str32 => self.prefixed(4, Self::string)?,
            Marker::Null => Value::Null,
            Marker::True | Marker::False => Value::Other,
            Marker::F32 => self.other(4)?,
            Marker::F64 => self.other(8)?,
            Marker::Bin8 => self.prefixed(1, Self::other)?,
            Marker::Bin16 => self.prefixed(2, Self::other)?,
            Marker::Bin32 => self.prefixed(4, Self::other)?,
            Marker::FixExt1 => self.other(2)?,
            Marker::FixExt2 => self.other(3)?,
            Marker::FixExt4 => self.other(5)?,
            Marker::FixExt8 => self.other(9)?,
            Marker::FixExt16 => self.other(17)?,
            Marker::Ext8 => self.prefixed(1, |reader, length| reader.other(length + 1))?,
            Marker::Ext16 => self.prefixed(2, |reader, length| reader.other(length + 1))?,
            Marker::Ext32 => self.prefixed(4, |reader, length| reader.other(length + 1))?,
            Marker::FixArray(length) => self.values(length.into())?,
            Marker::Array16 => self.prefixed(2, Self::values)?,
            Marker::Array32 => self.prefixed(4, Self::values)?,
            Marker::FixMap(length) => self.values(usize::from(length) * 2)?,
            Marker::Map16 => self.prefixed(2, |reader, length| reader.values(length * 2))?,
            Marker::Map32 => self.prefixed(4, |reader, length| reader.values(length * 2))?,
            Marker::Reserved => return None,
        })
    }

    fn prefixed(
        &mut self,
        bytes: usize,
        read: impl FnOnce(&mut Self, usize) -> Option<Value<'a>>,
    ) -> Option<Value<'a>> {
        let length = self.length(bytes)?;
        read(self, length)
    }

    fn string(&mut self, length: usize) -> Option<Value<'a>> {
        std::str::from_utf8(self.take(length)?).ok().map(Value::text)
    }

    fn other(&mut self, length: usize) -> Option<Value<'a>> {
        self.take(length).map(|_| Value::Other)
    }

    fn values(&mut self, count: usize) -> Option<Value<'a>> {
        for _ in 0..count {
            self.skip()?;
        }
        Some(Value::Other)
    }

    fn length(&mut self, bytes: usize) -> Option<usize> {
        self.big_endian(bytes).map(|length| length as usize)
    }

    fn big_endian(&mut self, bytes: usize) -> Option<u64> {
        let taken = self.take(bytes)?;
        Some(taken.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let bytes = b"\x0e\x96\x01\x80\xc0\xa6method\x91\x2a\x90";
        let call = Message::Invocation(Invocation::new("method", [Some(Value::Number(42)), None]));
        assert_eq!(decode(bytes), Ok(Some((call.clone(), 15))));
        let mut out = Vec::new();
        encode(&call, &mut out);
        assert_eq!(out, bytes);
    }

    #[test]
    fn values_of_every_kind_are_read_over() {
        let body = [
            0x95, 0x03, 0x81, 0xa1, b'h', 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1, b'1', 0x03, 0x92,
            0xc4, 0x01, 0xff, 0xd6, 0xff, 0, 0, 0, 0,
        ];
        let bytes: Vec<u8> = [body.len() as u8].into_iter().chain(body).collect();
        let (message, _) = decode(&bytes).unwrap().unwrap();
        assert_eq!(message, Message::Completion { id: 1, outcome: Ok(Value::Other) });
    }

    #[test]
    fn what_is_no_message_is_told() {
        assert!(decode(&[0x01, 0xc0]).is_err());
        assert!(decode(&[0xff; 5]).is_err());
        assert!(decode(&[0x02, 0x94, 0x02]).is_err());
    }
}
