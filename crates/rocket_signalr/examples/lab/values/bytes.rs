//! `byte[]`

use base64::{DecodeError, Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Bytes, as base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bytes(Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = DecodeError;

    /// Blanks do not matter.
    fn try_from(mut text: String) -> Result<Self, DecodeError> {
        text.retain(|letter| !letter.is_ascii_whitespace());
        STANDARD.decode(text).map(Self)
    }
}

impl From<Bytes> for String {
    fn from(Bytes(bytes): Bytes) -> Self {
        STANDARD.encode(bytes)
    }
}
