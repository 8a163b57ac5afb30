//! What must hold of the reader for any bytes: that it never panics, that cuts do not matter, and
//! that it agrees with a second reader, written for plainness alone. Used by property tests and by
//! a fuzz target.

use std::borrow::Cow;

use bytes::BytesMut;
use flate2::{Decompress, FlushDecompress, Status};

use super::{Event, FrameError, FrameReader};

/// All that a reader made of some bytes. Each event comes with the length that the output had by
/// then.
#[derive(Debug, PartialEq)]
pub(crate) struct Transcript {
    pub(crate) output: Vec<u8>,
    pub(crate) events: Vec<(usize, Event<'static>)>,
    pub(crate) error: Option<FrameError>,
}

/// Checks any bytes, of which the first choose the cuts.
///
/// # Panics
///
/// When the reader is wrong.
pub(crate) fn check(data: &[u8]) {
    let Some((cuts, stream)) = data.split_first_chunk::<4>() else {
        return;
    };
    let cuts = cuts.map(|cut| usize::from(cut) + 1);
    for deflate in [false, true] {
        let expected = plain(stream, deflate);
        let read = |sizes: &[usize], room| transcript(stream, deflate, sizes, room);
        assert_eq!(read(&[stream.len()], usize::MAX), expected, "in one piece");
        assert_eq!(read(&[1], usize::MAX), expected, "byte by byte");
        assert_eq!(read(&cuts, usize::MAX), expected, "in pieces of {cuts:?}");
        assert_eq!(read(&cuts, cuts[0]), expected, "into pieces of {}", cuts[0]);
    }
}

/// Reads `stream` in pieces of the given sizes, over and over, until its end or an error. The
/// output is full, each time, after so many bytes as there is `room` for.
pub(crate) fn transcript(stream: &[u8], deflate: bool, sizes: &[usize], room: usize) -> Transcript {
    let mut reader = FrameReader::new(deflate);
    let mut output = BytesMut::new();
    let mut events = Vec::new();
    let mut error = None;
    let mut rest = stream.to_vec();
    let mut rest = rest.as_mut_slice();
    let mut sizes = sizes.iter().cycle();
    'reads: while !rest.is_empty() {
        let size = sizes.next().map_or(rest.len(), |&size| size.clamp(1, rest.len()));
        let (mut chunk, after) = rest.split_at_mut(size);
        rest = after;
        loop {
            let (full, len) = (output.len().saturating_add(room), chunk.len());
            let read = reader.read(&mut chunk, &mut output, full);
            assert!(output.len() < full.saturating_add(len + 66 * 1024), "too much at once");
            match read {
                Ok(Some(event)) => events.push((output.len(), owned(event))),
                Ok(None) if chunk.is_empty() => break,
                Ok(None) => assert!(output.len() >= full, "the chunk was not used up"),
                Err(found) => {
                    error = Some(found);
                    break 'reads;
                }
            }
        }
    }
    Transcript { output: output.to_vec(), events, error }
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Ping(payload) => Event::Ping(payload.into_owned().into()),
        Event::Pong(payload) => Event::Pong(payload.into_owned().into()),
        Event::Close { code, reason } => Event::Close { code, reason: reason.into_owned().into() },
    }
}

/// The second reader: it has all bytes at once and looks at them one by one.
fn plain(stream: &[u8], deflate: bool) -> Transcript {
    let mut transcript = Transcript { output: Vec::new(), events: Vec::new(), error: None };
    transcript.error = plain_frames(stream, deflate, &mut transcript).err().flatten();
    transcript
}

