use std::borrow::Cow;

use rmp::Marker;

use super::{
    super::{Arguments, Invocation, Message, Value, kind},
    outcome,
};

/// What is left to read of a message.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// None if it is no message.
    pub(super) fn message(&mut self) -> Option<Message<'a>> {
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
