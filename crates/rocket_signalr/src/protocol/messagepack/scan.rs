//! Walks MessagePack, checks its form and tells where values lie, and makes nothing of them.

/// How deep the containers of a payload may nest. It bounds the recursion of whoever makes values
/// of them.
pub(super) const MAX_DEPTH: usize = 64;

/// No MessagePack, or cut off, or nested too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A value without what is inside of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Nil,
    Boolean(bool),
    Unsigned(u64),
    Signed(i64),
    Float,
    /// UTF-8, if the client is right.
    Text(&'a [u8]),
    /// Bytes, or an extension.
    Opaque,
    /// So many items follow.
    Array(usize),
    /// So many pairs of keys and values follow.
    Map(usize),
}

/// Reads values one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads a value up to what is inside of it.
    pub(super) fn token(&mut self) -> Result<Token<'a>, Malformed> {
        let [marker] = self.fixed()?;
        Ok(match marker {
            0x00..=0x7f => Token::Unsigned(marker.into()),
            0x80..=0x8f => Token::Map(self.possible((marker & 0xf).into(), 2)?),
            0x90..=0x9f => Token::Array(self.possible((marker & 0xf).into(), 1)?),
            0xa0..=0xbf => Token::Text(self.bytes((marker & 0x1f).into())?),
            0xc0 => Token::Nil,
            0xc1 => return Err(Malformed),
            0xc2 => Token::Boolean(false),
            0xc3 => Token::Boolean(true),
            0xc4 => self.opaque(1)?,
            0xc5 => self.opaque(2)?,
            0xc6 => self.opaque(4)?,
            0xc7 => self.extension(1)?,
            0xc8 => self.extension(2)?,
            0xc9 => self.extension(4)?,
            0xca => self.skip(4, Token::Float)?,
            0xcb => self.skip(8, Token::Float)?,
            0xcc => Token::Unsigned(u8::from_be_bytes(self.fixed()?).into()),
            0xcd => Token::Unsigned(u16::from_be_bytes(self.fixed()?).into()),
            0xce => Token::Unsigned(u32::from_be_bytes(self.fixed()?).into()),
            0xcf => Token::Unsigned(u64::from_be_bytes(self.fixed()?)),
            0xd0 => Token::Signed(i8::from_be_bytes(self.fixed()?).into()),
            0xd1 => Token::Signed(i16::from_be_bytes(self.fixed()?).into()),
            0xd2 => Token::Signed(i32::from_be_bytes(self.fixed()?).into()),
            0xd3 => Token::Signed(i64::from_be_bytes(self.fixed()?)),
            // Extensions of 1, 2, 4, 8 and 16 bytes, behind a byte for their type.
            0xd4..=0xd8 => self.skip(1 + (1 << (marker - 0xd4)), Token::Opaque)?,
            0xd9 => Token::Text(self.sized(1)?),
            0xda => Token::Text(self.sized(2)?),
            0xdb => Token::Text(self.sized(4)?),
            0xdc => Token::Array(self.count(2, 1)?),
            0xdd => Token::Array(self.count(4, 1)?),
            0xde => Token::Map(self.count(2, 2)?),
            0xdf => Token::Map(self.count(4, 2)?),
            0xe0..=0xff => Token::Signed(i8::from_be_bytes([marker]).into()),
        })
    }

    /// Reads a value with all that is inside, and returns its bytes.
    ///
    /// Goes down into containers and up again in a loop: input can not use up the stack.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.rest;
        // How many values are still to come in each container that is open.
        let mut open = [0; MAX_DEPTH];
        let mut depth = 0;
        loop {
            let inside = match self.token()? {
                Token::Array(items) => items,
                Token::Map(entries) => 2 * entries,
                _ => 0,
            };
            if inside > 0 {
                *open.get_mut(depth).ok_or(Malformed)? = inside;
                depth += 1;
                continue;
            }
            loop {
                let Some(innermost) = depth.checked_sub(1).and_then(|at| open.get_mut(at)) else {
                    return Ok(&start[..start.len() - self.rest.len()]);
                };
                *innermost -= 1;
                if *innermost > 0 {
                    break;
                }
                depth -= 1;
            }
        }
    }

    /// How many items of at least `item` bytes follow, told by a number of `size` bytes.
    fn count(&mut self, size: usize, item: usize) -> Result<usize, Malformed> {
        let count = self.length(size)?;
        self.possible(count, item)
    }

    /// `count`, if there is room for so many items. A number that is too large is found out before
    /// anything is made of it.
    const fn possible(&self, count: usize, item: usize) -> Result<usize, Malformed> {
        if count > self.rest.len() / item { Err(Malformed) } else { Ok(count) }
    }

    /// A number of `size` bytes.
    fn length(&mut self, size: usize) -> Result<usize, Malformed> {
        let length = self.bytes(size)?;
        Ok(length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    }

    /// Bytes behind their length, which has `size` bytes itself.
    fn sized(&mut self, size: usize) -> Result<&'a [u8], Malformed> {
        let length = self.length(size)?;
        self.bytes(length)
    }

    fn opaque(&mut self, size: usize) -> Result<Token<'a>, Malformed> {
        self.sized(size)?;
        Ok(Token::Opaque)
    }

    /// As [`Self::opaque`], with a byte for the type behind the length.
    fn extension(&mut self, size: usize) -> Result<Token<'a>, Malformed> {
        let length = self.length(size)?;
        self.bytes(1)?;
        self.skip(length, Token::Opaque)
    }

    fn skip(&mut self, length: usize, token: Token<'a>) -> Result<Token<'a>, Malformed> {
        self.bytes(length)?;
        Ok(token)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
