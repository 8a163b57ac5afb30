//! The way into values: what visitors are given, and what they ask of it.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

use super::Lenient;
use crate::protocol::naming;

impl<'de, S: DeserializeSeed<'de>, const MESSAGE_PACK: bool> DeserializeSeed<'de>
    for Lenient<S, MESSAGE_PACK>
{
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let Self { inner, fields, .. } = self;
        inner.deserialize(Lenient::<D, MESSAGE_PACK>::with_fields(deserializer, fields))
    }
}

/// Methods that pass on a value with nothing inside.
macro_rules! forward {
    ($($method:ident: $type:ty;)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>, const MESSAGE_PACK: bool> Visitor<'de> for Lenient<V, MESSAGE_PACK> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    forward! {
        visit_bool: bool;
        visit_i8: i8;
        visit_i16: i16;
        visit_i32: i32;
        visit_i64: i64;
        visit_i128: i128;
        visit_u8: u8;
        visit_u16: u16;
        visit_u32: u32;
        visit_u64: u64;
        visit_u128: u128;
        visit_f32: f32;
        visit_f64: f64;
        visit_char: char;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        if self.fields.is_empty() {
            return self.inner.visit_str(text);
        }
        self.inner.visit_str(naming::field(self.fields, text))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        if self.fields.is_empty() {
            return self.inner.visit_borrowed_str(text);
        }
        self.inner.visit_borrowed_str(naming::field(self.fields, text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        if self.fields.is_empty() {
            return self.inner.visit_string(text);
        }
        self.inner.visit_str(naming::field(self.fields, &text))
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Lenient::<D, MESSAGE_PACK>::new(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Lenient::<D, MESSAGE_PACK>::new(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        // An array of JSON is no object, though serde would take it for the fields in their order.
        if !MESSAGE_PACK && !self.fields.is_empty() {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self.inner));
        }
        self.inner.visit_seq(Lenient::<A, MESSAGE_PACK>::new(access))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Lenient::<A, MESSAGE_PACK>::with_fields(access, self.fields))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Lenient::<A, MESSAGE_PACK>::new(access))
    }
}

impl<'de, A: SeqAccess<'de>, const MESSAGE_PACK: bool> SeqAccess<'de> for Lenient<A, MESSAGE_PACK> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Lenient::<T, MESSAGE_PACK>::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, const MESSAGE_PACK: bool> MapAccess<'de> for Lenient<A, MESSAGE_PACK> {
    type Error = A::Error;

    /// Only here the fields go on: they are not those of structs inside of this one.
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(Lenient::<K, MESSAGE_PACK>::with_fields(seed, self.fields))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Lenient::<T, MESSAGE_PACK>::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>, const MESSAGE_PACK: bool> EnumAccess<'de>
    for Lenient<A, MESSAGE_PACK>
{
    type Error = A::Error;
    type Variant = Lenient<A::Variant, MESSAGE_PACK>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Lenient::new(variant)))
    }
}

impl<'de, A: VariantAccess<'de>, const MESSAGE_PACK: bool> VariantAccess<'de>
    for Lenient<A, MESSAGE_PACK>
{
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Lenient::<T, MESSAGE_PACK>::new(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Lenient::<V, MESSAGE_PACK>::new(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = Lenient::<V, MESSAGE_PACK>::with_fields(visitor, fields);
        self.inner.struct_variant(fields, visitor)
    }
}
