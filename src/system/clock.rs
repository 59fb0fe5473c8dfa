//! The time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time.
#[expect(clippy::disallowed_methods, reason = "this is the clock's home")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Milliseconds since 1970-01-01 00:00 UTC; 0 if the clock is set before that.
#[expect(clippy::disallowed_methods, reason = "this is the clock's home")]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| millis(since).cast_signed())
}

/// Nanoseconds since 1970-01-01 00:00 UTC, as the times of files are given; 0 if the clock is set before that.
#[expect(clippy::disallowed_methods, reason = "this is the clock's home")]
pub fn now_ns() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        })
}

/// A duration in whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
