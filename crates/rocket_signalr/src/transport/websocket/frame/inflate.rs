//! Decompression of one message.

use flate2::{Decompress, FlushDecompress, Status};

use super::FrameError;

/// How much comes out at a time.
const OUTPUT: usize = 4 * 1024;

/// What a compressed message needs while it is open: 48 KB.
#[derive(Debug)]
pub(super) struct Inflater(Decompress);

impl Default for Inflater {
    fn default() -> Self {
        // Raw DEFLATE, without the header of zlib.
        Self(Decompress::new(false))
    }
}

impl Inflater {
    /// Decompresses a part of the message and gives `append` all that it becomes.
    pub(super) fn inflate(
        &mut self,
        mut part: &[u8],
        mut append: impl FnMut(&[u8]) -> Result<(), FrameError>,
    ) -> Result<(), FrameError> {
        let Self(decompress) = self;
        let mut output = [0; OUTPUT];
        loop {
            let before = (decompress.total_in(), decompress.total_out());
            let result = decompress.decompress(part, &mut output, FlushDecompress::None);
            let read = (decompress.total_in() - before.0) as usize;
            let written = (decompress.total_out() - before.1) as usize;
            part = &part[read..];
            append(&output[..written])?;
            match result {
                Err(_) => return Err(FrameError::Deflate),
                // Further blocks may follow one that says it is the last (section 7.2.3.4).
                Ok(Status::StreamEnd) => decompress.reset(false),
                Ok(Status::Ok | Status::BufError) => {}
            }
            if part.is_empty() && written < OUTPUT {
                return Ok(());
            }
        }
    }
}
