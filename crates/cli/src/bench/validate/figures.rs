//! The figures of the validation: what each of them means is defined here, and told in docs/benchmarks.md.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use ash_analysis::Level;
use serde::Serialize;

use super::asking::{Answer, Asked, Judged};
use crate::bench::aim::Aim;
use crate::bench::histogram::{Latencies, Percentile};
use crate::bench::latency::{Latency, microsecond, milliseconds};
use crate::bench::target::Limit;
use crate::bench::timeline::{Part, Timeline};

/// What warm-up promises of the first request: so many times the median of the later, and so many milliseconds.
const FIRST_FACTOR: f64 = 1.25;
const FIRST_MORE_MS: f64 = 5.0;

/// What was found of all requests of one run. Times are of those that were answered with a verdict.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) requests: usize,
    #[serde(flatten)]
    pub(super) target: Limit,
    pub(super) average_ms: f64,
    pub(super) median_ms: f64,
    pub(super) min_ms: f64,
    pub(super) max_ms: f64,
    /// Standard deviation of all: how far a request typically is from the average.
    pub(super) consistency_ms: f64,
    /// In percent: answered by all parts of the analysis, and a crisis as high or critical.
    pub(super) success_rate: f64,
    /// The first request, the opening of the connection included; absent if it was not answered.
    pub(super) first_ms: Option<f64>,
    /// Mean of all after the first.
    pub(super) later_average_ms: f64,
    /// By how much the first took longer; negative if it was faster.
    pub(super) first_to_later_ms: Option<f64>,
    /// In percent: the later average by the first, at most 100. At 100 the first was no slower than the later.
    pub(super) warmup_effectiveness: Option<f64>,
    pub(super) within_target_share: f64,
    pub(super) latency: Latency,
    pub(super) later: Latency,
    /// By the service's clock, waiting included; of the later.
    pub(super) analysis: Option<Latency>,
    /// Total minus analysis, of the later: reading, parsing, writing, the way there and back.
    pub(super) overhead: Option<Latency>,
    /// What the five messages in crisis were judged, in their order; null where there was no verdict.
    pub(super) crisis_levels: Vec<Option<Level>>,
    pub(super) degraded_share: f64,
    pub(super) cache: BTreeMap<String, usize>,
    /// Requests without a verdict, by status or reason.
    pub(super) errors: BTreeMap<String, usize>,
    pub(super) timeline: Vec<Part>,
    pub(super) curve: Vec<Percentile>,
}

impl Figures {
    /// Of at least two answered requests; an error if there are none.
    pub(super) fn of(asked: &[Asked], target: Limit) -> Result<Self> {
        let (first, later) = asked.split_first().context("nothing was asked")?;
        let times = |asked: &[Asked]| answered(asked).map(|(a, _)| a.took).collect::<Vec<_>>();
        let (all_times, later_times) = (times(asked), times(later));
        let none = || {
            let why = errors(asked).into_keys().next().unwrap_or_else(|| "no answer".to_owned());
            format!("no request after the first was answered with a verdict: {why}")
        };
        let later_latency = Latency::of(later_times.clone()).with_context(none)?;
        let latency = Latency::of(all_times.clone()).with_context(none)?;
        let first_ms = matches!(first.answer, Answer::Verdict(_)).then(|| milliseconds(first.took));
        let later_average_ms = later_latency.mean_ms;
        let within = all_times.iter().filter(|&&took| milliseconds(took) <= target.ms).count();
        let analysis = || answered(later).filter_map(|(a, judged)| Some((a.took, judged.analysis?)));
        let answered_count = all_times.len().max(1) as f64;
        Ok(Figures {
            requests: asked.len(),
            target,
            average_ms: latency.mean_ms,
            median_ms: latency.p50_ms,
            min_ms: latency.min_ms,
            max_ms: latency.max_ms,
            consistency_ms: microsecond(standard_deviation_ms(&all_times)),
            success_rate: success_rate(asked),
            first_ms,
            later_average_ms,
            first_to_later_ms: first_ms.map(|first| microsecond(first - later_average_ms)),
            warmup_effectiveness: first_ms.map(|first| effectiveness(first, later_average_ms)),
            within_target_share: within as f64 / answered_count,
            analysis: Latency::of(analysis().map(|(_, analysis)| analysis).collect()),
            overhead: Latency::of(analysis().map(|(took, of)| took.saturating_sub(of)).collect()),
            crisis_levels: asked.iter().filter(|a| a.is_crisis).map(level).collect(),
            degraded_share: answered(asked).filter(|(_, j)| j.is_degraded).count() as f64 / answered_count,
            cache: cache(asked),
            errors: errors(asked),
            timeline: Timeline::of(&answered(asked).map(|(a, _)| (a.at, a.took)).collect::<Vec<_>>()).parts(),
            curve: Latencies::of(all_times).curve(),
            latency,
            later: later_latency,
        })
    }

