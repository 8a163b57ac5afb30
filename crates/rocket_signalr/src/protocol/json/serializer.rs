//! Makes JSON of values, as System.Text.Json would: property names are respelled, bytes are base64,
//! and numbers that are not finite are refused, which `serde_json` would write as null.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, Result};

use super::write::{Relaxed, part, string};
use crate::protocol::PropertyNaming;
use crate::protocol::raw_json::RAW_JSON;

/// Appends one value.
#[derive(Debug)]
pub(super) struct JsonSerializer<'a> {
    output: &'a mut Vec<u8>,
    naming: PropertyNaming,
    /// Texts are JSON themselves.
    raw: bool,
}

impl<'a> JsonSerializer<'a> {
    pub(super) const fn new(output: &'a mut Vec<u8>, naming: PropertyNaming) -> Self {
        Self { output, naming, raw: false }
    }

    /// Appends a value that is no container.
    fn scalar<T: Serialize>(self, value: T) -> Result<()> {
        value.serialize(&mut serde_json::Serializer::with_formatter(self.output, Relaxed))
    }

    fn float<T: Serialize>(self, value: T, finite: bool) -> Result<()> {
        if finite {
            return self.scalar(value);
        }
        Err(Error::custom("numbers that are infinite or not a number can not be written as JSON"))
    }

    fn open(self, opener: &[u8], closer: &'static [u8]) -> Container<'a> {
        self.output.extend_from_slice(opener);
        Container { output: self.output, naming: self.naming, empty: true, closer, raw: false }
    }

    /// Opens the object whose only property is a variant of an enum, up to its value.
    fn variant(self, variant: &str) -> Self {
        self.output.push(b'{');
        string(self.output, variant);
        self.output.push(b':');
        self
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty,)*) => {$(
        fn $method(self, value: $type) -> Result<()> {
            self.scalar(value)
        }
    )*};
}

impl<'a> Serializer for JsonSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Container<'a>;
    type SerializeTuple = Container<'a>;
    type SerializeTupleStruct = Container<'a>;
    type SerializeTupleVariant = Container<'a>;
    type SerializeMap = Container<'a>;
    type SerializeStruct = Container<'a>;
    type SerializeStructVariant = Container<'a>;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.float(value, value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.float(value, value.is_finite())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        if self.raw {
            self.output.extend_from_slice(value.as_bytes());
        } else {
            string(self.output, value);
        }
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.serialize_str(&STANDARD.encode(value))
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.output.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let Self { output, naming, raw } = self.variant(variant);
        value.serialize(JsonSerializer { output: &mut *output, naming, raw })?;
        output.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Container<'a>> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Container<'a>> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Container<'a>> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>> {
        Ok(self.variant(variant).open(b"[", b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Container<'a>> {
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Container<'a>> {
        if name == RAW_JSON {
            return Ok(Container { raw: true, ..self.open(b"", b"") });
        }
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>> {
        Ok(self.variant(variant).open(b"{", b"}}"))
    }
}

/// A container that is being written.
#[derive(Debug)]
pub(super) struct Container<'a> {
    output: &'a mut Vec<u8>,
    naming: PropertyNaming,
    /// Nothing has been written into it yet.
    empty: bool,
    closer: &'static [u8],
    /// It is none: its only field holds JSON, which is written as it is.
    raw: bool,
}

impl Container<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.serialize(JsonSerializer { output: self.output, naming: self.naming, raw: self.raw })
    }

    /// Separates what comes next from what came before.
    fn next(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.output.push(b',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.next();
        self.value(value)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        if self.raw {
            return self.value(value);
        }
        self.next();
        self.output.push(b'"');
        self.naming.spell(name, |piece| part(self.output, piece));
        self.output.extend_from_slice(b"\":");
        self.value(value)
    }

    /// Writes the key of a map: a text, or a scalar that becomes one.
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.next();
        let start = self.output.len();
        self.value(key)?;
        match self.output.get(start) {
            Some(b'"') => {}
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                self.output.insert(start, b'"');
                self.output.push(b'"');
            }
            _ => return Err(Error::custom("the keys of a map must be texts")),
        }
        self.output.push(b':');
        Ok(())
    }

    fn close(self) {
        self.output.extend_from_slice(self.closer);
    }
}

macro_rules! containers {
    ($($trait:ident: $($method:ident($($name:ident)?) => $write:ident),*;)*) => {$(
        impl $trait for Container<'_> {
            type Ok = ();
            type Error = Error;

            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<()> {
                self.$write($($name,)? value)
            })*

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        }
    )*};
}

containers! {
    SerializeSeq: serialize_element() => element;
    SerializeTuple: serialize_element() => element;
    SerializeTupleStruct: serialize_field() => element;
    SerializeTupleVariant: serialize_field() => element;
    SerializeMap: serialize_key() => key, serialize_value() => value;
    SerializeStruct: serialize_field(name) => field;
    SerializeStructVariant: serialize_field(name) => field;
}
