//! Memory that is asked for before it is needed.
//!
//! A walk over many connections finds the memory of none in the caches: the kernel has needed them
//! for the message before. To wait for it took the library a fifth of a microsecond for each delivery
//! (measured: benches/README.md).

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use std::ops::Range;

/// Bytes that come out of memory together.
#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;

/// Asks for these bytes of `value`. Does nothing where the processor is no x86-64: others have the
/// hint, but stable Rust does not.
pub(crate) fn prefetch<T>(value: &T, bytes: Range<usize>) {
    #[cfg(target_arch = "x86_64")]
    {
        let first = std::ptr::from_ref(value).cast::<i8>();
        for offset in bytes.step_by(CACHE_LINE) {
            // SAFETY: Each x86-64 has SSE, which the hint belongs to; and a hint reads nothing,
            // whatever the address is.
            #[expect(unsafe_code, reason = "there is no safe way to give the hint")]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(offset));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (value, bytes);
}
