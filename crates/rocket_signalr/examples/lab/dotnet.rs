//! What .NET's own library does, and Rust's does in another way.

use std::{future::pending, time::Duration};

use tokio::time::sleep;

use crate::values::Strings;

/// Names of clients, groups or users. A null among them is empty, which is nobody's name.
pub(crate) fn names(list: Strings) -> Option<Vec<String>> {
    Some(list?.into_iter().map(Option::unwrap_or_default).collect())
}

/// A wait of so many milliseconds: -1 is without end, and there is none of less than that.
pub(crate) fn delay(milliseconds: i32) -> Option<impl Future<Output = ()> + Send> {
    let length = match milliseconds {
        -1 => None,
        milliseconds => Some(Duration::from_millis(milliseconds.try_into().ok()?)),
    };
    Some(async move {
        match length {
            Some(length) => sleep(length).await,
            None => pending().await,
        }
    })
}

/// In .NET a character never becomes two, so `ß` stays itself; nor does it become an ASCII letter.
pub(crate) fn to_upper(text: &str) -> String {
    let upper = |character: char| {
        let mut upper = character.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) if upper.is_ascii() == character.is_ascii() => upper,
            _ => character,
        }
    };
    text.chars().map(upper).collect()
}
