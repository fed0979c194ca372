//! How fast a model is on this machine: medians of many runs, in batches as the service forms them.

use std::time::{Duration, Instant};

use ash_encoder::{Files, Precision};
use serde::Serialize;

use crate::error::ModelError;
use crate::run::Runner;
use crate::sentences::{HYPOTHESES, MESSAGES};
use crate::verify::ms;

/// Pairs that are run together: one question, one model's and all models' label set.
pub const PAIRS: [usize; 3] = [1, 12, 37];
/// Tokens of a pair: a message of some twenty words with a hypothesis.
const TOKENS: usize = 34;
/// Loads that are timed.
const LOADS: usize = 3;

/// How long each number of pairs is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Run for this long,
    pub time: Duration,
    /// but at least so often,
    pub at_least: usize,
    /// and at most so often.
    pub at_most: usize,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Speed {
    /// Threads that compute.
    pub threads: usize,
    /// Median of the loads, in milliseconds; the file is in the page cache after the first.
    pub load_ms: f64,
    /// Each number of pairs.
    pub cases: Vec<Case>,
}

/// One number of pairs, run together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// Pairs of the batch.
    pub pairs: usize,
    /// Tokens of the batch.
    pub tokens: usize,
    /// Times that it was run.
    pub runs: usize,
    /// Median, in milliseconds.
    pub median_ms: f64,
    /// 95th percentile by nearest rank, in milliseconds.
    pub p95_ms: f64,
    /// Tokens a second at the median.
    pub tokens_per_second: f64,
}

/// What has just been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The model was loaded, and is still there.
    Loaded,
    /// A batch was run.
    Ran,
}

/// Loads the model `LOADS` times, then runs it. `step` is told of every load and every run.
///
/// # Errors
/// A model that does not load.
pub fn speed(
    files: &Files,
    precision: Precision,
    threads: usize,
    effort: Effort,
    step: &mut dyn FnMut(Step),
) -> Result<Speed, ModelError> {
    let mut loads = Vec::with_capacity(LOADS);
    let mut timed = || {
        let start = Instant::now();
        let runner = Runner::load(files, precision, threads);
        loads.push(start.elapsed());
        step(Step::Loaded);
        runner
    };
    for _ in 1..LOADS {
        drop(timed()?);
    }
    let runner = timed()?;
    loads.sort_unstable();
    let cases = PAIRS.iter().map(|&pairs| case(&runner, pairs, effort, step)).collect();
    Ok(Speed { threads: runner.threads(), load_ms: ms(loads[loads.len() / 2]), cases })
}

fn case(runner: &Runner, pairs: usize, effort: Effort, step: &mut dyn FnMut(Step)) -> Case {
    let premise = premise(runner);
    let pairs: Vec<(&str, &str)> =
        HYPOTHESES.iter().cycle().take(pairs).map(|h| (premise.as_str(), *h)).collect();
    let batch = runner.tokenize_pairs(&pairs);
    runner.logits(&batch);
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < effort.at_least || begin.elapsed() < effort.time && times.len() < effort.at_most {
        let start = Instant::now();
        runner.logits(&batch);
        times.push(start.elapsed());
        step(Step::Ran);
    }
    times.sort_unstable();
    let rank = |percent: usize| times[(percent * times.len()).div_ceil(100).max(1) - 1];
    let median = rank(50);
    Case {
        pairs: pairs.len(),
        tokens: batch.tokens(),
        runs: times.len(),
        median_ms: ms(median),
        p95_ms: ms(rank(95)),
        tokens_per_second: (batch.tokens() as f64 / median.as_secs_f64().max(1e-9)).round(),
    }
}

/// As many words as make a pair of [`TOKENS`] tokens with this model's own tokeniser.
fn premise(runner: &Runner) -> String {
    let mut premise = String::new();
    for word in MESSAGES.iter().flat_map(|m| m.split(' ')) {
        premise.push_str(word);
        if runner.tokenize_pairs(&[(premise.as_str(), HYPOTHESES[0])]).tokens() >= TOKENS {
            break;
        }
        premise.push(' ');
    }
    premise
}
