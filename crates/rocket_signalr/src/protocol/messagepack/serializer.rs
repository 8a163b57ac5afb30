//! Makes MessagePack of values, in the shapes that the reference's clients know.

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::write;
use crate::protocol::per_protocol::PER_PROTOCOL;
use crate::protocol::raw_json::RAW_JSON;
use crate::protocol::timestamp::{TIMESTAMP, Timestamp};

/// Why a value is no MessagePack.
pub(super) type EncodeError = serde::de::value::Error;

type Result<T> = std::result::Result<T, EncodeError>;

/// Appends one value.
#[derive(Debug)]
pub(super) struct MessagePackSerializer<'a> {
    output: &'a mut Vec<u8>,
    texts: Texts,
    /// By a value that has a form of its own here.
    asked: bool,
}

/// What texts stand for.
#[derive(Debug, Clone, Copy)]
enum Texts {
    Themselves,
    /// Other values, in JSON.
    Json,
    /// A time.
    Time,
}

impl<'a> MessagePackSerializer<'a> {
    pub(super) const fn new(output: &'a mut Vec<u8>) -> Self {
        Self { output, texts: Texts::Themselves, asked: false }
    }

    /// Opens an array or map. If its length is not known beforehand, room is left for the longest.
    fn open(
        self,
        length: Option<usize>,
        opener: fn(&mut Vec<u8>, usize),
        longest: u8,
    ) -> Container<'a> {
        let Self { output, texts, .. } = self;
        let start = output.len();
        match length {
            Some(length) => opener(output, length),
            None => output.extend_from_slice(&[longest, 0, 0, 0, 0]),
        }
        Container { output, texts, start, length, written: 0 }
    }

    fn array(self, length: Option<usize>) -> Container<'a> {
        self.open(length, write::array, write::ARRAY_32)
    }

    fn map(self, length: Option<usize>) -> Container<'a> {
        self.open(length, write::map, write::MAP_32)
    }

    /// Opens the map whose only entry is a variant of an enum, up to its value.
    fn variant(self, variant: &str) -> Self {
        write::map(self.output, 1);
        write::text(self.output, variant);
        self
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty => $write:ident;)*) => {$(
        fn $method(self, value: $type) -> Result<()> {
            write::$write(self.output, value.into());
            Ok(())
        }
    )*};
}

impl<'a> Serializer for MessagePackSerializer<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Container<'a>;
    type SerializeTuple = Container<'a>;
    type SerializeTupleStruct = Container<'a>;
    type SerializeTupleVariant = Container<'a>;
    type SerializeMap = Container<'a>;
    type SerializeStruct = Container<'a>;
    type SerializeStructVariant = Container<'a>;

    numbers! {
        serialize_bool: bool => boolean;
        serialize_i8: i8 => signed;
        serialize_i16: i16 => signed;
        serialize_i32: i32 => signed;
        serialize_i64: i64 => signed;
        serialize_u8: u8 => unsigned;
        serialize_u16: u16 => unsigned;
        serialize_u32: u32 => unsigned;
        serialize_u64: u64 => unsigned;
        serialize_f32: f32 => f32;
        serialize_f64: f64 => f64;
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        match value.try_into() {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.serialize_u64(value.try_into().map_err(EncodeError::custom)?),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.serialize_u64(value.try_into().map_err(EncodeError::custom)?)
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        match self.texts {
            Texts::Themselves => write::text(self.output, value),
            Texts::Json => {
                let value: serde_json::Value =
                    serde_json::from_str(value).map_err(EncodeError::custom)?;
                return value.serialize(Self::new(self.output));
            }
            Texts::Time => {
                let time: Timestamp = value.parse().map_err(EncodeError::custom)?;
                let (seconds, nanoseconds) = time.since_epoch();
                write::time(self.output, seconds, nanoseconds);
            }
        }
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        write::bytes(self.output, value);
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        write::nil(self.output);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        let texts = if name == TIMESTAMP { Texts::Time } else { self.texts };
        value.serialize(Self { output: self.output, texts, asked: name == PER_PROTOCOL })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.variant(variant))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Container<'a>> {
        Ok(self.array(length))
    }

    fn serialize_tuple(self, length: usize) -> Result<Container<'a>> {
        Ok(self.array(Some(length)))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Container<'a>> {
        Ok(self.array(Some(length)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Container<'a>> {
        Ok(self.variant(variant).array(Some(length)))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Container<'a>> {
        Ok(self.map(length))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Container<'a>> {
        if name == RAW_JSON {
            // Opens nothing: the text that is its only field stands for the whole.
            let start = self.output.len();
            let Self { output, .. } = self;
            return Ok(Container {
                output,
                texts: Texts::Json,
                start,
                length: Some(1),
                written: 0,
            });
        }
        Ok(self.map(Some(length)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Container<'a>> {
        Ok(self.variant(variant).map(Some(length)))
    }

    fn is_human_readable(&self) -> bool {
        !self.asked
    }
}

/// An array or map that is being written.
#[derive(Debug)]
pub(super) struct Container<'a> {
    output: &'a mut Vec<u8>,
    texts: Texts,
    /// Where it begins.
    start: usize,
    /// How many items or entries it was said to have.
    length: Option<usize>,
    /// How many it has by now.
    written: usize,
}

impl Container<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let Self { output, texts, .. } = self;
        value.serialize(MessagePackSerializer { output, texts: *texts, asked: false })
    }

    /// An item of an array, or the key of an entry.
    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.written += 1;
        self.value(value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.written += 1;
        if name != RAW_JSON {
            write::text(self.output, name);
        }
        self.value(value)
    }

    fn close(self) -> Result<()> {
        match self.length {
            Some(length) if length == self.written => Ok(()),
            Some(length) => Err(EncodeError::custom(format_args!(
                "{} items are given where {length} were promised",
                self.written
            ))),
            None => {
                let written = u32::try_from(self.written).map_err(EncodeError::custom)?;
                if let Some(room) = self.output.get_mut(self.start + 1..self.start + 5) {
                    room.copy_from_slice(&written.to_be_bytes());
                }
                Ok(())
            }
        }
    }
}

macro_rules! containers {
    ($($trait:ident: $($method:ident($($name:ident)?) => $write:ident),*;)*) => {$(
        impl $trait for Container<'_> {
            type Ok = ();
            type Error = EncodeError;

            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<()> {
                self.$write($($name,)? value)
            })*

            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )*};
}

containers! {
    SerializeSeq: serialize_element() => next;
    SerializeTuple: serialize_element() => next;
    SerializeTupleStruct: serialize_field() => next;
    SerializeTupleVariant: serialize_field() => next;
    SerializeMap: serialize_key() => next, serialize_value() => value;
    SerializeStruct: serialize_field(name) => field;
    SerializeStructVariant: serialize_field(name) => field;
}
