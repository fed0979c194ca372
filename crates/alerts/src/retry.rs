//! What a receiver's answer means, and when to try again.

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::clock::{self, Millis};

/// The longest pause of our own between two tries, in milliseconds.
const LONGEST_BACKOFF: Millis = 10 * 60 * 1_000;
/// The longest pause that a receiver may ask for, in milliseconds.
pub(crate) const LONGEST_WAIT: Millis = 60 * 60 * 1_000;
/// The shortest pause after the receiver turned us away, in milliseconds.
pub(crate) const SHORTEST_AWAY: Millis = 60 * 1_000;
/// The failure in a row after which [`backoff`] pauses for more than [`SHORTEST_AWAY`].
const AWAY_FAILURES: u32 = 7;
/// How often a receiver may refuse an alert before it is believed.
pub(crate) const MOST_REFUSALS: u32 = 3;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver took it.
    Delivered,
    /// Nobody answered, or somebody who may answer otherwise later.
    Later {
        why: Arc<str>,
        /// When the receiver asked to come back, in milliseconds from now.
        wait: Option<Millis>,
    },
    /// Whoever answers at the address takes nothing there: a proxy while the receiver is redeployed, or an address
    /// that was changed or taken back. It may yet be put right.
    Away { why: Arc<str> },
    /// The receiver does not want this one.
    Refused { why: Arc<str> },
}

impl Outcome {
    /// Without an answer.
    pub(crate) fn unreached(why: &str) -> Self {
        Outcome::Later { why: why.into(), wait: None }
    }

    /// By the status of the answer, its header `Retry-After`, and its body.
    pub(crate) fn of(status: u16, retry_after: Option<&str>, body: &[u8], now: Millis) -> Self {
        let why: Arc<str> = format!("status_{status}").into();
        match status {
            200..=299 => Outcome::Delivered,
            408 | 425 | 429 | 500..=599 => {
                let asked = retry_after.and_then(|value| header_wait(value, now)).or_else(|| body_wait(body));
                Outcome::Later { why, wait: asked.map(|wait| wait.clamp(0, LONGEST_WAIT)) }
            }
            401 | 403 | 404 | 410 => Outcome::Away { why },
            400..=499 => Outcome::Refused { why },
            // Redirects, which are never followed, and what no receiver answers.
            _ => Outcome::Away { why },
        }
    }

    /// Why it failed, in a word.
    pub(crate) fn why(&self) -> Option<&Arc<str>> {
        match self {
            Outcome::Delivered => None,
            Outcome::Later { why, .. } | Outcome::Away { why } | Outcome::Refused { why } => Some(why),
        }
    }
}

/// Seconds, also with a fraction, or an HTTP date.
fn header_wait(value: &str, now: Millis) -> Option<Millis> {
    let date = || {
        let at = DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
        Some(at.as_millisecond() - now)
    };
    value.trim().parse().ok().and_then(seconds).or_else(date)
}

/// Discord's `{"retry_after": SECONDS}`.
fn body_wait(body: &[u8]) -> Option<Millis> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("retry_after")?.as_f64().and_then(seconds)
}

fn seconds(seconds: f64) -> Option<Millis> {
    let most = LONGEST_WAIT as f64 / 1_000.0;
    let wait =
        Duration::try_from_secs_f64(if seconds.is_finite() { seconds.min(most) } else { seconds }).ok()?;
    // Rounded up: too early would be asked to wait again.
    Some(clock::span(wait).saturating_add(i64::from(wait.subsec_nanos() % 1_000_000 != 0)))
}

/// The pause after the `failures`th failure in a row: 1 s, 2 s, 4 s … 10 min, and up to a quarter more by `chance`
/// (0 to 1), so that several services do not come back to a receiver at the same moment.
pub(crate) fn backoff(failures: u32, chance: f64) -> Millis {
    let doublings = failures.saturating_sub(1).min(20);
    let pause = (1_000_i64 << doublings).min(LONGEST_BACKOFF);
    #[expect(clippy::cast_possible_truncation, reason = "at most a quarter of ten minutes")]
    let more = (pause as f64 / 4.0 * chance.clamp(0.0, 1.0)) as Millis;
    (pause + more).min(LONGEST_BACKOFF)
}

/// The same after being turned away: 64 s, from the seventh failure on as long as [`backoff`].
pub(crate) fn away(failures: u32, chance: f64) -> Millis {
    backoff(failures.max(AWAY_FAILURES), chance)
}

/// A number from 0 to 1; 0.5 if the system gives no randomness.
pub(crate) fn chance() -> f64 {
    getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    const NOW: Millis = 784_111_777_000;

    fn wait(status: u16, header: Option<&str>, body: &str) -> Option<Millis> {
        match Outcome::of(status, header, body.as_bytes(), NOW) {
            Outcome::Later { wait, .. } => wait,
            other => panic!("{status} is {other:?}"),
        }
    }

    #[test]
    fn a_status_is_taken_delayed_turned_away_or_refused() {
        for status in [200, 201, 204] {
            assert_eq!(Outcome::of(status, None, b"", NOW), Outcome::Delivered);
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert_eq!(wait(status, None, ""), None);
        }
        for status in [100, 301, 302, 303, 307, 308, 401, 403, 404, 410, 999] {
            let why = format!("status_{status}").into();
            assert_eq!(Outcome::of(status, Some("1"), b"", NOW), Outcome::Away { why });
        }
        for status in [400, 402, 405, 413, 415, 422, 451, 499] {
            let why = format!("status_{status}").into();
            assert_eq!(Outcome::of(status, Some("1"), b"", NOW), Outcome::Refused { why });
        }
    }

    #[test]
    fn a_receiver_says_when_to_come_back_in_any_of_four_ways() {
        assert_eq!(wait(429, Some("7"), ""), Some(7_000));
        assert_eq!(wait(503, Some(" 0.0005 "), ""), Some(1));
        assert_eq!(wait(429, Some("Sun, 06 Nov 1994 08:50:37 GMT"), ""), Some(60_000));
        assert_eq!(
            wait(429, None, r#"{"message": "limited", "retry_after": 1.25, "global": false}"#),
            Some(1_250)
        );
        assert_eq!(wait(429, Some("7"), r#"{"retry_after": 1}"#), Some(7_000), "the header wins");
    }

    #[test]
    fn nobody_can_make_us_wait_for_ever_or_come_back_in_the_past() {
        assert_eq!(wait(429, Some("99999999999999999999"), ""), Some(LONGEST_WAIT));
        assert_eq!(wait(429, Some("Sun, 06 Nov 1994 08:00:00 GMT"), ""), Some(0));
        for nonsense in ["-1", "NaN", "soon", "", "inf"] {
            assert_eq!(wait(429, Some(nonsense), nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn a_pause_doubles_from_a_second_to_ten_minutes(failures in 1_u32.., chance in 0.0..=1.0) {
            let least = (1_000_i64 << (failures - 1).min(20)).min(LONGEST_BACKOFF);
            let pause = backoff(failures, chance);
            prop_assert!((least..=(least + least / 4).min(LONGEST_BACKOFF)).contains(&pause), "{pause}");
            let away = away(failures, chance);
            prop_assert!(away >= SHORTEST_AWAY.max(least) && away <= LONGEST_BACKOFF, "{away}");
        }
    }
}
