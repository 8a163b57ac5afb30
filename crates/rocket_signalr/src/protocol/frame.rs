//! Messages in the shape in which they go out.

use bytes::{Buf, Bytes};

use super::TransferFormat;

/// The longest header of a frame that is not masked.
const MAX_HEADER: usize = 10;

/// The longest prefix that tells the length of a binary message.
pub(super) const MAX_PREFIX: usize = 5;

/// What is left free in front of a message.
const ROOM: usize = MAX_HEADER + MAX_PREFIX;

/// A whole hub message, and in front of it the header of the WebSocket frame that carries it.
///
/// Made once and shared: a clone counts a reference, so a broadcast encodes and copies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    bytes: Bytes,
    header: usize,
}

impl Frame {
    /// A frame whose bytes, with a header of two, are known beforehand.
    pub(super) const fn from_static(bytes: &'static [u8]) -> Self {
        Self { bytes: Bytes::from_static(bytes), header: 2 }
    }

    /// A frame that holds just these bytes.
    pub(crate) fn raw(bytes: &[u8], format: TransferFormat) -> Self {
        let mut frame = FrameBuilder::new();
        frame.payload().extend_from_slice(bytes);
        frame.finish_with(&[], format)
    }

    /// Header and payload: one final, unmasked frame (RFC 6455, section 5.2).
    pub(crate) const fn websocket(&self) -> &Bytes {
        &self.bytes
    }

    /// The message with its separator or prefix, for transports without frames.
    pub(crate) fn payload(&self) -> Bytes {
        self.bytes.slice(self.header..)
    }
}

/// A frame that is being written. Its header and the prefix of a binary message, whose sizes depend
/// on the payload, are put right in front at the end, into room that was left for them.
#[derive(Debug)]
pub(super) struct FrameBuilder(Vec<u8>);

impl FrameBuilder {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.resize(ROOM, 0);
        Self(bytes)
    }

    /// Where the payload is appended to.
    pub(super) const fn payload(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// Ends a message; a binary one gets its prefix.
    pub(super) fn finish(self, format: TransferFormat) -> Frame {
        let mut prefix = [0; MAX_PREFIX];
        let prefix = match format {
            TransferFormat::Text => &[][..],
            TransferFormat::Binary => length_prefix(self.0.len() - ROOM, &mut prefix),
        };
        self.finish_with(prefix, format)
    }

    fn finish_with(mut self, prefix: &[u8], format: TransferFormat) -> Frame {
        let opcode = match format {
            TransferFormat::Text => 0x81,
            TransferFormat::Binary => 0x82,
        };
        let length = self.0.len() - ROOM + prefix.len();
        let mut header = [0; MAX_HEADER];
        let size = if let Ok(length @ ..126) = u8::try_from(length) {
            header[1] = length;
            2
        } else if let Ok(length) = u16::try_from(length) {
            header[1] = 126;
            header[2..4].copy_from_slice(&length.to_be_bytes());
            4
        } else {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        };
        header[0] = opcode;
        let start = ROOM - prefix.len() - size;
        self.0[start..start + size].copy_from_slice(&header[..size]);
        self.0[start + size..ROOM].copy_from_slice(prefix);
        let mut bytes = Bytes::from(self.0);
        bytes.advance(start);
        Frame { bytes, header: size }
    }
}

/// `length` as a VarInt: seven bits a byte, the lowest first, the high bit set but in the last.
fn length_prefix(mut length: usize, prefix: &mut [u8; MAX_PREFIX]) -> &[u8] {
    let mut size = 0;
    for byte in prefix.iter_mut() {
        *byte = length.to_le_bytes()[0] & 0x7f;
        length >>= 7;
        size += 1;
        if length == 0 {
            break;
        }
        *byte |= 0x80;
    }
    &prefix[..size]
}

#[cfg(test)]
mod tests;
