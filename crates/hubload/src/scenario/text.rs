//! The text of messages: numbered, and of a given size.

use std::fmt::Write;

/// What the texts of one load have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts {
    /// Tells them from those of other loads.
    pub(super) tag: u32,
    /// In bytes. Texts that say more than fits are longer.
    pub(super) size: usize,
}

const PADDING: u8 = b'.';

impl Texts {
    /// The text with a number in a stream of texts, as `7:0:42:........`.
    pub(super) fn write(self, stream: u32, number: u32) -> String {
        let mut text = String::with_capacity(self.size.max(32));
        // Writing to memory cannot fail.
        let _ = write!(text, "{}:{stream}:{number}:", self.tag);
        while text.len() < self.size {
            text.push(char::from(PADDING));
        }
        text
    }

    /// Whether a text is of this load.
    pub(super) fn wrote(self, text: &str) -> bool {
        text.split(':').next().and_then(|tag| tag.parse().ok()) == Some(self.tag)
    }

    /// Stream and number of a text, or what is wrong with it.
    pub(super) fn read(self, text: &str) -> Result<(u32, u32), &'static str> {
        let mut parts = text.splitn(4, ':');
        let mut number = || parts.next()?.parse::<u32>().ok();
        let (Some(tag), Some(stream), Some(number)) = (number(), number(), number()) else {
            return Err(OTHER);
        };
        let padding = parts.next().ok_or(OTHER)?.as_bytes();
        if tag != self.tag {
            return Err("a text of another load");
        }
        if text.len() < self.size || (!padding.is_empty() && text.len() > self.size) {
            return Err("a text of another length");
        }
        if !all_padding(padding) {
            return Err(OTHER);
        }
        Ok((stream, number))
    }
}

const OTHER: &str = "a text that nobody sent";

/// The microseconds since the epoch that a text of the server's own begins with.
pub(super) fn stamp(text: &str, size: usize) -> Result<u64, &'static str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let stamp = text[..digits].parse().map_err(|_| OTHER)?;
    if text.len() != size.max(digits) {
        return Err("a text of another length");
    }
    if !all_padding(&text.as_bytes()[digits..]) {
        return Err(OTHER);
    }
    Ok(stamp)
}

fn all_padding(bytes: &[u8]) -> bool {
    // Without a branch for each byte, so that many are compared at once.
    bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |all, &byte| all & (byte == PADDING)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_what_it_is() {
        for size in [1, 8, 100] {
            let texts = Texts { tag: 7, size };
            let text = texts.write(3, 42);
            assert_eq!(text.len(), size.max("7:3:42:".len()));
            assert_eq!(texts.read(&text), Ok((3, 42)));
        }
    }

    #[test]
    fn a_changed_text_is_noticed() {
        let texts = Texts { tag: 7, size: 20 };
        let text = texts.write(3, 42);
        assert!(texts.read(&text[..19]).is_err());
        assert!(texts.read(&format!("{text}.")).is_err());
        assert!(texts.read(&text.replace("..", ",.")).is_err());
        assert!(texts.read(&text.replace("7:", "8:")).is_err());
        assert!(texts.read("").is_err());
    }

    #[test]
    fn a_stamp_is_read() {
        assert_eq!(stamp("1700000000000000....", 20), Ok(1_700_000_000_000_000));
        assert_eq!(stamp("1700000000000000", 3), Ok(1_700_000_000_000_000));
        assert!(stamp("1700000000000000...", 20).is_err());
        assert!(stamp("x...................", 20).is_err());
        assert!(stamp("17000000000000001,..", 20).is_err());
    }
}
