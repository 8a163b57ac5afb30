//! How values are spelled: as System.Text.Json does it with its relaxed escaping.

use std::convert::Infallible;
use std::io::{self, Write};

use serde_json::ser::Formatter;

use super::unprintable::is_unprintable;

/// Appends `text` as a string.
pub(crate) fn string(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    part(output, text);
    output.push(b'"');
}

/// Appends a part of what stands between the quotes of a string.
pub(crate) fn part(output: &mut Vec<u8>, text: &str) {
    let Ok(()) = escape(text, |piece| {
        output.extend_from_slice(piece);
        Ok::<_, Infallible>(())
    });
}

/// Compact JSON with the numbers of .NET.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relaxed;

impl Formatter for Relaxed {
    fn write_f32<W: Write + ?Sized>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        // Nine digits always tell two numbers of this size apart, and .NET writes as many.
        if value == 0.0 || (1e-4..1e9).contains(&value.abs()) {
            write!(writer, "{value}")
        } else {
            exponential(writer, &format!("{value:E}"))
        }
    }

    fn write_f64<W: Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // Here it takes seventeen digits.
        if value == 0.0 || (1e-4..1e17).contains(&value.abs()) {
            write!(writer, "{value}")
        } else {
            exponential(writer, &format!("{value:E}"))
        }
    }
}

/// Writes what Rust formats as `1.5E-7` the way of .NET: `1.5E-07`.
fn exponential<W: Write + ?Sized>(writer: &mut W, formatted: &str) -> io::Result<()> {
    let (digits, exponent) = formatted.split_once('E').unwrap_or((formatted, "0"));
    let (sign, exponent) =
        exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    write!(writer, "{digits}E{sign}{exponent:0>2}")
}

/// Hands `text` over in pieces, to be written one behind the other.
fn escape<E>(text: &str, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let bytes = text.as_bytes();
    // One pass without branches shows that most texts hold nothing special.
    if bytes.iter().fold(true, |plain, &byte| plain & is_plain(byte)) {
        return write(bytes);
    }
    let mut written = 0;
    for (at, character) in text.char_indices().filter(|&(_, character)| is_escaped(character)) {
        if written < at {
            write(&bytes[written..at])?;
        }
        escape_char(character, &mut write)?;
        written = at + character.len_utf8();
    }
    write(&bytes[written..])
}

/// Whether a byte is a character that stands for itself.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

fn is_escaped(character: char) -> bool {
    match u16::try_from(u32::from(character)) {
        Ok(unit) if character.is_ascii() => !is_plain(unit.to_le_bytes()[0]),
        Ok(unit) => is_unprintable(unit),
        Err(_) => true,
    }
}

fn escape_char<E>(character: char, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    match character {
        '"' => write(br#"\""#),
        '\\' => write(br"\\"),
        '\x08' => write(br"\b"),
        '\x0c' => write(br"\f"),
        '\n' => write(br"\n"),
        '\r' => write(br"\r"),
        '\t' => write(br"\t"),
        other => {
            other.encode_utf16(&mut [0; 2]).iter().try_for_each(|&unit| write(&escape_unit(unit)))
        }
    }
}

/// `\uXXXX`, in capitals.
fn escape_unit(unit: u16) -> [u8; 6] {
    let digit = |shift: u16| b"0123456789ABCDEF"[usize::from(unit >> shift & 0xf)];
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

#[cfg(test)]
mod tests;
