//! A point in time, to the second.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Seconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

const DAY: i64 = 86_400;

impl Moment {
    /// By the clock of the system; 1970 if it stands before that.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    /// Which day in UTC, counted from 1970.
    pub(crate) const fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// How many days lie between `earlier` and this; 0 if it is later.
    pub(crate) fn days_since(self, earlier: Moment) -> f64 {
        self.0.saturating_sub(earlier.0).max(0) as f64 / DAY as f64
    }

    /// As RFC 3339, `2026-11-26T12:00:00Z`; times that have no such form are those of 1970.
    pub fn to_rfc3339(self) -> String {
        Timestamp::from_second(self.0).unwrap_or_default().to_string()
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}
