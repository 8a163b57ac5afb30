//! Where one record ends and the next begins.

use std::error::Error;
use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use super::frame::MAX_PREFIX;
use super::swar;
use super::{HubProtocol, ProtocolError, TooLarge};

/// Ends a record in text protocols, and each handshake. Never part of JSON, which escapes it.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// Why there is no telling where the next record ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// It is larger than allowed.
    TooLarge(TooLarge),
    /// Its length is none.
    Protocol(ProtocolError),
}

impl From<TooLarge> for FrameError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
        }
    }
}

impl Error for FrameError {}

/// Cuts the input of one connection into records.
///
/// It remembers how far it has searched, so that a record that trickles in is not read over and
/// over. Between calls, input may only be appended.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    searched: usize,
}

impl Framer {
    /// Cuts the next whole record off `input`, without what separates it from the next; `None`
    /// while there is none.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLarge`] for a record, finished or not, of more than `max` bytes, separator
    /// or length included; [`FrameError::Protocol`] for a length of more than 2 GB.
    pub(crate) fn next_record(
        &mut self,
        protocol: HubProtocol,
        input: &mut BytesMut,
        max: Option<usize>,
    ) -> Result<Option<Bytes>, FrameError> {
        match protocol {
            HubProtocol::Json(_) => Ok(self.next_text_record(input, max)?),
            HubProtocol::MessagePack => next_binary_record(input, max),
        }
    }

    /// As [`Self::next_record`], for the protocols that are text, and for handshakes.
    ///
    /// # Errors
    ///
    /// [`TooLarge`], as there.
    pub(super) fn next_text_record(
        &mut self,
        input: &mut BytesMut,
        max: Option<usize>,
    ) -> Result<Option<Bytes>, TooLarge> {
        let unsearched = input.get(self.searched..).unwrap_or_default();
        let end = swar::find_byte(unsearched, RECORD_SEPARATOR).map(|at| self.searched + at);
        let size = end.map_or(input.len(), |end| end + 1);
        if let Some(max) = max.filter(|&max| size > max) {
            return Err(TooLarge { max });
        }
        let Some(end) = end else {
            self.searched = size;
            return Ok(None);
        };
        self.searched = 0;
        let mut record = input.split_to(size).freeze();
        record.truncate(end);
        Ok(Some(record))
    }
}

/// As [`Framer::next_record`], for the protocols that tell lengths.
///
/// Nothing is reserved for a message that is announced: it gets the memory that its bytes bring.
fn next_binary_record(
    input: &mut BytesMut,
    max: Option<usize>,
) -> Result<Option<Bytes>, FrameError> {
    let Some((prefix, length)) = length_prefix(input)? else {
        return Ok(None);
    };
    let size = prefix.saturating_add(length);
    if let Some(max) = max.filter(|&max| size > max) {
        return Err(TooLarge { max }.into());
    }
    if input.len() < size {
        return Ok(None);
    }
    let mut record = input.split_to(size);
    record.advance(prefix);
    Ok(Some(record.freeze()))
}

/// Reads the VarInt at the beginning of `input`: its size, and the length that it tells. `None`
/// while it is not complete.
fn length_prefix(input: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let mut length: u64 = 0;
    for (index, &byte) in input.iter().take(MAX_PREFIX).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            let length = i32::try_from(length).ok().and_then(|length| length.try_into().ok());
            return length.map(|length| Some((index + 1, length))).ok_or_else(too_long);
        }
    }
    if input.len() < MAX_PREFIX { Ok(None) } else { Err(too_long()) }
}

fn too_long() -> FrameError {
    let text = "Messages over 2GB in size are not supported.";
    FrameError::Protocol(ProtocolError::format(text))
}

#[cfg(test)]
mod tests;
