//! Reads values as .NET would where serde's own encodings are stricter.
//!
//! - The names of properties may differ from those of the fields in case and underscores.
//! - JSON has bytes as base64.
//! - MessagePack of JavaScript has whole numbers as floats where they are large, and times as an
//!   extension where texts may be wanted.

mod access;
mod wanted;

use serde::de::{Deserialize, Deserializer, Visitor, value::MapDeserializer};

use self::wanted::{Base64, TimeAsText, WholeNumber};
use super::per_protocol::PER_PROTOCOL;
use super::raw_json::RAW_JSON;

/// Passes values on, from a deserializer to a visitor, and all that is inside of them.
///
/// It stands around whatever takes part in that: deserializers, visitors, seeds and accesses.
#[derive(Debug)]
pub(super) struct Lenient<T, const MESSAGE_PACK: bool> {
    inner: T,
    /// Of a struct that is being read; else there are none.
    fields: &'static [&'static str],
    /// By a value that has a form of its own in MessagePack.
    asked: bool,
}

impl<T> Lenient<T, false> {
    /// Around a deserializer of JSON.
    pub(super) const fn json(deserializer: T) -> Self {
        Self::new(deserializer)
    }
}

impl<T> Lenient<T, true> {
    /// Around a deserializer of MessagePack.
    pub(super) const fn message_pack(deserializer: T) -> Self {
        Self::new(deserializer)
    }
}

impl<T, const MESSAGE_PACK: bool> Lenient<T, MESSAGE_PACK> {
    const fn new(inner: T) -> Self {
        Self::with_fields(inner, &[])
    }

    const fn with_fields(inner: T, fields: &'static [&'static str]) -> Self {
        Self { inner, fields, asked: false }
    }
}

/// Methods whose visitor is only to be led into what is inside of the value.
macro_rules! forward {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($argument,)* Self::visitor(visitor))
        }
    )*};
}

/// Methods for numbers without a fraction.
macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(WholeNumber::<V, MESSAGE_PACK>(visitor))
        }
    )*};
}

/// Methods for texts.
macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            if MESSAGE_PACK {
                self.inner.$method(TimeAsText(visitor))
            } else {
                self.inner.$method(visitor)
            }
        }
    )*};
}

/// Methods for bytes.
macro_rules! bytes {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            if MESSAGE_PACK {
                self.inner.$method(Self::visitor(visitor))
            } else {
                self.inner.$method(Base64(visitor))
            }
        }
    )*};
}

impl<D, const MESSAGE_PACK: bool> Lenient<D, MESSAGE_PACK> {
    const fn visitor<V>(visitor: V) -> Lenient<V, MESSAGE_PACK> {
        Lenient::new(visitor)
    }
}

impl<'de, D: Deserializer<'de>, const MESSAGE_PACK: bool> Deserializer<'de>
    for Lenient<D, MESSAGE_PACK>
{
    type Error = D::Error;

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i128();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_ignored_any();
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    texts! { deserialize_str deserialize_string }

    bytes! { deserialize_bytes deserialize_byte_buf }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        match name {
            PER_PROTOCOL if MESSAGE_PACK => {
                visitor.visit_newtype_struct(Self { asked: true, ..self })
            }
            RAW_JSON if MESSAGE_PACK => {
                // The visitor is used to getting the text as a map with this one entry.
                let json = serde_json::Value::deserialize(self)?.to_string();
                visitor.visit_map(MapDeserializer::new(std::iter::once((RAW_JSON, json))))
            }
            RAW_JSON => self.inner.deserialize_newtype_struct(name, visitor),
            _ => self.inner.deserialize_newtype_struct(name, Self::visitor(visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Lenient::<V, MESSAGE_PACK>::with_fields(visitor, fields);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    /// The name of a field, if this stands for a key of a struct, or of a variant.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Lenient::<V, MESSAGE_PACK>::with_fields(visitor, self.fields);
        self.inner.deserialize_identifier(visitor)
    }

    fn is_human_readable(&self) -> bool {
        !self.asked && self.inner.is_human_readable()
    }
}

#[cfg(test)]
mod tests;
