//! Hub messages as JSON.

mod message;
mod parse;
pub(crate) mod payload;
pub(crate) mod read;
pub(crate) mod scan;
mod serializer;
pub(crate) mod text;
mod unprintable;
mod write;

pub(crate) use message::*;
pub(crate) use parse::parse;

/// What follows a value in an array, from the next value on.
pub(crate) fn skip_comma(rest: &[u8]) -> &[u8] {
    let rest = rest.trim_ascii_start();
    rest.strip_prefix(b",").unwrap_or(rest)
}
