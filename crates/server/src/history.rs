//! `message_history`, `timestamp` and `user_timezone` of a request.

use ash_analysis::conversation::MAX_ITEMS;
use ash_analysis::{MessageText, Score};
use ash_runtime::{History, PastMessage};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::request::string;

const UNKNOWN_ZONE: &str = "user_timezone is no known time zone (IANA name) and was ignored";

/// Reads what a request tells of the conversation; `limit` is the longest message in bytes.
pub(crate) fn parse(fields: &Map<String, Value>, limit: usize) -> Result<History, ApiError> {
    let items: &[Value] = match fields.get("message_history") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) if items.len() <= MAX_ITEMS => items,
        Some(_) => {
            let expected = "a list of at most 20 messages";
            return Err(ApiError::WrongType { field: Some("message_history"), expected });
        }
    };
    let messages: Vec<PastMessage> =
        items.iter().enumerate().map(|(i, item)| past(i, item, limit)).collect::<Result<_, _>>()?;
    let at = fields.get("timestamp").and_then(seconds);
    let (mut local_hour, mut notes) = (None, Vec::new());
    if let Some(name) = string(fields, "user_timezone")? {
        match TimeZone::get(name) {
            Ok(zone) => {
                let when = at.or_else(|| messages.iter().filter_map(|m| m.at).max());
                local_hour = when.and_then(|at| hour(at, &zone));
            }
            Err(_) => notes.push(UNKNOWN_ZONE),
        }
    }
    Ok(History { messages, at, local_hour, notes })
}

/// One item. A text that cannot be judged (blank, too long) is no mistake of the request: it has no score.
fn past(index: usize, item: &Value, limit: usize) -> Result<PastMessage, ApiError> {
    let bad = |key: &str, expected| {
        Err(ApiError::BadItem { field: format!("message_history[{index}]{key}"), expected })
    };
    let Value::Object(item) = item else { return bad("", "an object") };
    let Some(Value::String(text)) = item.get("message") else { return bad(".message", "a string") };
    let at = match item.get("timestamp") {
        None | Some(Value::Null) => None,
        Some(time @ (Value::String(_) | Value::Number(_))) => seconds(time),
        Some(_) => return bad(".timestamp", "an ISO-8601 string or a number of seconds"),
    };
    let score = match item.get("crisis_score") {
        None | Some(Value::Null) => None,
        Some(score) => match score.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "within 0 to 1")]
            Some(score) if (0.0..=1.0).contains(&score) => Some(Score::clamped(score as f32)),
            _ => return bad(".crisis_score", "a number from 0 to 1"),
        },
    };
    let text = if text.len() <= limit { MessageText::parse(text).ok() } else { None };
    Ok(PastMessage { text, at, score })
}

/// Seconds since 1970 of an ISO-8601 time (UTC if it names no offset) or a number; none for what is neither.
fn seconds(time: &Value) -> Option<i64> {
    match time {
        Value::String(text) => {
            let stamp = text.parse::<Timestamp>().ok().or_else(|| {
                let civil: DateTime = text.parse().ok()?;
                TimeZone::UTC.to_timestamp(civil).ok()
            });
            stamp.map(Timestamp::as_second)
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond i64 saturates, and no time lies there"
        )]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|s| s.floor() as i64)),
        _ => None,
    }
}

/// The hour of the day at `at` in `zone`.
fn hour(at: i64, zone: &TimeZone) -> Option<u8> {
    let stamp = Timestamp::from_second(at).ok()?;
    u8::try_from(stamp.to_zoned(zone.clone()).hour()).ok()
}
