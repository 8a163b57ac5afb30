//! .NET's values, as they look on the wire. Those that look different in JSON and in MessagePack are
//! written as [`PerProtocol`](rocket_signalr::PerProtocol).

mod bytes;
mod colour;
mod date_time;
mod date_time_offset;
mod decimal;
mod dictionary;
mod entries;
mod guid;
mod iso8601;
mod json_element;
mod time_span;

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    bytes::Bytes, colour::Colour, date_time::DateTime, date_time_offset::DateTimeOffset,
    decimal::Decimal, dictionary::Dictionary, guid::Guid, json_element::JsonElement,
    time_span::TimeSpan,
};

/// `string[]`: the list may be null, and so may what is in it.
pub(crate) type Strings = Option<Vec<Option<String>>>;

/// An object; its properties have .NET's names, which JSON clients see in camel case. What is not
/// given is null or zero, and what is null is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Person {
    name: Option<String>,
    age: i32,
    tags: Strings,
    friend: Option<Box<Self>>,
}

/// A text that is no such value.
#[derive(Debug)]
pub(crate) struct WrongFormat;

impl Display for WrongFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not in the right format")
    }
}
