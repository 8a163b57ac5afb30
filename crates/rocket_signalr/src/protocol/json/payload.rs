//! Payload values to JSON and back: the one place where their form is decided.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Deserializer, Serializer};

use super::finite::Finite;
use super::write::Relaxed;

/// Appends `value`.
///
/// # Errors
///
/// Where `value` can not be JSON: it refuses, has a map with keys that are no text, or holds a
/// number that is not finite.
pub(crate) fn write<T: Serialize + ?Sized>(
    output: &mut Vec<u8>,
    value: &T,
) -> serde_json::Result<()> {
    value.serialize(Finite(&mut Serializer::with_formatter(output, Relaxed)))
}

/// Reads the value at the beginning of `input`, and tells how many bytes it took.
///
/// # Errors
///
/// Where it is no `T`, or has strings that are not UTF-8.
pub(crate) fn read<'a, T: Deserialize<'a>>(input: &'a [u8]) -> serde_json::Result<(T, usize)> {
    let mut values = Deserializer::from_slice(input).into_iter();
    match values.next() {
        Some(value) => Ok((value?, values.byte_offset())),
        None => Err(serde_json::Error::custom("there is no value")),
    }
}

#[cfg(test)]
mod tests;
