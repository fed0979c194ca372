//! What came back under load, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::bench::client::{Failure, Reply};
use crate::bench::histogram::{Latencies, Percentile};
use crate::bench::latency::{Latency, microsecond};
use crate::bench::timeline::{Part, Timeline};

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// When it was to be sent, since the load began.
    pub(super) due: Duration,
    /// Since it was to be sent: time that it waited here because the server was slow counts.
    pub(super) latency: Duration,
    pub(super) answer: Answer,
    pub(super) cached: Cached,
}

impl Ended {
    /// With what came back.
    pub(super) fn with(due: Duration, latency: Duration, reply: Result<Reply, Failure>) -> Self {
        let (answer, cached) = Answer::read(reply);
        Ended { due, latency, answer, cached }
    }
}

/// Whether a cache had a part in a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cached {
    /// It was computed for this request.
    No,
    /// It was remembered.
    Hit,
    /// It was computed for another request at the same time.
    Coalesced,
}

/// What a request ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200, by all parts of the analysis.
    Full,
    /// 200, without some of them.
    Degraded,
    /// Any other status.
    Refused { status: u16, retry_after: bool },
    /// None.
    Failed(Failure),
}

impl Answer {
    fn read(reply: Result<Reply, Failure>) -> (Self, Cached) {
        let reply = match reply {
            Ok(reply) => reply,
            Err(failure) => return (Answer::Failed(failure), Cached::No),
        };
        if !reply.status.is_success() {
            let (status, retry_after) = (reply.status.as_u16(), reply.retry_after);
            return (Answer::Refused { status, retry_after }, Cached::No);
        }
        let verdict = match reply.verdict() {
            Ok(verdict) => verdict,
            Err(failure) => return (Answer::Failed(failure), Cached::No),
        };
        let cached = match verdict.cache() {
            Some("hit") => Cached::Hit,
            Some("coalesced") => Cached::Coalesced,
            _ => Cached::No,
        };
        (if verdict.is_degraded { Answer::Degraded } else { Answer::Full }, cached)
    }
}

/// Counts of one run.
pub(super) struct Tally {
    all: Latencies,
    full: Latencies,
    degraded: Latencies,
    timeline: Timeline,
    counts: Counts,
    /// How long requests were sent.
    duration: Duration,
    /// When the last answer came.
    last: Duration,
}

/// The numbers of a [`Tally`].
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Counts {
    /// Requests that were sent.
    pub(super) sent: u64,
    /// Requests that were due when all connections were busy, and never sent.
    pub(super) unsent: u64,
    /// Answers by status.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// Verdicts by all parts of the analysis.
    pub(super) full: u64,
    /// Verdicts without some of them.
    pub(super) degraded: u64,
    /// Verdicts that were remembered, and those that were computed for another request at the same time.
    pub(super) cache_hits: u64,
    pub(super) coalesced: u64,
    /// 5xx that do not tell when to come again; there should be none.
    pub(super) server_errors_without_retry_after: u64,
    /// Requests without an answer, by reason.
    pub(super) errors: BTreeMap<&'static str, u64>,
}

/// A run as the report shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Tallied {
    #[serde(flatten)]
    pub(super) counts: Counts,
    /// Of the verdicts; absent without any.
    pub(super) degraded_share: Option<f64>,
    /// Of the verdicts, those that were remembered or computed for another; absent without any.
    pub(super) cached_share: Option<f64>,
    /// From the beginning of the load until its end or the last answer, whichever came later.
    pub(super) seconds: f64,
    /// Answers of any status.
    pub(super) answers_per_second: f64,
    pub(super) full_per_second: f64,
    /// Of all that were answered, since they were due. In a closed loop that is when the answer before was there.
    pub(super) latency: Option<Latency>,
    /// Of a closed loop: as if each client had sent a request every so many milliseconds, the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) corrected: Option<Corrected>,
    pub(super) full_latency: Option<Latency>,
    pub(super) degraded_latency: Option<Latency>,
    /// `latency` over the run, and as a curve.
    pub(super) timeline: Vec<Part>,
    pub(super) curve: Vec<Percentile>,
}

