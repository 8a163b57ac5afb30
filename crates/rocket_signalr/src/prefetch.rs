//! Memory that is asked for before it is needed.
//!
//! A walk over many connections finds the memory of none in the caches: the kernel has used them for
//! the message before. To wait for it would cost about as much as all that the library does for a
//! delivery (measured: benches/README.md).

use std::ops::Range;

/// Asks for these bytes of `value`. Nothing happens where the processor is not an x86-64.
pub(crate) fn prefetch<T>(value: &T, bytes: Range<usize>) {
    #[cfg(target_arch = "x86_64")]
    {
        let first = std::ptr::from_ref(value).cast::<i8>();
        for offset in bytes.step_by(CACHE_LINE) {
            // SAFETY: Each x86-64 has SSE. A hint reads nothing, at whatever address.
            #[expect(unsafe_code, reason = "there is no safe way to give the hint")]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(offset));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (value, bytes);
}

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Bytes that come out of memory together.
#[cfg(target_arch = "x86_64")]
const CACHE_LINE: usize = 64;
