//! `Guid`

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WrongFormat;

/// A UUID. Of the forms that it can be written in, JSON has the one with hyphens and no braces.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Guid(Uuid);

impl TryFrom<String> for Guid {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(WrongFormat);
        }
        text.parse().map(Self).map_err(|_| WrongFormat)
    }
}