/// Latency without coordinated omission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Corrected {
    pub(super) expected_interval_ms: f64,
    pub(super) latency: Latency,
    pub(super) curve: Vec<Percentile>,
}

impl Counts {
    /// Requests that were sent and not answered at all.
    pub(super) fn unanswered(&self) -> u64 {
        self.errors.values().sum()
    }

    /// How those ended that got no verdict, by status or reason, and how many they are; an unsent one never began.
    pub(super) fn without_verdict(&self) -> (u64, BTreeMap<String, u64>) {
        let statuses = self.statuses.iter().filter(|(status, _)| **status != 200);
        let statuses = statuses.map(|(status, n)| (status.to_string(), *n));
        let errors = self.errors.iter().map(|(&why, n)| (why.to_owned(), *n));
        let unsent = (self.unsent > 0).then(|| ("unsent".to_owned(), self.unsent));
        let ends: BTreeMap<String, u64> = statuses.chain(errors).chain(unsent).collect();
        (ends.values().sum(), ends)
    }
}

impl Tally {
    /// Of a load of that duration; its last answers may come later.
    pub(super) fn new(duration: Duration) -> Self {
        Tally {
            all: Latencies::new(),
            full: Latencies::new(),
            degraded: Latencies::new(),
            timeline: Timeline::new(duration),
            counts: Counts::default(),
            duration,
            last: Duration::ZERO,
        }
    }

    pub(super) fn add(&mut self, ended: &Ended) {
        self.counts.sent += 1;
        self.counts.cache_hits += u64::from(ended.cached == Cached::Hit);
        self.counts.coalesced += u64::from(ended.cached == Cached::Coalesced);
        let (status, latencies) = match ended.answer {
            Answer::Failed(failure) => {
                *self.counts.errors.entry(failure.as_str()).or_default() += 1;
                return;
            }
            Answer::Full => {
                self.counts.full += 1;
                (200, Some(&mut self.full))
            }
            Answer::Degraded => {
                self.counts.degraded += 1;
                (200, Some(&mut self.degraded))
            }
            Answer::Refused { status, retry_after } => {
                let untold = (500..600).contains(&status) && !retry_after;
                self.counts.server_errors_without_retry_after += u64::from(untold);
                (status, None)
            }
        };
        *self.counts.statuses.entry(status).or_default() += 1;
        if let Some(latencies) = latencies {
            latencies.record(ended.latency);
        }
        self.all.record(ended.latency);
        self.timeline.record(ended.due, ended.latency);
        self.last = self.last.max(ended.due + ended.latency);
    }

    pub(super) fn add_unsent(&mut self) {
        self.counts.unsent += 1;
    }

    /// Of a closed loop: with what the clients left out while they waited.
    pub(super) fn done_waiting(self) -> Tallied {
        let corrected = self.all.latency().and_then(|latency| {
            let corrected = self.all.corrected(latency.p50_ms);
            let expected_interval_ms = latency.p50_ms;
            Some(Corrected { expected_interval_ms, latency: corrected.latency()?, curve: corrected.curve() })
        });
        Tallied { corrected, ..self.done() }
    }

