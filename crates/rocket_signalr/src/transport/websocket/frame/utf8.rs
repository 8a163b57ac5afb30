//! UTF-8 in pieces.

use std::str::from_utf8;

use bytes::BytesMut;

use super::FrameError;

/// The begin of a character whose end has not come yet.
#[derive(Debug, Default)]
pub(super) struct Utf8Tail {
    bytes: [u8; 3],
    len: u8,
}

impl Utf8Tail {
    /// Appends the characters that end in `text` and keeps the begin of one that does not. Fails
    /// at the first byte that no valid text can have there; what stands before it is appended.
    pub(super) fn append(&mut self, text: &[u8], output: &mut BytesMut) -> Result<(), FrameError> {
        let text = self.complete(text, output)?;
        match from_utf8(text) {
            Ok(_) => output.extend_from_slice(text),
            Err(error) => {
                let (whole, cut) = text.split_at(error.valid_up_to());
                output.extend_from_slice(whole);
                if error.error_len().is_some() {
                    return Err(FrameError::Utf8);
                }
                self.keep(cut);
            }
        }
        Ok(())
    }

    /// Fails when the text ends inside a character.
    pub(super) fn end(&self) -> Result<(), FrameError> {
        if self.len == 0 { Ok(()) } else { Err(FrameError::Utf8) }
    }

    /// Appends the character that is kept, if it ends in `text`, and returns what follows it.
    fn complete<'a>(
        &mut self,
        text: &'a [u8],
        output: &mut BytesMut,
    ) -> Result<&'a [u8], FrameError> {
        let kept = usize::from(self.len);
        if kept == 0 {
            return Ok(text);
        }
        let mut character = [0; 4];
        character[..kept].copy_from_slice(&self.bytes[..kept]);
        for (taken, &byte) in text.iter().enumerate() {
            // A character of four bytes either ends or fails with its fourth.
            let len = kept + taken + 1;
            character[len - 1] = byte;
            match from_utf8(&character[..len]) {
                Ok(_) => {
                    output.extend_from_slice(&character[..len]);
                    self.len = 0;
                    return Ok(&text[taken + 1..]);
                }
                Err(error) if error.error_len().is_some() => return Err(FrameError::Utf8),
                Err(_) => {}
            }
        }
        self.keep(&character[..kept + text.len()]);
        Ok(&[])
    }

    fn keep(&mut self, begin: &[u8]) {
        self.bytes[..begin.len()].copy_from_slice(begin);
        self.len = begin.len() as u8;
    }
}
