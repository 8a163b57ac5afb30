//! Where one record ends and the next begins.

use bytes::{Bytes, BytesMut};

use super::swar;
use super::{HubProtocol, TooLarge};

/// Ends a record in text protocols, and each handshake. Never part of JSON, which escapes it.
pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

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
    /// [`TooLarge`] for a record, finished or not, of more than `max` bytes, separator included.
    pub(crate) fn next_record(
        &mut self,
        protocol: HubProtocol,
        input: &mut BytesMut,
        max: Option<usize>,
    ) -> Result<Option<Bytes>, TooLarge> {
        match protocol {
            HubProtocol::Json => self.next_text_record(input, max),
        }
    }

    /// As [`Self::next_record`], for the protocols that are text, and for handshakes.
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

#[cfg(test)]
mod tests;
