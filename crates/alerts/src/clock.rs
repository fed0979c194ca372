//! Points of time as the outbox stores them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds since 1970, UTC.
pub(crate) type Millis = i64;

/// The present.
pub(crate) fn now() -> Millis {
    millis(SystemTime::now())
}

/// A time before 1970 counts as 1970.
pub(crate) fn millis(at: SystemTime) -> Millis {
    at.duration_since(UNIX_EPOCH).map_or(0, span)
}

/// A length of time.
pub(crate) fn span(of: Duration) -> Millis {
    Millis::try_from(of.as_millis()).unwrap_or(Millis::MAX)
}

/// As a length of time; nothing if it is negative.
pub(crate) fn duration(span: Millis) -> Duration {
    Duration::from_millis(u64::try_from(span).unwrap_or(0))
}

/// For people, in UTC: `2026-11-26 08:00:00 UTC`.
pub(crate) fn words(at: Millis) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| String::new(), |at| format!("{} UTC", at.strftime("%F %T")))
}

/// RFC 3339 in UTC, with milliseconds.
pub(crate) fn stamp(at: Millis) -> String {
    Timestamp::from_millisecond(at).map(|at| format!("{at:.3}")).unwrap_or_default()
}
