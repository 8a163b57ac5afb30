//! Payloads that are still encoded, and how they become values.

use std::fmt;

use serde::Deserialize;

use super::{BindError, HubProtocol, json, messagepack};

/// One payload value, still encoded.
#[derive(Clone, Copy)]
pub(crate) struct RawValue<'a> {
    protocol: HubProtocol,
    bytes: &'a [u8],
}

impl<'a> RawValue<'a> {
    /// `bytes` must hold exactly one value.
    pub(crate) const fn new(protocol: HubProtocol, bytes: &'a [u8]) -> Self {
        Self { protocol, bytes }
    }

    /// Makes a `T` of it.
    ///
    /// # Errors
    ///
    /// [`BindError::Type`] where it is no `T`.
    pub(crate) fn bind<T: Deserialize<'a>>(self) -> Result<T, BindError> {
        read(self.protocol, self.bytes).map(|(value, _)| value)
    }

    /// The short name of the .NET exception for a value that does not bind.
    pub(crate) const fn exception(self) -> &'static str {
        match self.protocol {
            HubProtocol::Json(_) => "JsonException",
            HubProtocol::MessagePack => "MessagePackSerializationException",
        }
    }

    /// Its encoding.
    pub(crate) const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }
}

impl fmt::Debug for RawValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawValue({})", self.bytes.escape_ascii())
    }
}

/// The arguments of an invocation, to be bound one by one in the order of the parameters.
#[derive(Clone)]
pub(crate) struct Arguments<'a> {
    protocol: HubProtocol,
    /// What follows the last one bound, from its delimiter on.
    rest: &'a [u8],
    count: usize,
    bound: usize,
}

impl<'a> Arguments<'a> {
    /// `items` must hold `count` values, and begin where the first of them does.
    pub(super) const fn new(protocol: HubProtocol, items: &'a [u8], count: usize) -> Self {
        Self { protocol, rest: items, count, bound: 0 }
    }

    /// How many the client gave.
    #[cfg(test)]
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Binds the next one. `expected` is how many the method takes.
    ///
    /// # Errors
    ///
    /// [`BindError::Count`] where none is left, [`BindError::Type`] where it is no `T`.
    pub(crate) fn next<T: Deserialize<'a>>(&mut self, expected: usize) -> Result<T, BindError> {
        self.next_optional()?.ok_or(BindError::Count { provided: self.count, expected })
    }

    /// Binds the next one, if there is one.
    ///
    /// # Errors
    ///
    /// [`BindError::Type`] where it is no `T`.
    pub(crate) fn next_optional<T: Deserialize<'a>>(&mut self) -> Result<Option<T>, BindError> {
        if self.bound == self.count {
            return Ok(None);
        }
        let input = match self.protocol {
            HubProtocol::Json(_) => json::skip_comma(self.rest),
            HubProtocol::MessagePack => self.rest,
        };
        let (value, length) = read(self.protocol, input)?;
        self.rest = input.get(length..).unwrap_or_default();
        self.bound += 1;
        Ok(Some(value))
    }

    /// Checks, after the last parameter, that all were bound.
    ///
    /// # Errors
    ///
    /// [`BindError::Count`] where some are left.
    pub(crate) const fn finish(&self, expected: usize) -> Result<(), BindError> {
        if self.bound == self.count {
            Ok(())
        } else {
            Err(BindError::Count { provided: self.count, expected })
        }
    }
}

impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments")
            .field("count", &self.count)
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

/// Reads the value at the beginning of `input`, and tells its length.
fn read<'a, T: Deserialize<'a>>(
    protocol: HubProtocol,
    input: &'a [u8],
) -> Result<(T, usize), BindError> {
    match protocol {
        HubProtocol::Json(_) => json::payload::read(input).map_err(BindError::wrong_type),
        HubProtocol::MessagePack => {
            messagepack::payload::read(input).map_err(BindError::wrong_type)
        }
    }
}

#[cfg(test)]
mod tests;
