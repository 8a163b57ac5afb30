//! Connection ids and tokens.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::TryRngCore;

const BYTES: usize = 16;
const TEXT: usize = 22;

/// The id of a connection, or its token: 128 random bits as 22 characters of base64url.
///
/// The id is public (it is what [`Clients::client`](crate::Clients::client) takes), the token is a
/// secret: whoever has it can speak as this connection, so it is never shown or logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId([u8; TEXT]);

impl ConnectionId {
    /// A new one from the operating system's random source.
    pub(crate) fn random() -> Result<Self, rand::rand_core::OsError> {
        let mut bytes = [0; BYTES];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
        let mut text = [0; TEXT];
        // 16 bytes always make 22 characters, so this slice is never too small.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        Ok(Self(text))
    }

    /// Reads an id that somebody names. Anything that cannot be one is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.as_bytes().try_into().ok().map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
