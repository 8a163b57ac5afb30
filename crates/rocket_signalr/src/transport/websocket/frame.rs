//! WebSocket frames (RFC 6455) without any I/O: a reader of what clients send, and writers of what
//! a server answers.
//!
//! [`FrameReader`] takes the bytes of a socket as they come, however they are cut. The payload of
//! data frames becomes one stream of bytes, because the hub protocols delimit their messages
//! themselves; control frames are reported one by one. Between two messages it keeps only a few dozen
//! bytes of state, so an idle connection needs no buffer.

use std::{borrow::Cow, fmt};

use bytes::{BufMut, Bytes, BytesMut};

#[cfg(any(test, fuzzing))]
pub(crate) mod check;
mod inflate;
#[cfg(test)]
mod tests;
mod utf8;

use inflate::Inflater;
use utf8::Utf8Tail;

/// The longest payload that a control frame may have (RFC 6455, section 5.5).
pub(crate) const MAX_CONTROL_PAYLOAD: usize = 125;

/// How much of a compressed message is decompressed at once: it becomes 66 KB at most, since DEFLATE
/// makes a byte of 1032 at best.
const INFLATED_AT_ONCE: usize = 64;

/// What the sender of a compressed message left out at its end (RFC 7692, section 7.2.2).
const END_OF_MESSAGE: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Two bytes, a length of 64 bits and a mask.
const MAX_CLIENT_HEADER: usize = 2 + 8 + 4;

const FIN: u8 = 0x80;
/// RSV1 to RSV3.
const RESERVED: u8 = 0x70;
/// RSV1 in the first frame of a message that is compressed (RFC 7692, section 6).
const COMPRESSED: u8 = 0x40;
const OPCODE: u8 = 0x0F;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7F;
const LENGTH_IN_16_BITS: u8 = 126;
const LENGTH_IN_64_BITS: u8 = 127;

/// What a frame is (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// Goes on with a message that was begun by a [`Text`](Self::Text) or
    /// [`Binary`](Self::Binary) frame without FIN.
    Continuation,
    /// The begin of a message that must be UTF-8.
    Text,
    /// The begin of a message of any bytes.
    Binary,
    /// The last frame that its sender sends.
    Close,
    /// Asks for a pong with the same payload.
    Ping,
    /// Answers a ping, or is sent on its own.
    Pong,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A control frame of the client (RFC 6455, section 5.5).
///
/// Payloads are borrowed from the bytes that were read, and owned only when a frame was cut by the
/// end of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// To be answered by [`pong`] with the same payload.
    Ping(Cow<'a, [u8]>),
    /// An answer to a ping, or unsolicited; needs no answer.
    Pong(Cow<'a, [u8]>),
    /// The client closes. It sends nothing after this, so whatever follows is not to be read.
    Close {
        /// Why, unless the client did not say.
        code: Option<u16>,
        /// Words for a log; empty in most cases.
        reason: Cow<'a, str>,
    },
}

/// How a client broke the protocol. The connection can not go on; [`close_code`](Self::close_code)
/// tells the client why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// A reserved bit is set though no extension that was negotiated gives it a meaning there
    /// (section 5.2).
    ReservedBits,
    /// An opcode without a meaning (section 5.2).
    UnknownOpcode(u8),
    /// A frame of a client without a mask (section 5.1).
    Unmasked,
    /// A length of 64 bits whose highest bit is set (section 5.2).
    Length,
    /// A continuation while no message is open (section 5.4).
    NothingToContinue,
    /// A new message before the end of the one that is open (section 5.4).
    MessageInMessage,
    /// A control frame without FIN (section 5.5).
    FragmentedControl,
    /// A control frame of more than 125 bytes (section 5.5).
    LongControl,
    /// A close frame whose payload is too short for a code (section 5.5.1).
    ClosePayload,
    /// A close code that must not be sent (section 7.4).
    CloseCode(u16),
    /// A text message or the reason of a close frame is not UTF-8 (section 8.1).
    Utf8,
    /// A compressed message cannot be decompressed (RFC 7692, section 7.2.2).
    Deflate,
}

