//! WebSocket frames (RFC 6455, section 5), for both sides.

/// What the frame is.
pub(crate) mod opcode {
    pub(crate) const CONTINUATION: u8 = 0;
    pub(crate) const TEXT: u8 = 1;
    pub(crate) const BINARY: u8 = 2;
    pub(crate) const CLOSE: u8 = 8;
    pub(crate) const PING: u8 = 9;
    pub(crate) const PONG: u8 = 10;
}

/// The key of all our upgrades, from section 1.3 of the RFC, and the answer to it.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The status code of a normal close.
pub(crate) const NORMAL: u16 = 1000;

/// A client must mask, but nobody can demand that it draws a mask each time. Not zeros: servers
/// skip the unmasking of those.
const MASK: [u8; 4] = [0x5a, 0xa5, 0x3c, 0xc3];

/// A frame of a client.
pub(crate) fn write_masked(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), 0x80, out);
    out.extend(MASK);
    let start = out.len();
    out.extend(payload);
    mask(&mut out[start..], MASK);
}

/// A frame of a server.
pub(crate) fn write(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), 0, out);
    out.extend(payload);
}

fn write_header(opcode: u8, length: usize, masked: u8, out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match length {
        0..=125 => out.push(masked | length as u8),
        126..=0xffff => {
            out.push(masked | 126);
            out.extend((length as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
}

fn mask(bytes: &mut [u8], mask: [u8; 4]) {
    let (words, rest) = bytes.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    /// Whether the message ends with it.
    pub(crate) last: bool,
    pub(crate) payload: &'a [u8],
}

/// The first frame of what a server sent, and its length, or none if it is incomplete.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, String> {
    let Some(header) = Header::read(bytes)? else {
        return Ok(None);
    };
    if header.mask.is_some() {
        return Err("a server's frame is masked".into());
    }
    let end = header.length + header.payload;
    Ok(bytes.get(header.length..end).map(|payload| (header.frame(payload), end)))
}

/// The same of what a client sent, whose mask it takes off.
pub(crate) fn read_masked(bytes: &mut [u8]) -> Result<Option<(Frame<'_>, usize)>, String> {
    let Some(header) = Header::read(bytes)? else {
        return Ok(None);
    };
    let key = header.mask.ok_or("a client's frame is not masked")?;
    let end = header.length + header.payload;
    Ok(bytes.get_mut(header.length..end).map(|payload| {
        mask(payload, key);
        (header.frame(payload), end)
    }))
}

struct Header {
    opcode: u8,
    last: bool,
    mask: Option<[u8; 4]>,
    length: usize,
    payload: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err("a frame with reserved bits".into());
        }
        let wide = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let masked = second & 0x80 != 0;
        let Some((wide, rest)) = rest.split_at_checked(wide) else {
            return Ok(None);
        };
        let mask = match rest.first_chunk() {
            Some(mask) if masked => Some(*mask),
            None if masked => return Ok(None),
            _ => None,
        };
        let payload = match wide {
            [] => usize::from(second & 0x7f),
            wide => wide.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)),
        };
        if payload > MAX_PAYLOAD {
            return Err(format!("a frame of {payload} bytes"));
        }
        let length = 2 + wide.len() + if masked { 4 } else { 0 };
        Ok(Some(Self { opcode: first & 0x0f, last: first & 0x80 != 0, mask, length, payload }))
    }

    fn frame<'a>(&self, payload: &'a [u8]) -> Frame<'a> {
        Frame { opcode: self.opcode, last: self.last, payload }
    }
}

/// Far beyond what any load sends: a longer frame is a broken one.
const MAX_PAYLOAD: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_go_both_ways() {
        for length in [0, 1, 125, 126, 0xffff, 0x1_0000] {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mut bytes = Vec::new();
            write(opcode::TEXT, &payload, &mut bytes);
            let end = bytes.len();
            let frame = Frame { opcode: opcode::TEXT, last: true, payload: &payload };
            assert_eq!(read(&bytes[..end - 1]), Ok(None));
            assert_eq!(read(&bytes), Ok(Some((frame, end))));

            let mut bytes = Vec::new();
            write_masked(opcode::BINARY, &payload, &mut bytes);
            let end = bytes.len();
            assert_eq!(read_masked(&mut bytes[..end - 1]), Ok(None));
            let frame = Frame { opcode: opcode::BINARY, last: true, payload: &payload };
            assert_eq!(read_masked(&mut bytes), Ok(Some((frame, end))));
        }
    }

    #[test]
    fn the_masked_hello_of_the_specification_is_read() {
        let mut hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let (frame, length) = read_masked(&mut hello).unwrap().unwrap();
        assert_eq!((frame.payload, length), (&b"Hello"[..], 11));
    }

    #[test]
    fn broken_frames_are_told() {
        assert!(read(&[0xc1, 0]).is_err());
        assert!(read(&[0x81, 0x80, 0, 0, 0, 0]).is_err());
        assert!(read(&[0x81, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(read_masked(&mut [0x81, 0]).is_err());
    }
}
