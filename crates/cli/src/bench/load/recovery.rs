//! How long after an overload a request takes no longer than before it.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::open::{self, Schedule};
use super::tally::{Answer, Ended};
use crate::bench::client::Endpoint;
use crate::bench::latency::{Latency, milliseconds};
use crate::bench::texts::Texts;
use crate::progress;

/// Requests a second that ask how it is: too few to be a load.
const RATE: f64 = 5.0;
/// How long they ask before the load, and after it.
const BEFORE: Duration = Duration::from_secs(5);
const AFTER: Duration = Duration::from_secs(10);
/// Latency is back if it is at most so many times the median before.
const BACK: f64 = 2.0;
/// One quick answer may be luck.
const IN_A_ROW: usize = 3;

/// How the server recovered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "the report's key is read without its struct's name")]
pub(super) struct Recovery {
    /// Median before the load.
    pub(super) normal_median_ms: f64,
    /// From the end of the load until the first of three requests in a row within twice the normal median, by
    /// all parts of the analysis; absent if there were none within ten seconds.
    pub(super) recovery_ms: Option<f64>,
    /// Requests of the ten seconds, all of one length.
    pub(super) asked: usize,
    /// Those among them above twice the normal median, or not answered in full.
    pub(super) above: usize,
}

/// The median of requests of one length, sent one now and then. None if none was answered in full.
pub(super) async fn normal_median_ms(endpoint: &Arc<Endpoint>, texts: &Texts) -> Option<f64> {
    let asked = ask(endpoint, texts, BEFORE, "before the load").await;
    let full = asked.iter().filter(|ended| ended.answer == Answer::Full);
    Latency::of(full.map(|ended| ended.latency).collect()).map(|l| l.p50_ms)
}

/// To be called when the load ends.
pub(super) async fn recover(endpoint: &Arc<Endpoint>, texts: &Texts, normal_median_ms: f64) -> Recovery {
    judge(ask(endpoint, texts, AFTER, "recovering").await, normal_median_ms)
}

async fn ask(endpoint: &Arc<Endpoint>, texts: &Texts, duration: Duration, what: &'static str) -> Vec<Ended> {
    let mut asked = Vec::new();
    let bar = progress::clock(duration, what);
    let schedule = Schedule { rate: RATE, duration };
    open::run(endpoint, &schedule, || texts.next_median(), &bar, |ended| asked.extend(ended)).await;
    bar.finish_and_clear();
    asked
}

fn judge(mut asked: Vec<Ended>, normal_median_ms: f64) -> Recovery {
    asked.sort_by_key(|ended| ended.due);
    let bound = BACK * normal_median_ms;
    let is_back = |e: &Ended| e.answer == Answer::Full && milliseconds(e.latency) <= bound;
    let first = asked.windows(IN_A_ROW).find(|row| row.iter().all(is_back)).and_then(|row| row.first());
    Recovery {
        normal_median_ms,
        recovery_ms: first.map(|ended| milliseconds(ended.due + ended.latency)),
        asked: asked.len(),
        above: asked.iter().filter(|ended| !is_back(ended)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::Cached;
    use super::*;

    fn at(due_ms: u64, latency_ms: u64, answer: Answer) -> Ended {
        let (due, latency) = (Duration::from_millis(due_ms), Duration::from_millis(latency_ms));
        Ended { due, latency, answer, cached: Cached::No }
    }

    #[test]
    fn recovered_is_the_first_of_three_quick_full_answers() {
        let asked = vec![
            at(0, 900, Answer::Full),
            at(200, 5, Answer::Full),
            at(600, 9, Answer::Full),
            at(400, 5, Answer::Degraded),
            at(800, 10, Answer::Full),
            at(1000, 3, Answer::Full),
            at(1200, 11, Answer::Full),
        ];
        let recovery = judge(asked, 5.0);
        assert_eq!(recovery.recovery_ms, Some(609.0));
        assert_eq!((recovery.asked, recovery.above), (7, 3));
        let never = judge(vec![at(0, 1, Answer::Full), at(200, 1, Answer::Full)], 5.0);
        assert_eq!((never.recovery_ms, never.above), (None, 0));
    }
}