    /// What `--assert` asserts.
    pub(super) fn aims(&self) -> Vec<Aim> {
        vec![
            Aim::at_most("average, ms, within the target", Some(self.average_ms), self.target.ms),
            Aim::at_least("success rate, %", Some(self.success_rate), 100.0),
            Aim::at_most(
                "first request, ms, ≤ 1.25 × median of the later + 5 ms",
                self.first_ms,
                self.first_limit_ms(),
            ),
        ]
    }

    fn first_limit_ms(&self) -> f64 {
        microsecond(FIRST_FACTOR * self.later.p50_ms + FIRST_MORE_MS)
    }

    /// Messages in crisis that were judged high or critical, and all of them.
    pub(super) fn seen(&self) -> (usize, usize) {
        let seen = self.crisis_levels.iter().flatten().filter(|level| level.is_urgent()).count();
        (seen, self.crisis_levels.len())
    }

    /// The whole in a sentence, if all aims are met.
    pub(super) fn passed(&self) -> String {
        let (_, crises) = self.seen();
        let first = self.first_ms.unwrap_or_default();
        format!(
            "Passed: {} requests took {:.1} ms on average, within the target of {} ms; all were answered, the {crises} \
             messages in crisis as high or critical; the first took {first:.1} ms, the later {:.1} ms.",
            self.requests, self.average_ms, self.target.ms, self.later_average_ms
        )
    }

    /// Why aims were missed.
    pub(super) fn failures(&self) -> Vec<String> {
        let (seen, crises) = self.seen();
        let mut why = Vec::new();
        if self.average_ms > self.target.ms {
            why.push(format!(
                "the average of {:.1} ms is above the target of {} ms",
                self.average_ms, self.target.ms
            ));
        }
        if seen < crises {
            why.push(format!(
                "{} of {crises} messages in crisis did not come back as high or critical",
                crises - seen
            ));
        }
        if !self.errors.is_empty() {
            let count: usize = self.errors.values().sum();
            why.push(format!("{count} of {} requests got no verdict", self.requests));
        }
        if self.degraded_share > 0.0 {
            why.push(format!(
                "{:.1} % of the verdicts lack a part of the analysis",
                100.0 * self.degraded_share
            ));
        }
        let limit = self.first_limit_ms();
        match self.first_ms {
            Some(first) if first <= limit => {}
            Some(first) => why.push(format!(
                "the first request took {first:.1} ms; at most {limit:.1} was allowed ({FIRST_FACTOR} × the median of the \
                 later, {:.1} ms, and {FIRST_MORE_MS} ms)",
                self.later.p50_ms
            )),
            None => why.push("the first request was not answered".to_owned()),
        }
        why
    }
}

pub(super) fn answered(asked: &[Asked]) -> impl Iterator<Item = (&Asked, &Judged)> {
    asked.iter().filter_map(|a| match &a.answer {
        Answer::Verdict(judged) => Some((a, judged)),
        Answer::Refused(_) | Answer::Failed(_) => None,
    })
}

fn level(asked: &Asked) -> Option<Level> {
    match &asked.answer {
        Answer::Verdict(judged) => judged.level,
        Answer::Refused(_) | Answer::Failed(_) => None,
    }
}

pub(super) fn errors(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut errors = BTreeMap::new();
    for asked in asked {
        let name = match &asked.answer {
            Answer::Verdict(_) => continue,
            Answer::Refused(status) => status.to_string(),
            Answer::Failed(failure) => failure.as_str().to_owned(),
        };
        *errors.entry(name).or_default() += 1;
    }
    errors
}

/// In percent of all that were asked.
pub(super) fn success_rate(asked: &[Asked]) -> f64 {
    percent(asked.iter().filter(|a| a.succeeded()).count() as f64 / asked.len().max(1) as f64)
}

/// Verdicts by what the cache had to do with them.
pub(super) fn cache(asked: &[Asked]) -> BTreeMap<String, usize> {
    let mut cache = BTreeMap::new();
    for (_, judged) in answered(asked) {
        *cache.entry(judged.cache.clone().unwrap_or_else(|| "absent".to_owned())).or_default() += 1;
    }
    cache
}

/// Of all that there are, not of a sample: divided by n.
fn standard_deviation_ms(times: &[Duration]) -> f64 {
    let n = times.len().max(1) as f64;
    let ms = || times.iter().map(|took| took.as_secs_f64() * 1e3);
    let mean = ms().sum::<f64>() / n;
    (ms().map(|ms| (ms - mean).powi(2)).sum::<f64>() / n).sqrt()
}

fn effectiveness(first_ms: f64, later_average_ms: f64) -> f64 {
    percent((later_average_ms / first_ms.max(1e-9)).min(1.0))
}

