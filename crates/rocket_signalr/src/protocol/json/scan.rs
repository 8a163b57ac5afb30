//! A pull scanner over JSON text: it checks the grammar and tells where values lie, and makes
//! nothing of them.
//!
//! The rules are those of the reference's reader: RFC 8259 to the letter, no comments or trailing
//! commas, at most [`MAX_DEPTH`] containers in each other. Whether strings hold valid UTF-8 is not
//! its business: that matters when they are decoded.

use super::text::Text;
use crate::protocol::{ProtocolError, swar};

/// How deep containers may nest, the outermost counted.
pub(crate) const MAX_DEPTH: u32 = u64::BITS;

/// Something that is no JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
}

/// Why a record could not be read. Messages and handshakes word bad JSON differently.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is no JSON.
    Malformed(Malformed),
    /// It is JSON, but not what the protocol asks for.
    Protocol(ProtocolError),
}

impl From<Malformed> for ReadError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl From<ProtocolError> for ReadError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

/// The kinds of values, in the names that error texts have for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

impl Kind {
    pub(crate) const fn is_container(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }
}

/// Walks JSON text from its beginning. After an error its place means nothing.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    input: &'a [u8],
    at: usize,
    /// How many containers are open.
    depth: u32,
    /// A bit for each open container, the innermost lowest: set for objects.
    objects: u64,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0, depth: 0, objects: 0 }
    }

    /// The kind of the value that comes next, told by its first byte.
    pub(crate) fn kind(&mut self) -> Result<Kind, Malformed> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't') => Ok(Kind::True),
            Some(b'f') => Ok(Kind::False),
            Some(b'n') => Ok(Kind::Null),
            _ => self.malformed(),
        }
    }

    /// Reads an object, and calls `member` with each name; it must read the value.
    pub(crate) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, Text<'a>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.open(Kind::Object)?;
        while more {
            let name = self.name()?;
            member(self, name)?;
            more = self.more()?;
        }
        Ok(())
    }

    /// Reads an array, and calls `element` in front of each value; it must read the value.
    pub(crate) fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.open(Kind::Array)?;
        while more {
            element(self)?;
            more = self.more()?;
        }
        Ok(())
    }

    /// Reads a value of any kind, and returns its bytes.
    ///
    /// Goes down into containers and up again in a loop: input can not use up the stack.
    pub(crate) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let mut kind = self.kind()?;
        let start = self.at;
        let outside = self.depth;
        loop {
            let entered = self.enter(kind)?;
            if !entered && !self.more_within(outside)? {
                return Ok(self.since(start));
            }
            if self.in_object() {
                self.name()?;
            }
            kind = self.kind()?;
        }
    }

    /// Reads a string.
    pub(crate) fn string(&mut self) -> Result<Text<'a>, Malformed> {
        self.expect(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.rest();
            let special = swar::find(rest, |word| {
                swar::equal(word, b'"') | swar::equal(word, b'\\') | swar::below(word, 0x20)
            });
            self.at += special.unwrap_or(rest.len());
            match self.current() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return self.malformed(),
            }
        }
        let raw = self.since(start);
        self.at += 1;
        Ok(Text { raw, escaped })
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Reads a scalar as a whole, of a container only what opens it. Whether there is now a value
    /// to be read inside of it.
    fn enter(&mut self, kind: Kind) -> Result<bool, Malformed> {
        match kind {
            Kind::Object | Kind::Array => return self.open(kind),
            Kind::String => drop(self.string()?),
            Kind::Number => self.number()?,
            Kind::True => self.literal(b"true")?,
            Kind::False => self.literal(b"false")?,
            Kind::Null => self.literal(b"null")?,
        }
        Ok(false)
    }

    /// Opens a container. Whether there is anything in it; if not, it is closed again.
    fn open(&mut self, kind: Kind) -> Result<bool, Malformed> {
        let opener = if kind == Kind::Object { b'{' } else { b'[' };
        self.expect(opener)?;
        if self.depth == MAX_DEPTH {
            return self.malformed();
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(kind == Kind::Object);
        Ok(!self.close())
    }

    /// Closes the innermost container, if its end is next.
    fn close(&mut self) -> bool {
        let closer = if self.in_object() { b'}' } else { b']' };
        let closes = self.peek() == Some(closer);
        if closes {
            self.at += 1;
            self.depth -= 1;
            self.objects >>= 1;
        }
        closes
    }

    /// Whether the innermost container goes on behind a value; if not, it is closed.
    fn more(&mut self) -> Result<bool, Malformed> {
        if self.close() {
            return Ok(false);
        }
        self.expect(b',')?;
        Ok(true)
    }

    /// As [`Self::more`], for all containers that are deeper than `outside`.
    fn more_within(&mut self, outside: u32) -> Result<bool, Malformed> {
        while self.depth > outside {
            if self.more()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the name of a member and the colon.
    fn name(&mut self) -> Result<Text<'a>, Malformed> {
        let name = self.string()?;
        self.expect(b':')?;
        Ok(name)
    }

    fn number(&mut self) -> Result<(), Malformed> {
        self.take(|byte| byte == b'-');
        if !self.take(|byte| byte == b'0') {
            self.digits()?;
        }
        if self.take(|byte| byte == b'.') {
            self.digits()?;
        }
        if self.take(|byte| matches!(byte, b'e' | b'E')) {
            self.take(|byte| matches!(byte, b'+' | b'-'));
            self.digits()?;
        }
        match self.current() {
            None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') => Ok(()),
            Some(_) => self.malformed(),
        }
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        if !self.take(|byte| byte.is_ascii_digit()) {
            return self.malformed();
        }
        while self.take(|byte| byte.is_ascii_digit()) {}
        Ok(())
    }

    fn literal(&mut self, literal: &[u8]) -> Result<(), Malformed> {
        let rest = self.rest();
        if !rest.starts_with(literal) {
            return self.malformed();
        }
        self.at += literal.len();
        Ok(())
    }

    /// Reads an escape sequence. Whether surrogates pair up shows when the text is decoded.
    fn escape(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        if self.take(|byte| byte == b'u') {
            for _ in 0..4 {
                if !self.take(|byte| byte.is_ascii_hexdigit()) {
                    return self.malformed();
                }
            }
            Ok(())
        } else if self.take(|byte| b"\"\\/bfnrt".contains(&byte)) {
            Ok(())
        } else {
            self.malformed()
        }
    }

    /// Takes the next byte, if it is as wanted.
    fn take(&mut self, wanted: impl FnOnce(u8) -> bool) -> bool {
        let taken = self.current().is_some_and(wanted);
        self.at += usize::from(taken);
        taken
    }

    /// Takes `byte`, which must be next behind white space.
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return self.malformed();
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte that is no white space, not taken.
    fn peek(&mut self) -> Option<u8> {
        while self.take(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {}
        self.current()
    }

    fn current(&self) -> Option<u8> {
        self.input.get(self.at).copied()
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.input.get(start..self.at).unwrap_or_default()
    }

    fn malformed<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { at: self.at })
    }
}

#[cfg(test)]
mod tests;
