//! Strings in JSON text.

use std::borrow::Cow;

use crate::protocol::ProtocolError;

/// What stands between the quotes of a string: checked by the scanner, but not decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(super) raw: &'a [u8],
    pub(super) escaped: bool,
}

impl<'a> Text<'a> {
    /// The text, borrowed where nothing is escaped.
    ///
    /// # Errors
    ///
    /// Where it is no Unicode: the reference then ends the connection.
    pub(crate) fn decode(self) -> Result<Cow<'a, str>, ProtocolError> {
        match self.unescape()? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).ok(),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).ok(),
        }
        .ok_or_else(|| {
            ProtocolError::invalid_operation(
                "Cannot transcode invalid UTF-8 JSON text to UTF-16 string.",
            )
        })
    }

    /// The text without escapes, not yet known to be UTF-8.
    ///
    /// # Errors
    ///
    /// Where an escaped surrogate has no partner.
    pub(crate) fn unescape(self) -> Result<Cow<'a, [u8]>, ProtocolError> {
        if !self.escaped {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut plain = Vec::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                plain.push(byte);
                continue;
            }
            let Some((&escape, after)) = rest.split_first() else {
                break;
            };
            rest = after;
            match escape {
                b'b' => plain.push(0x08),
                b'f' => plain.push(0x0c),
                b'n' => plain.push(b'\n'),
                b'r' => plain.push(b'\r'),
                b't' => plain.push(b'\t'),
                b'u' => {
                    let character = code_point(&mut rest)?;
                    plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                itself => plain.push(itself),
            }
        }
        Ok(Cow::Owned(plain))
    }
}

/// The character that four hexadecimal digits stand for, or eight if they begin a pair.
fn code_point(rest: &mut &[u8]) -> Result<char, ProtocolError> {
    let unit = code_unit(rest);
    if !(0xd800..0xe000).contains(&unit) {
        return char::from_u32(unit).ok_or_else(|| lone_surrogate(unit));
    }
    if unit >= 0xdc00 {
        return Err(lone_surrogate(unit));
    }
    let Some(low) = rest.strip_prefix(br"\u") else {
        return Err(ProtocolError::invalid_operation(
            "Cannot read incomplete UTF-16 JSON text as string with missing low surrogate.",
        ));
    };
    *rest = low;
    let low = code_unit(rest);
    if !(0xdc00..0xe000).contains(&low) {
        return Err(lone_surrogate(low));
    }
    let character = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    char::from_u32(character).ok_or_else(|| lone_surrogate(unit))
}

/// The value of four hexadecimal digits.
fn code_unit(rest: &mut &[u8]) -> u32 {
    let (digits, after) = rest.split_at(rest.len().min(4));
    *rest = after;
    digits
        .iter()
        .fold(0, |unit, &digit| unit << 4 | char::from(digit).to_digit(16).unwrap_or_default())
}

fn lone_surrogate(unit: u32) -> ProtocolError {
    ProtocolError::invalid_operation(format!(
        "Cannot read invalid UTF-16 JSON text as string. Invalid surrogate value: '0x{unit:02X}'."
    ))
}
