//! The chunked transfer coding (RFC 9112, section 7.1), as it comes in.

#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Data(usize),
    /// The line break behind a chunk.
    Break,
    Trailer,
    Ended,
}

impl Chunks {
    pub(crate) fn ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Appends the data of all of `bytes` that is complete enough, and tells how much that was.
    /// The rest must come again with what follows it.
    pub(crate) fn read(&mut self, bytes: &[u8], data: &mut Vec<u8>) -> Result<usize, String> {
        let mut rest = bytes;
        loop {
            match self.state {
                State::Data(length) => {
                    let (chunk, behind) = rest.split_at(length.min(rest.len()));
                    data.extend(chunk);
                    rest = behind;
                    if chunk.len() < length {
                        self.state = State::Data(length - chunk.len());
                        break;
                    }
                    self.state = State::Break;
                }
                State::Ended => break,
                State::Size | State::Break | State::Trailer => {
                    let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
                        break;
                    };
                    self.state = self.line(&rest[..end])?;
                    rest = &rest[end + 2..];
                }
            }
        }
        Ok(bytes.len() - rest.len())
    }

    fn line(&self, line: &[u8]) -> Result<State, String> {
        Ok(match self.state {
            State::Break if line.is_empty() => State::Size,
            State::Break => return Err("a broken chunk".into()),
            State::Trailer if line.is_empty() => State::Ended,
            State::Trailer => State::Trailer,
            _ => match size(line).ok_or("a broken chunk")? {
                0 => State::Trailer,
                size => State::Data(size),
            },
        })
    }
}

fn size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|&byte| byte == b';').next()?.trim_ascii();
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_read_however_they_are_cut() {
        let bytes = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nbehind";
        for step in 1..bytes.len() {
            let (mut chunks, mut data, mut kept) = (Chunks::default(), Vec::new(), Vec::new());
            for part in bytes.chunks(step) {
                kept.extend(part);
                let read = chunks.read(&kept, &mut data).unwrap();
                kept.drain(..read);
            }
            assert!(chunks.ended());
            assert_eq!((&data[..], &kept[..]), (&b"abc0123456789"[..], &b"behind"[..]));
        }
    }

    #[test]
    fn a_broken_chunk_is_told() {
        assert!(Chunks::default().read(b"x\r\n", &mut Vec::new()).is_err());
        assert!(Chunks::default().read(b"1\r\nabc\r\n", &mut Vec::new()).is_err());
    }
}
