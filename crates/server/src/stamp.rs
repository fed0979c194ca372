//! What makes an answer unique: its id and its time.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// A new request id, `req_` and 32 hex digits; ids of later requests sort after those of earlier ones.
pub fn request_id() -> String {
    format!("req_{}", Uuid::now_v7().simple())
}

/// Now, in UTC, as RFC 3339 with milliseconds at most.
pub fn timestamp() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
    // Formatting fails only for years beyond 9999.
    now.format(&Rfc3339).unwrap_or_default()
}
