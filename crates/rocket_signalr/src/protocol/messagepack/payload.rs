//! Payload values to MessagePack and back: the one place where their form is decided.

use serde::{Deserialize, Serialize};

use super::scan::Scanner;
use super::serializer::{EncodeError, MessagePackSerializer};
use crate::protocol::lenient::Lenient;

/// Appends `value`: structs as maps with the names of their fields, variants without content as
/// texts, and what can be text or bytes (a UUID) as text.
///
/// # Errors
///
/// Where `value` can not be MessagePack: it refuses, or is a number beyond 64 bits.
pub(crate) fn write<T: Serialize + ?Sized>(
    output: &mut Vec<u8>,
    value: &T,
) -> Result<(), EncodeError> {
    value.serialize(MessagePackSerializer::new(output))
}

/// Reads the value at the beginning of `input`, and tells how many bytes it took.
///
/// # Errors
///
/// Where it is no `T`.
pub(crate) fn read<'a, T: Deserialize<'a>>(
    input: &'a [u8],
) -> Result<(T, usize), rmp_serde::decode::Error> {
    // Walked first, since that bounds the depth: the decoder alone does not, not for all types.
    let value = Scanner::new(input).value().map_err(|_| {
        rmp_serde::decode::Error::Syntax("there is no value, or one that is nested too deep".into())
    })?;
    let mut decoder = rmp_serde::Deserializer::from_read_ref(value).with_human_readable();
    Ok((T::deserialize(Lenient::message_pack(&mut decoder))?, value.len()))
}

#[cfg(test)]
mod tests;