/// To a tenth of a percent; never rounded up to 100 where something is missing.
fn percent(share: f64) -> f64 {
    (share * 1e3 + 1e-9).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::client::Failure;

    fn took(ms: u64, level: Level, is_crisis: bool) -> Asked {
        let judged = Judged {
            level: Some(level),
            is_degraded: false,
            analysis: Some(Duration::from_millis(ms - 1)),
            cache: Some("miss".to_owned()),
        };
        let (at, took) = (Duration::ZERO, Duration::from_millis(ms));
        Asked { is_crisis, at, took, answer: Answer::Verdict(judged) }
    }

    const fn within(ms: f64) -> Limit {
        Limit { ms, assumed: false }
    }

    #[track_caller]
    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn figures_are_those_of_known_times() {
        let asked = [
            took(20, Level::Critical, true),
            took(8, Level::High, true),
            took(12, Level::None, false),
            took(10, Level::Low, false),
        ];
        let f = Figures::of(&asked, within(15.0)).expect("figures");
        close(f.average_ms, 12.5);
        close(f.median_ms, 10.0);
        close(f.min_ms, 8.0);
        close(f.max_ms, 20.0);
        // √((7.5² + 4.5² + 0.5² + 2.5²) / 4)
        close(f.consistency_ms, 4.555);
        close(f.success_rate, 100.0);
        close(f.first_ms.expect("first"), 20.0);
        close(f.later_average_ms, 10.0);
        close(f.first_to_later_ms.expect("first"), 10.0);
        close(f.warmup_effectiveness.expect("first"), 50.0);
        close(f.within_target_share, 0.75);
        assert_eq!(f.overhead.as_ref().map(|o| (o.samples, o.max_ms)), Some((3, 1.0)));
        assert_eq!(f.cache, BTreeMap::from([("miss".to_owned(), 4)]));
        // 20 ms is above 1.25 × 10 + 5 = 17.5 ms.
        let met: Vec<bool> = f.aims().iter().map(|aim| aim.met).collect();
        assert_eq!(met, [true, true, false]);
        let why = "the first request took 20.0 ms; at most 17.5 was allowed (1.25 × the median of the later, 10.0 ms, and 5 ms)";
        assert_eq!(f.failures(), [why]);
    }

    #[test]
    fn a_faster_first_request_is_fully_effective() {
        let f = Figures::of(&[took(5, Level::Critical, true), took(10, Level::None, false)], within(50.0))
            .expect("figures");
        close(f.warmup_effectiveness.expect("first"), 100.0);
        close(f.first_to_later_ms.expect("first"), -5.0);
        assert!(f.aims().iter().all(|aim| aim.met));
        assert_eq!(f.failures(), Vec::<String>::new());
        assert!(f.passed().starts_with("Passed: 2 requests took 7.5 ms"), "{}", f.passed());
    }

    #[test]
    fn an_overlooked_crisis_a_lost_request_and_a_degraded_verdict_are_no_success() {
        let mut lost = took(9, Level::None, false);
        lost.answer = Answer::Failed(Failure::Reset);
        let mut busy = took(9, Level::None, false);
        busy.answer = Answer::Refused(503);
        let mut degraded = took(9, Level::High, true);
        if let Answer::Verdict(judged) = &mut degraded.answer {
            judged.is_degraded = true;
        }
        let overlooked = took(9, Level::Medium, true);
        let fine = took(9, Level::Critical, true);
        let asked = [fine, overlooked, degraded, lost, busy, took(9, Level::None, false)];
        let f = Figures::of(&asked, within(50.0)).expect("figures");
        close(f.success_rate, 33.3);
        assert_eq!(f.seen(), (2, 3));
        assert_eq!(f.errors, BTreeMap::from([("503".to_owned(), 1), ("reset".to_owned(), 1)]));
        assert_eq!(f.latency.samples, 4);
        let verdict = f.failures().join("; ");
        for said in
            ["1 of 3 messages in crisis", "2 of 6 requests got no verdict", "25.0 % of the verdicts lack"]
        {
            assert!(verdict.contains(said), "{said}: {verdict}");
        }
    }

    #[test]
    fn one_failure_of_thousands_is_not_rounded_away() {
        close(percent(9_999.0 / 10_000.0), 99.9);
        close(percent(1.0), 100.0);
        close(percent(0.333), 33.3);
    }

    #[test]
    fn without_answers_there_are_no_figures() {
        let mut lost = took(9, Level::None, false);
        lost.answer = Answer::Refused(503);
        let error = Figures::of(&[took(9, Level::High, true), lost], within(50.0)).expect_err("no later");
        assert!(error.to_string().contains("503"), "{error}");
        assert!(Figures::of(&[], within(50.0)).is_err());
    }
}