    pub(super) fn done(self) -> Tallied {
        let counts = self.counts;
        let verdicts = counts.full + counts.degraded;
        let of_verdicts = |n: u64| (verdicts > 0).then(|| n as f64 / verdicts as f64);
        // Not the last answer alone: of a few a second, the pause behind the last belongs to the pace as well.
        let seconds = self.last.max(self.duration).as_secs_f64();
        let pace = |n: u64| if seconds > 0.0 { microsecond(n as f64 / seconds) } else { 0.0 };
        Tallied {
            degraded_share: of_verdicts(counts.degraded),
            cached_share: of_verdicts(counts.cache_hits + counts.coalesced),
            seconds: microsecond(seconds),
            answers_per_second: pace(counts.statuses.values().sum()),
            full_per_second: pace(counts.full),
            latency: self.all.latency(),
            corrected: None,
            full_latency: self.full.latency(),
            degraded_latency: self.degraded.latency(),
            timeline: self.timeline.parts(),
            curve: self.all.curve(),
            counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(due_ms: u64, latency_ms: u64, answer: Answer) -> Ended {
        let (due, latency) = (Duration::from_millis(due_ms), Duration::from_millis(latency_ms));
        Ended { due, latency, answer, cached: Cached::No }
    }

    #[test]
    fn every_way_to_end_is_counted_where_it_belongs() {
        let mut tally = Tally::new(Duration::from_secs(2));
        let refused = |status, retry_after| Answer::Refused { status, retry_after };
        for answer in [
            Answer::Full,
            Answer::Full,
            Answer::Full,
            Answer::Degraded,
            refused(503, true),
            refused(503, false),
            refused(429, false),
            Answer::Failed(Failure::Timeout),
        ] {
            tally.add(&ended(1000, 1000, answer));
        }
        for cached in [Cached::Hit, Cached::Hit, Cached::Coalesced] {
            tally.add(&Ended { cached, ..ended(1000, 1000, Answer::Full) });
        }
        tally.add_unsent();
        let t = tally.done();
        assert_eq!((t.counts.sent, t.counts.unsent, t.counts.full, t.counts.degraded), (11, 1, 6, 1));
        assert_eq!((t.counts.cache_hits, t.counts.coalesced, t.cached_share), (2, 1, Some(3.0 / 7.0)));
        assert_eq!(t.counts.statuses, BTreeMap::from([(200, 7), (429, 1), (503, 2)]));
        assert_eq!(t.counts.server_errors_without_retry_after, 1);
        assert_eq!(t.counts.errors, BTreeMap::from([("timeout", 1)]));
        assert_eq!((t.degraded_share, t.seconds), (Some(1.0 / 7.0), 2.0));
        assert_eq!((t.full_per_second, t.answers_per_second), (3.0, 5.0));
        let samples = |l: Option<Latency>| l.map(|l| l.samples);
        assert_eq!(
            (samples(t.latency), samples(t.full_latency), samples(t.degraded_latency)),
            (Some(10), Some(6), Some(1))
        );
    }

    #[test]
    fn nothing_answered_has_no_figures() {
        let mut tally = Tally::new(Duration::from_secs(2));
        tally.add(&ended(0, 5, Answer::Failed(Failure::Connect)));
        let t = tally.done();
        assert_eq!((t.degraded_share, t.latency, t.answers_per_second), (None, None, 0.0));
    }

    #[test]
    fn the_pace_is_that_of_the_whole_load_and_of_what_came_after() {
        let pace = |latency_ms| {
            let mut tally = Tally::new(Duration::from_secs(2));
            tally.add(&ended(0, 14, Answer::Full));
            tally.add(&ended(1000, latency_ms, Answer::Full));
            let t = tally.done();
            (t.seconds, t.answers_per_second, t.full_per_second)
        };
        assert_eq!(pace(14), (2.0, 1.0, 1.0));
        assert_eq!(pace(3000), (4.0, 0.5, 0.5));
    }

    #[test]
    fn a_closed_loop_stands_beside_what_it_left_out() {
        let mut tally = Tally::new(Duration::from_secs(2));
        for latency in [10, 10, 10, 55] {
            tally.add(&ended(0, latency, Answer::Full));
        }
        let t = tally.done_waiting();
        let corrected = t.corrected.expect("of a closed loop");
        assert!((corrected.expected_interval_ms - 10.0).abs() < 0.1, "{corrected:?}");
        // 55 stands for 45, 35, 25 and 15 more.
        assert_eq!((t.latency.map(|l| l.samples), corrected.latency.samples), (Some(4), 8));
    }
}