/// Fails with `None` at the end of the stream.
fn plain_frames(
    stream: &[u8],
    deflate: bool,
    found: &mut Transcript,
) -> Result<(), Option<FrameError>> {
    let mut bytes = stream.iter().copied();
    let mut next = || bytes.next().ok_or(None);
    // The opcode of the open message, and the begin of a character of it.
    let mut message = 0;
    let mut character = Vec::new();
    let mut decompress = None;
    loop {
        let first = next()?;
        let (fin, opcode) = (first >= 0x80, first % 0x10);
        let compressed = deflate && first & 0x70 == 0x40 && [1, 2].contains(&opcode);
        match opcode {
            _ if first & 0x70 != 0 && !compressed => return Err(Some(FrameError::ReservedBits)),
            3..=7 | 11.. => return Err(Some(FrameError::UnknownOpcode(opcode))),
            0 if message == 0 => return Err(Some(FrameError::NothingToContinue)),
            1 | 2 if message != 0 => return Err(Some(FrameError::MessageInMessage)),
            8.. if !fin => return Err(Some(FrameError::FragmentedControl)),
            _ => {}
        }
        let second = next()?;
        if second < 0x80 {
            return Err(Some(FrameError::Unmasked));
        }
        let mut len = u64::from(second - 0x80);
        if len > 125 {
            let wide = if len == 126 { 2 } else { 8 };
            len = 0;
            for place in 0..wide {
                let byte = next()?;
                if wide == 8 && place == 0 && byte >= 0x80 {
                    return Err(Some(FrameError::Length));
                }
                len = len * 256 + u64::from(byte);
            }
        }
        if opcode >= 8 && len > 125 {
            return Err(Some(FrameError::LongControl));
        }
        let mask = [next()?, next()?, next()?, next()?];
        let payload = (0..len).zip(mask.iter().cycle()).map(|(_, key)| Ok(next()? ^ key));

        if opcode >= 8 {
            let payload = payload.collect::<Result<Vec<u8>, Option<FrameError>>>()?;
            let event = match opcode {
                8 => plain_close(&payload).map_err(Some)?,
                9 => Event::Ping(payload.into()),
                _ => Event::Pong(payload.into()),
            };
            found.events.push((found.output.len(), event));
            continue;
        }
        if opcode != 0 {
            message = opcode;
            decompress = compressed.then(|| Decompress::new(false));
        }
        let mut append = |byte| {
            character.push(byte);
            if message == 2 || character_ends(&character).ok_or(Some(FrameError::Utf8))? {
                found.output.append(&mut character);
            }
            Ok(())
        };
        let end = if fin { &[0x00, 0x00, 0xFF, 0xFF][..] } else { &[] };
        match &mut decompress {
            None => payload.into_iter().try_for_each(|byte| append(byte?))?,
            Some(decompress) => {
                for byte in payload.chain(end.iter().map(|byte| Ok(*byte))) {
                    plain_inflate(decompress, byte?, &mut append)?;
                }
            }
        }
        if fin {
            message = 0;
            if !character.is_empty() {
                return Err(Some(FrameError::Utf8));
            }
        }
    }
}

fn plain_inflate(
    decompress: &mut Decompress,
    byte: u8,
    append: impl FnMut(u8) -> Result<(), Option<FrameError>>,
) -> Result<(), Option<FrameError>> {
    // A byte becomes 1032 at most, and the end of one that was begun earlier.
    let mut output = Vec::with_capacity(4096);
    let result = decompress.decompress_vec(&[byte], &mut output, FlushDecompress::None);
    output.into_iter().try_for_each(append)?;
    match result {
        Ok(Status::StreamEnd) => decompress.reset(false),
        Ok(Status::Ok | Status::BufError) => {}
        Err(_) => return Err(Some(FrameError::Deflate)),
    }
    Ok(())
}

fn plain_close(payload: &[u8]) -> Result<Event<'static>, FrameError> {
    let (code, reason) = match payload {
        [] => {
            return Ok(Event::Close { code: None, reason: Cow::Borrowed("") });
        }
        [_] => return Err(FrameError::ClosePayload),
        [high, low, reason @ ..] => (u16::from(*high) * 256 + u16::from(*low), reason),
    };
    if code < 1000
        || [1004, 1005, 1006].contains(&code)
        || (1015..3000).contains(&code)
        || code >= 5000
    {
        return Err(FrameError::CloseCode(code));
    }
    let reason = String::from_utf8(reason.to_vec()).map_err(|_| FrameError::Utf8)?;
    Ok(Event::Close { code: Some(code), reason: reason.into() })
}

/// Whether these bytes are a whole character, or `None` if no character begins with them (the
/// table of well-formed sequences in the Unicode standard, section 3.9).
fn character_ends(bytes: &[u8]) -> Option<bool> {
    let (first, rest) = bytes.split_first()?;
    let (len, second) = match first {
        0x00..=0x7F => (1, 0x80..=0xBF),
        0xC2..=0xDF => (2, 0x80..=0xBF),
        0xE0 => (3, 0xA0..=0xBF),
        0xE1..=0xEC | 0xEE..=0xEF => (3, 0x80..=0xBF),
        0xED => (3, 0x80..=0x9F),
        0xF0 => (4, 0x90..=0xBF),
        0xF1..=0xF3 => (4, 0x80..=0xBF),
        0xF4 => (4, 0x80..=0x8F),
        _ => return None,
    };
    let possible = rest.iter().enumerate().all(|(at, byte)| match at {
        0 => second.contains(byte),
        _ => (0x80..=0xBF).contains(byte),
    });
    possible.then_some(bytes.len() == len)
}
