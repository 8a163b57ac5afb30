//! Visitors that want one kind of value, and also take another form of it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::protocol::Timestamp;

/// Methods that pass on a value as it is.
macro_rules! forward {
    ($($method:ident: $type:ty;)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        }
    )*};
}

/// Wants a number without a fraction. A float of MessagePack will do if it has none: JavaScript knows
/// no other numbers, and encodes those beyond 53 bits as what they are to it. Of JSON only `-0` will
/// do, which serde takes for a float.
pub(super) struct WholeNumber<V, const MESSAGE_PACK: bool>(pub(super) V);

impl<'de, V: Visitor<'de>, const MESSAGE_PACK: bool> Visitor<'de> for WholeNumber<V, MESSAGE_PACK> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    forward! {
        visit_bool: bool;
        visit_i8: i8;
        visit_i16: i16;
        visit_i32: i32;
        visit_i64: i64;
        visit_u8: u8;
        visit_u16: u16;
        visit_u32: u32;
        visit_u64: u64;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<V::Value, E> {
        self.visit_f64(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        // The ends of the ranges that no float reaches from inside.
        const I64_END: f64 = 9_223_372_036_854_775_808.0;
        const U64_END: f64 = 18_446_744_073_709_551_616.0;
        let will_do = MESSAGE_PACK || (value == 0.0 && value.is_sign_negative());
        if value.fract() != 0.0 || !will_do {
            self.0.visit_f64(value)
        } else if (-I64_END..I64_END).contains(&value) {
            self.0.visit_i64(value as i64)
        } else if (0.0..U64_END).contains(&value) {
            self.0.visit_u64(value as u64)
        } else {
            self.0.visit_f64(value)
        }
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }
}

/// Wants a text. A time will do, and becomes the text that it is in JSON.
pub(super) struct TimeAsText<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for TimeAsText<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    forward! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_string: String;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        extension: D,
    ) -> Result<V::Value, D::Error> {
        let time = Timestamp::from_extension(extension)?;
        self.0.visit_string(time.to_string())
    }
}

/// Wants bytes. JSON has a text for them; a list of numbers will do too.
pub(super) struct Base64<V>(pub(super) V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Base64<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    /// Blanks count for nothing, as in .NET.
    fn visit_bytes<E: Error>(self, text: &[u8]) -> Result<V::Value, E> {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let bytes = if text.iter().any(is_blank) {
            STANDARD.decode(text.iter().copied().filter(|byte| !is_blank(byte)).collect::<Vec<_>>())
        } else {
            STANDARD.decode(text)
        };
        self.0.visit_byte_buf(bytes.map_err(E::custom)?)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(access)
    }
}
