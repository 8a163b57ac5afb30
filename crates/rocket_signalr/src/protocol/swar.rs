//! Searching for bytes, eight at a time.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that is zero, up to the first: those above it may be wrong.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(LOW_BITS) & !word & HIGH_BITS
}

/// As [`zeros`], for the bytes that equal `byte`.
pub(super) const fn equal(word: u64, byte: u8) -> u64 {
    zeros(word ^ (LOW_BITS * byte as u64))
}

/// As [`zeros`], for the bytes below `limit`, which is at most 0x80.
pub(super) const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOW_BITS * limit as u64) & !word & HIGH_BITS
}

/// The place of the first byte that `matches` marks with its high bit, least significant first.
#[inline]
pub(super) fn find(bytes: &[u8], matches: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = matches(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(index * 8 + first(found));
        }
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let found = matches(u64::from_le_bytes(last));
    (found != 0 && first(found) < rest.len()).then(|| words.len() * 8 + first(found))
}

/// The place of the first `byte`.
pub(super) fn find_byte(bytes: &[u8], byte: u8) -> Option<usize> {
    find(bytes, |word| equal(word, byte))
}

const fn first(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests;
