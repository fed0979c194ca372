//! The same messages once more: how fast the cache is, and whether all were answered again.

use std::collections::BTreeMap;

use serde::Serialize;

use super::asking::Asked;
use super::figures::{answered, cache, errors, success_rate};
use crate::bench::aim::Aim;
use crate::bench::latency::Latency;

/// The same messages once more.
#[derive(Debug, Serialize)]
pub(super) struct Repeat {
    pub(super) requests: usize,
    /// As [`super::figures::Figures::success_rate`].
    pub(super) success_rate: f64,
    /// Of all that were answered with a verdict; absent if none was.
    pub(super) latency: Option<Latency>,
    pub(super) analysis: Option<Latency>,
    pub(super) cache: BTreeMap<String, usize>,
    /// Requests without a verdict, by status or reason.
    pub(super) errors: BTreeMap<String, usize>,
}

impl Repeat {
    pub(super) fn of(again: &[Asked]) -> Self {
        Repeat {
            requests: again.len(),
            success_rate: success_rate(again),
            latency: Latency::of(answered(again).map(|(a, _)| a.took).collect()),
            analysis: Latency::of(answered(again).filter_map(|(_, judged)| judged.analysis).collect()),
            cache: cache(again),
            errors: errors(again),
        }
    }

    /// What `--assert` asserts.
    pub(super) fn aim(&self) -> Aim {
        Aim::at_least("success rate of the same again, %", Some(self.success_rate), 100.0)
    }

    /// Why the aim was missed, if it was.
    pub(super) fn failure(&self) -> Option<String> {
        let count: usize = self.errors.values().sum();
        if count > 0 {
            return Some(format!("{count} of {} requests of the same again got no verdict", self.requests));
        }
        (!self.aim().met).then(|| format!("the success rate of the same again was {} %", self.success_rate))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ash_analysis::Level;

    use super::super::asking::{Answer, Judged};
    use super::*;

    fn asked(answer: Answer) -> Asked {
        let (at, took) = (Duration::ZERO, Duration::from_millis(1));
        Asked { is_crisis: true, at, took, answer }
    }

    #[test]
    fn what_is_lost_or_overlooked_the_second_time_is_a_failure() {
        let judged = |level| Answer::Verdict(Judged { level: Some(level), ..Judged::default() });
        let lost = Repeat::of(&[asked(judged(Level::High)), asked(Answer::Refused(503))]);
        assert_eq!((lost.requests, lost.latency.as_ref().map(|l| l.samples)), (2, Some(1)));
        assert!(!lost.aim().met && lost.errors == BTreeMap::from([("503".to_owned(), 1)]));
        let why = "1 of 2 requests of the same again got no verdict";
        assert_eq!(lost.failure().as_deref(), Some(why));
        let overlooked = Repeat::of(&[asked(judged(Level::Low)), asked(judged(Level::High))]);
        let why = "the success rate of the same again was 50 %";
        assert_eq!((overlooked.aim().met, overlooked.failure().as_deref()), (false, Some(why)));
        let seen = Repeat::of(&[asked(judged(Level::High))]);
        assert_eq!((seen.aim().met, seen.failure()), (true, None));
        assert_eq!(Repeat::of(&[asked(Answer::Refused(503))]).latency, None);
    }
}
