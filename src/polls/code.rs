//! The short code that voters type to find a poll.

use std::fmt;

use rand::Rng;
use serde::{Serialize, Serializer};

/// Digits and capital letters without those that are mistaken for one another: 0 and O, 1, I and L.
const ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// The letters stand first in [`ALPHABET`].
const LETTERS: usize = 23;

const LENGTH: usize = 6;

/// A poll's short code: six characters, the first of them a letter, so that a code never reads as a
/// number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code([u8; LENGTH]);

impl Code {
    /// A random code out of some 650 million.
    pub fn random() -> Self {
        let mut rng = rand::rng();
        let mut pick = |among: usize| ALPHABET[rng.random_range(..among)];
        let mut code = [pick(LETTERS); LENGTH];
        code[1..].fill_with(|| pick(ALPHABET.len()));
        Self(code)
    }

    /// Reads a code as people type it: without regard to case, spaces and hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = [0; LENGTH];
        let mut typed = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| u8::try_from(c.to_ascii_uppercase()).unwrap_or(b'?'));
        for (place, slot) in code.iter_mut().enumerate() {
            let among = if place == 0 { LETTERS } else { ALPHABET.len() };
            *slot = typed.next().filter(|c| ALPHABET[..among].contains(c))?;
        }
        typed.next().is_none().then_some(Self(code))
    }

    /// The six characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_codes_can_be_read_back() {
        for _ in 0..1_000 {
            let code = Code::random();
            assert_eq!(Code::parse(code.as_str()), Some(code));
            assert!(code.as_str().parse::<i64>().is_err());
        }
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let code = Code::parse("KM7Q2X").unwrap();
        for typed in ["km7q2x", " KM7-Q2X ", "k m 7 q 2 x"] {
            assert_eq!(Code::parse(typed), Some(code), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "KM7Q2", "KM7Q2XY", "234567", "KM7Q20", "OM7Q2X", "KM7Q2l", "KM7Q2é"] {
            assert_eq!(Code::parse(typed), None, "{typed}");
        }
    }
}
