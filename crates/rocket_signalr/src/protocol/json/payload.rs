//! Payload values to JSON and back: the one place where their form is decided.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Deserializer;

use super::serializer::JsonSerializer;
use crate::protocol::PropertyNaming;
use crate::protocol::lenient::Lenient;

/// Appends `value`, its property names spelled as `naming` says.
///
/// # Errors
///
/// Where `value` can not be JSON: it refuses, has a map with keys that are no text, or holds a
/// number that is not finite.
pub(crate) fn write<T: Serialize + ?Sized>(
    output: &mut Vec<u8>,
    naming: PropertyNaming,
    value: &T,
) -> serde_json::Result<()> {
    value.serialize(JsonSerializer::new(output, naming))
}

/// Reads the value at the beginning of `input`, and tells how many bytes it took.
///
/// # Errors
///
/// Where it is no `T`, or has strings that are not UTF-8.
pub(crate) fn read<'a, T: Deserialize<'a>>(input: &'a [u8]) -> serde_json::Result<(T, usize)> {
    let mut values = Deserializer::from_slice(input).into_iter();
    match values.next() {
        Some(value) => {
            let FromJson(value) = value?;
            Ok((value, values.byte_offset()))
        }
        None => Err(serde_json::Error::custom("there is no value")),
    }
}

/// A value that is read as .NET would.
struct FromJson<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for FromJson<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Lenient::json(deserializer)).map(Self)
    }
}

#[cfg(test)]
mod tests;
