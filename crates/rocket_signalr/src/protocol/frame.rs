//! Messages in the shape in which they go out.

use std::sync::OnceLock;

use bytes::{Buf, Bytes};
use flate2::{Compress, Compression, FlushCompress};

use super::TransferFormat;

/// The longest header of a frame that is not masked.
const MAX_HEADER: usize = 10;

/// The longest prefix that tells the length of a binary message.
pub(super) const MAX_PREFIX: usize = 5;

/// What is left free in front of a message.
const ROOM: usize = MAX_HEADER + MAX_PREFIX;

/// RSV1: the message is compressed (RFC 7692, section 6).
const COMPRESSED: u8 = 0x40;

/// What is shorter is not compressed: it fits into one packet as it is, and to compress it would
/// take several times as long as to deliver it.
const WORTH_COMPRESSING: usize = 1024;

/// Measured on JSON: much smaller than with level 1, and hardly larger than with level 6, which
/// takes three times as long for large messages.
const LEVEL: u32 = 3;

/// What a flush ends with and is left out (RFC 7692, section 7.2.1).
const FLUSHED: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];

/// A whole hub message, and in front of it the header of the WebSocket frame that carries it.
///
/// Made once and shared: a clone counts a reference, so a broadcast encodes and copies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    bytes: Bytes,
    header: usize,
    /// Made when it is first asked for; then `None` if it is not worth it.
    deflated: OnceLock<Option<Bytes>>,
}

impl Frame {
    /// A frame whose bytes, with a header of two, are known beforehand.
    pub(super) const fn from_static(bytes: &'static [u8]) -> Self {
        Self { bytes: Bytes::from_static(bytes), header: 2, deflated: OnceLock::new() }
    }

    /// A frame that holds just these bytes.
    pub(crate) fn raw(bytes: &[u8], format: TransferFormat) -> Self {
        let mut frame = FrameBuilder::new();
        frame.payload().extend_from_slice(bytes);
        frame.finish_with(&[], first_byte(format))
    }

    /// Header and payload: one final, unmasked frame (RFC 6455, section 5.2).
    pub(crate) const fn websocket(&self) -> &Bytes {
        &self.bytes
    }

    /// As [`websocket`](Self::websocket), compressed (RFC 7692) if that is worth it. Nothing of
    /// another message is referred to, so that all who get this one share it.
    pub(crate) fn deflated(&self) -> &Bytes {
        self.deflated.get_or_init(|| self.deflate()).as_ref().unwrap_or(&self.bytes)
    }

    fn deflate(&self) -> Option<Bytes> {
        let payload = &self.bytes[self.header..];
        if payload.len() < WORTH_COMPRESSING {
            return None;
        }
        let mut frame = FrameBuilder(Vec::with_capacity(ROOM + payload.len()));
        frame.0.resize(ROOM, 0);
        // Raw DEFLATE, without the header of zlib. It stops where there is no room.
        let mut compress = Compress::new(Compression::new(LEVEL), false);
        compress.compress_vec(payload, &mut frame.0, FlushCompress::Sync).ok()?;
        if frame.0.len() >= ROOM + payload.len() {
            return None;
        }
        let length = frame.0.strip_suffix(FLUSHED)?.len();
        frame.0.truncate(length);
        frame.0.shrink_to_fit();
        Some(frame.finish_with(&[], COMPRESSED | self.bytes[0]).bytes)
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
        // A text of 100 bytes fits in with all that stands around it: to grow once would cost as much
        // as to write it.
        let mut bytes = Vec::with_capacity(192);
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
        self.finish_with(prefix, first_byte(format))
    }

    fn finish_with(mut self, prefix: &[u8], first: u8) -> Frame {
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
        header[0] = first;
        let start = ROOM - prefix.len() - size;
        self.0[start..start + size].copy_from_slice(&header[..size]);
        self.0[start + size..ROOM].copy_from_slice(prefix);
        let mut bytes = Bytes::from(self.0);
        bytes.advance(start);
        Frame { bytes, header: size, deflated: OnceLock::new() }
    }
}

/// The first byte of a frame: FIN and the opcode.
const fn first_byte(format: TransferFormat) -> u8 {
    match format {
        TransferFormat::Text => 0x81,
        TransferFormat::Binary => 0x82,
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
