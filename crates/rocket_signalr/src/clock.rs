//! One clock for all connections: milliseconds since the process first asked.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Milliseconds since the first call. Begins with 1, so that 0 can mean "never".
pub(crate) fn now() -> u64 {
    millis(START.elapsed()) + 1
}

/// Microseconds since the first call.
pub(crate) fn micros() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