impl FrameError {
    /// The code of the close frame that answers this: 1007 for a message that is not what its type
    /// says, 1002 for everything else (RFC 6455, section 7.4.1).
    pub(crate) const fn close_code(self) -> u16 {
        match self {
            Self::Utf8 | Self::Deflate => 1007,
            Self::ReservedBits
            | Self::UnknownOpcode(_)
            | Self::Unmasked
            | Self::Length
            | Self::NothingToContinue
            | Self::MessageInMessage
            | Self::FragmentedControl
            | Self::LongControl
            | Self::ClosePayload
            | Self::CloseCode(_) => 1002,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits => f.write_str("a reserved bit of a WebSocket frame is set"),
            Self::UnknownOpcode(bits) => write!(f, "the WebSocket opcode {bits:#x} is unknown"),
            Self::Unmasked => f.write_str("a WebSocket frame of the client is not masked"),
            Self::Length => f.write_str("the length of a WebSocket frame is out of range"),
            Self::NothingToContinue => {
                f.write_str("a WebSocket continuation frame without a message to continue")
            }
            Self::MessageInMessage => {
                f.write_str("a WebSocket message begins before the end of another")
            }
            Self::FragmentedControl => f.write_str("a WebSocket control frame is fragmented"),
            Self::LongControl => f.write_str("a WebSocket control frame is too long"),
            Self::ClosePayload => f.write_str("a WebSocket close frame holds half a close code"),
            Self::CloseCode(code) => write!(f, "the WebSocket close code {code} is not allowed"),
            Self::Utf8 => f.write_str("a WebSocket text is not UTF-8"),
            Self::Deflate => f.write_str("a compressed WebSocket message is broken"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Reads the frames of a client (RFC 6455, section 5), fed with the bytes of a socket in pieces of
/// any size.
///
/// It never waits for a whole frame, and never reserves memory by a length that a frame declares.
/// It keeps no payload between reads, but for a control frame or a character of text that was cut,
/// and what decompression refers back to while a compressed message is open.
#[derive(Debug, Default)]
pub(crate) struct FrameReader {
    stage: Stage,
    message: Message,
    tail: Utf8Tail,
    /// permessage-deflate was agreed on: messages may be compressed.
    deflate: bool,
    /// For the open message, if it is compressed. Each begins anew, since it was agreed that
    /// clients take over no context.
    inflater: Option<Box<Inflater>>,
    /// Only control frames are of interest.
    discards: bool,
}

/// What the next byte is part of.
#[derive(Debug)]
enum Stage {
    Header { bytes: [u8; MAX_CLIENT_HEADER], len: u8 },
    Data { remaining: u64, mask: [u8; 4], fin: bool },
    Control { payload: Vec<u8>, remaining: u8, mask: [u8; 4], opcode: Opcode },
}

impl Stage {
    const START: Self = Self::Header { bytes: [0; MAX_CLIENT_HEADER], len: 0 };
}

impl Default for Stage {
    fn default() -> Self {
        Self::START
    }
}

/// The data message that is open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Message {
    #[default]
    None,
    Text,
    Binary,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    opcode: Opcode,
    fin: bool,
    compressed: bool,
    len: u64,
    mask: [u8; 4],
}

impl FrameReader {
    /// A reader of a socket for which permessage-deflate (RFC 7692) was agreed on, or not.
    pub(crate) fn new(deflate: bool) -> Self {
        Self { deflate, ..Self::default() }
    }

    /// From now on data frames are passed over: nothing is decompressed, and nothing looked at.
    pub(crate) fn discard(&mut self) {
        self.discards = true;
        self.inflater = None;
    }

    /// Reads on in `chunk` until a control frame was read, the chunk is used up or the output is
    /// `full` bytes long, and takes from its front what was read. `None` means that it is used up,
    /// or the output full:
    ///
    /// ```ignore
    /// let mut chunk = &mut buffer[..read];
    /// while let Some(event) = frames.read(&mut chunk, &mut output, full)? { … }
    /// ```
    ///
    /// A few bytes may decompress to a thousand times as many. When the output is full, it is longer
    /// than `full` by 66 KB at most, or by the length of the chunk; the rest of the chunk is to be
    /// given again when there is room.
    ///
    /// The payload of data frames is appended to `output`, unmasked; that of text messages only in
    /// whole characters, so a character that is cut by a fragment or a read is appended with its
    /// last byte. Masked bytes are unmasked where they stand, so the content of the chunk is void
    /// afterwards.
    ///
    /// # Errors
    ///
    /// When the client broke the protocol, at the first byte that shows it. `output` then holds the
    /// data before that byte, however it was cut. The connection is over: what the reader makes of
    /// any further byte means nothing.
    pub(crate) fn read<'a>(
        &mut self,
        chunk: &mut &'a mut [u8],
        output: &mut BytesMut,
        full: usize,
    ) -> Result<Option<Event<'a>>, FrameError> {
        while !chunk.is_empty() && output.len() < full {
            match &mut self.stage {
                Stage::Header { bytes, len } => {
                    let allowed = Allowed { message: self.message, deflate: self.deflate };
                    let Some(header) = Self::header(bytes, len, chunk, allowed)? else {
                        break;
                    };
                    if let Some(event) = self.begin(header, chunk, output)? {
                        return Ok(Some(event));
                    }
                }
                Stage::Data { remaining, mask, fin } => {
                    let most = if self.inflater.is_some() { INFLATED_AT_ONCE } else { usize::MAX };
                    let part = take(chunk, usize::try_from(*remaining).unwrap_or(most).min(most));
                    *remaining -= part.len() as u64;
                    let ended = (*remaining == 0).then_some(*fin);
                    let mask = std::mem::replace(mask, rotated(*mask, part.len()));
                    if ended.is_some() {
                        self.stage = Stage::START;
                    }
                    self.data(part, mask, ended == Some(true), output)?;
                }
                Stage::Control { payload, remaining, mask, opcode } => {
                    let part = take(chunk, usize::from(*remaining));
                    unmask(part, *mask);
                    *mask = rotated(*mask, part.len());
                    *remaining -= part.len() as u8;
                    payload.extend_from_slice(part);
                    if *remaining == 0 {
                        let (opcode, payload) = (*opcode, std::mem::take(payload));
                        self.stage = Stage::START;
                        return control(opcode, Cow::Owned(payload)).map(Some);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Takes the header from the chunk, or from what earlier chunks held of it and the chunk.
    fn header(
        bytes: &mut [u8; MAX_CLIENT_HEADER],
        len: &mut u8,
        chunk: &mut &mut [u8],
        allowed: Allowed,
    ) -> Result<Option<Header>, FrameError> {
        if *len == 0
            && let Some((header, taken)) = parse_header(chunk, allowed)?
        {
            take(chunk, taken);
            return Ok(Some(header));
        }
        while let Some(&byte) = take(chunk, 1).first() {
            let at = usize::from(*len);
            bytes[at] = byte;
            if let Some((header, _)) = parse_header(&bytes[..=at], allowed)? {
                *len = 0;
                return Ok(Some(header));
            }
            *len += 1;
        }
        Ok(None)
    }

    /// Reads the payload that a header announced, and goes on to what the chunk does not hold of
    /// it. The stage is changed for a cut payload only, since most frames come in one piece.
    fn begin<'a>(
        &mut self,
        header: Header,
        chunk: &mut &'a mut [u8],
        output: &mut BytesMut,
    ) -> Result<Option<Event<'a>>, FrameError> {
        let Header { opcode, fin, compressed, len, mask } = header;
        let whole = usize::try_from(len).ok().filter(|&len| len <= chunk.len());
        match opcode {
            Opcode::Close | Opcode::Ping | Opcode::Pong => {
                if let Some(len) = whole {
                    let payload = take(chunk, len);
                    unmask(payload, mask);
                    return control(opcode, Cow::Borrowed(payload)).map(Some);
                }
                self.stage =
                    Stage::Control { payload: Vec::new(), remaining: len as u8, mask, opcode };
                return Ok(None);
            }
            Opcode::Text => self.message = Message::Text,
            Opcode::Binary => self.message = Message::Binary,
            Opcode::Continuation => {}
        }
        if compressed && !self.discards {
            self.inflater = Some(Box::default());
        }
        let at_once = |len: &usize| self.inflater.is_none() || *len <= INFLATED_AT_ONCE;
        if let Some(len) = whole.filter(at_once) {
            self.data(take(chunk, len), mask, fin, output)?;
        } else {
            self.stage = Stage::Data { remaining: len, mask, fin };
        }
        Ok(None)
    }

    /// Appends a part of the open message, and ends that with its last part.
    fn data(
        &mut self,
        part: &mut [u8],
        mask: [u8; 4],
        last: bool,
        output: &mut BytesMut,
    ) -> Result<(), FrameError> {
        if self.discards {
            if last {
                self.message = Message::None;
            }
            return Ok(());
        }
        unmask(part, mask);
        let Self { message, tail, inflater, .. } = self;
        let mut append = |part: &[u8]| {
            if *message == Message::Text {
                return tail.append(part, output);
            }
            output.extend_from_slice(part);
            Ok(())
        };
        match inflater {
            None => append(part)?,
            Some(inflater) => {
                inflater.inflate(part, &mut append)?;
                if last {
                    inflater.inflate(&END_OF_MESSAGE, append)?;
                }
            }
        }
        if last {
            self.message = Message::None;
            self.inflater = None;
            self.tail.end()?;
        }
        Ok(())
    }
}

/// What decides whether a frame may come next.
#[derive(Debug, Clone, Copy)]
struct Allowed {
    message: Message,
    deflate: bool,
}

/// Reads a header and how many bytes it takes; `None` when `bytes` end before it does. What breaks
/// the protocol is found at its first byte, wherever the header was cut.
fn parse_header(bytes: &[u8], allowed: Allowed) -> Result<Option<(Header, usize)>, FrameError> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let bits = first & OPCODE;
    // A message is compressed as a whole, and only its first frame says so.
    let compressed = allowed.deflate && first & RESERVED == COMPRESSED && matches!(bits, 1 | 2);
    if first & RESERVED != 0 && !compressed {
        return Err(FrameError::ReservedBits);
    }
    let opcode = Opcode::from_bits(bits).ok_or(FrameError::UnknownOpcode(bits))?;
    let fin = first & FIN != 0;
    match opcode {
        Opcode::Continuation if allowed.message == Message::None => {
            return Err(FrameError::NothingToContinue);
        }
        Opcode::Text | Opcode::Binary if allowed.message != Message::None => {
            return Err(FrameError::MessageInMessage);
        }
        Opcode::Close | Opcode::Ping | Opcode::Pong if !fin => {
            return Err(FrameError::FragmentedControl);
        }
        _ => {}
    }
    let Some(&second) = bytes.get(1) else {
        return Ok(None);
    };
    if second & MASKED == 0 {
        return Err(FrameError::Unmasked);
    }
    let (len, at) = match second & LENGTH {
        LENGTH_IN_16_BITS => match bytes[2..].first_chunk() {
            Some(len) => (u64::from(u16::from_be_bytes(*len)), 4),
            None => return Ok(None),
        },
        LENGTH_IN_64_BITS => {
            if bytes.get(2).is_some_and(|byte| byte & 0x80 != 0) {
                return Err(FrameError::Length);
            }
            match bytes[2..].first_chunk() {
                Some(len) => (u64::from_be_bytes(*len), 10),
                None => return Ok(None),
            }
        }
        len => (u64::from(len), 2),
    };
    // A length that would have fitted into fewer bits is against the letter of section 5.2, but
    // ambiguous to nobody; ASP.NET Core takes it, of control frames too.
    if opcode.is_control() && len > MAX_CONTROL_PAYLOAD as u64 {
        return Err(FrameError::LongControl);
    }
    let header = |mask: &[u8; 4]| Header { opcode, fin, compressed, len, mask: *mask };
    Ok(bytes[at..].first_chunk().map(|mask| (header(mask), at + 4)))
}

fn control(opcode: Opcode, payload: Cow<'_, [u8]>) -> Result<Event<'_>, FrameError> {
    match opcode {
        Opcode::Ping => Ok(Event::Ping(payload)),
        Opcode::Close => closing(payload),
        _ => Ok(Event::Pong(payload)),
    }
}

/// Reads the payload of a close frame (RFC 6455, section 5.5.1).
fn closing(payload: Cow<'_, [u8]>) -> Result<Event<'_>, FrameError> {
    let code = match payload.len() {
        0 => {
            return Ok(Event::Close { code: None, reason: Cow::Borrowed("") });
        }
        1 => return Err(FrameError::ClosePayload),
        _ => u16::from_be_bytes([payload[0], payload[1]]),
    };
    if !may_be_sent(code) {
        return Err(FrameError::CloseCode(code));
    }
    let reason = match payload {
        Cow::Borrowed(bytes) => std::str::from_utf8(&bytes[2..]).ok().map(Cow::Borrowed),
        Cow::Owned(mut bytes) => String::from_utf8(bytes.split_off(2)).ok().map(Cow::Owned),
    };
    let reason = reason.ok_or(FrameError::Utf8)?;
    Ok(Event::Close { code: Some(code), reason })
}

/// Whether a close frame may hold this code: those of RFC 6455, section 7.4.1, that are not only
/// for local use, those that were registered since, and the two free ranges of section 7.4.2.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Takes up to `len` bytes from the front of the chunk.
fn take<'a>(chunk: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let whole = std::mem::take(chunk);
    let (front, rest) = whole.split_at_mut(len.min(whole.len()));
    *chunk = rest;
    front
}

/// Masks or unmasks, which is the same (RFC 6455, section 5.3).
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= mask;
    }
}

/// The mask for what follows `len` bytes.
fn rotated(mut mask: [u8; 4], len: usize) -> [u8; 4] {
    mask.rotate_left(len % 4);
    mask
}

/// The header of a frame of a server: final and not masked (RFC 6455, section 5.2). Its bytes are
/// told by [`AsRef`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameHeader {
    bytes: [u8; 10],
    len: u8,
}

impl FrameHeader {
    /// The header of a frame that holds `len` bytes: 2, 4 or 10 bytes.
    pub(crate) const fn new(opcode: Opcode, len: usize) -> Self {
        let mut bytes = [0; 10];
        bytes[0] = FIN | opcode.bits();
        let wide = (len as u64).to_be_bytes();
        let len = if len < LENGTH_IN_16_BITS as usize {
            bytes[1] = len as u8;
            2
        } else if len <= u16::MAX as usize {
            bytes[1] = LENGTH_IN_16_BITS;
            bytes[2] = wide[6];
            bytes[3] = wide[7];
            4
        } else {
            bytes[1] = LENGTH_IN_64_BITS;
            let mut at = 0;
            while at < 8 {
                bytes[2 + at] = wide[at];
                at += 1;
            }
            10
        };
        Self { bytes, len }
    }
}

impl AsRef<[u8]> for FrameHeader {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// The pong that answers a ping (RFC 6455, section 5.5.3). A payload that is longer than that of
/// any ping is cut.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(MAX_CONTROL_PAYLOAD)];
    let mut frame = BytesMut::with_capacity(2 + payload.len());
    frame.put_slice(FrameHeader::new(Opcode::Pong, payload.len()).as_ref());
    frame.put_slice(payload);
    frame.freeze()
}

/// A close frame (RFC 6455, section 5.5.1). A reason that does not fit is cut between two
/// characters.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL_PAYLOAD - 2)];
    let mut frame = BytesMut::with_capacity(4 + reason.len());
    frame.put_slice(FrameHeader::new(Opcode::Close, 2 + reason.len()).as_ref());
    frame.put_u16(code);
    frame.put_slice(reason.as_bytes());
    frame.freeze()
}
