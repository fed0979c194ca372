//! What came back under load, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::bench::client::{Failure, Reply};
use crate::bench::histogram::Latencies;
use crate::bench::latency::{Latency, microsecond};

/// How a request ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// When it was to be sent, since the load began.
    pub(super) due: Duration,
    /// Since it was to be sent: time that it waited here because the server was slow counts.
    pub(super) latency: Duration,
    pub(super) answer: Answer,
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

impl From<Result<Reply, Failure>> for Answer {
    fn from(reply: Result<Reply, Failure>) -> Self {
        let reply = match reply {
            Ok(reply) => reply,
            Err(failure) => return Answer::Failed(failure),
        };
        if !reply.status.is_success() {
            return Answer::Refused { status: reply.status.as_u16(), retry_after: reply.retry_after };
        }
        match reply.verdict() {
            Ok(verdict) if verdict.is_degraded => Answer::Degraded,
            Ok(_) => Answer::Full,
            Err(failure) => Answer::Failed(failure),
        }
    }
}

/// Counts of one run.
pub(super) struct Tally {
    all: Latencies,
    full: Latencies,
    degraded: Latencies,
    counts: Counts,
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
    /// From the first request until the last answer.
    pub(super) seconds: f64,
    /// Answers of any status.
    pub(super) answers_per_second: f64,
    pub(super) full_per_second: f64,
    /// Of all that were answered, since they were due.
    pub(super) latency: Option<Latency>,
    pub(super) full_latency: Option<Latency>,
    pub(super) degraded_latency: Option<Latency>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Tally {
            all: Latencies::new(),
            full: Latencies::new(),
            degraded: Latencies::new(),
            counts: Counts::default(),
            last: Duration::ZERO,
        }
    }

    pub(super) fn add(&mut self, ended: &Ended) {
        self.counts.sent += 1;
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
        self.last = self.last.max(ended.due + ended.latency);
    }

    pub(super) fn add_unsent(&mut self) {
        self.counts.unsent += 1;
    }

    pub(super) fn done(self) -> Tallied {
        let counts = self.counts;
        let verdicts = counts.full + counts.degraded;
        let seconds = self.last.as_secs_f64();
        let pace = |n: u64| if seconds > 0.0 { microsecond(n as f64 / seconds) } else { 0.0 };
        Tallied {
            degraded_share: (verdicts > 0).then(|| counts.degraded as f64 / verdicts as f64),
            seconds: microsecond(seconds),
            answers_per_second: pace(counts.statuses.values().sum()),
            full_per_second: pace(counts.full),
            latency: self.all.latency(),
            full_latency: self.full.latency(),
            degraded_latency: self.degraded.latency(),
            counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(due_ms: u64, latency_ms: u64, answer: Answer) -> Ended {
        Ended { due: Duration::from_millis(due_ms), latency: Duration::from_millis(latency_ms), answer }
    }

    #[test]
    fn every_way_to_end_is_counted_where_it_belongs() {
        let mut tally = Tally::new();
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
        tally.add_unsent();
        let t = tally.done();
        assert_eq!((t.counts.sent, t.counts.unsent, t.counts.full, t.counts.degraded), (8, 1, 3, 1));
        assert_eq!(t.counts.statuses, BTreeMap::from([(200, 4), (429, 1), (503, 2)]));
        assert_eq!(t.counts.server_errors_without_retry_after, 1);
        assert_eq!(t.counts.errors, BTreeMap::from([("timeout", 1)]));
        assert_eq!((t.degraded_share, t.seconds), (Some(0.25), 2.0));
        assert_eq!((t.full_per_second, t.answers_per_second), (1.5, 3.5));
        let samples = |l: Option<Latency>| l.map(|l| l.samples);
        assert_eq!(
            (samples(t.latency), samples(t.full_latency), samples(t.degraded_latency)),
            (Some(7), Some(3), Some(1))
        );
    }

    #[test]
    fn nothing_answered_has_no_figures() {
        let mut tally = Tally::new();
        tally.add(&ended(0, 5, Answer::Failed(Failure::Connect)));
        let t = tally.done();
        assert_eq!((t.degraded_share, t.latency, t.answers_per_second), (None, None, 0.0));
    }
}
