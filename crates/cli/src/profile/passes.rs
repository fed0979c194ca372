//! Judges all messages again and again, recording each time.
//!
//! A shared machine disturbs some runs and now and then favours one, so what is shown is the mean of the middle half
//! by duration: as steady as a median, and, other than medians of parts, its parts add up.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ash_analysis::MessageText;
use ash_runtime::{Limits, Recording, Service};

use super::tree::{Kind, Node};
use crate::progress;

/// Runs before the clock counts: caches, buffers and the states of expressions are made by then.
const WARM_UP: usize = 3;
/// Runs if nothing is said.
const RUNS: usize = 20;
/// If nothing is said, no run begins after so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was recorded.
pub(crate) struct Passes {
    /// Milliseconds of each run, all batches together, in the order of the runs.
    totals: Vec<f64>,
    /// The mean batch of the middle half of the runs.
    pub(crate) mean: Node,
    /// Messages, batches, and tokens that the models read of them in one run.
    pub(crate) messages: usize,
    pub(crate) batches: usize,
    pub(crate) tokens: usize,
    /// All batches of a run near the median.
    typical: Vec<Recording>,
    /// How much of the time that threads worked they had a processor; absent where that cannot be told.
    processor: Option<f64>,
}

impl Passes {
    /// Judges `texts` in batches of `batch` messages, `runs` times.
    pub(crate) fn run(
        service: &Service,
        texts: &[MessageText],
        batch: usize,
        runs: Option<u32>,
        limits: &Limits,
    ) -> Result<Self> {
        let wanted = runs.map_or(Ok(RUNS), usize::try_from)?;
        for _ in 0..WARM_UP {
            pass(service, texts, batch)?;
        }
        let bar = progress::bar(wanted * texts.len(), "profiling");
        let start = Instant::now();
        let (mut trees, mut totals): (Vec<Node>, Vec<f64>) = (Vec::new(), Vec::new());
        let (mut typical, mut tokens) = ((f64::INFINITY, Vec::new()), 0);
        let before = processor_ms();
        for done in 0..wanted {
            if runs.is_none() && done >= 3 && start.elapsed() > PATIENCE {
                break;
            }
            let (recordings, read) = pass(service, texts, batch)?;
            let mut tree = Node::new("batch", Kind::Whole);
            for recording in &recordings {
                tree.add(&Node::of(recording, limits));
            }
            totals.push(tree.ms);
            // Both are weighed against the median as it is known now.
            let middle = median(&totals);
            if (tree.ms - middle).abs() <= (typical.0 - middle).abs() {
                typical = (tree.ms, recordings);
            }
            trees.push(tree);
            tokens = read;
            bar.inc(texts.len() as u64);
        }
        bar.finish_and_clear();
        let had = processor_ms().zip(before).map(|(after, before)| after - before);
        let busy: f64 = trees.iter().map(|tree| tree.busy_ms).sum();
        let batches = texts.len().div_ceil(batch);
        let middle = middle_half(trees);
        let mut mean = Node::new("batch", Kind::Whole);
        for tree in &middle {
            mean.add(tree);
        }
        mean.scale(1.0 / (middle.len() * batches) as f64);
        Ok(Passes {
            totals,
            mean,
            messages: texts.len(),
            batches,
            tokens,
            typical: typical.1,
            processor: had.filter(|_| busy > 0.0).map(|had| (had / busy).min(1.0)),
        })
    }

    /// How many runs were counted.
    pub(crate) fn runs(&self) -> usize {
        self.totals.len()
    }

    /// Milliseconds of a batch, by runs: median, shortest, longest.
    pub(crate) fn batch_ms(&self) -> [f64; 3] {
        let least = self.totals.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.totals.iter().copied().fold(0.0, f64::max);
        [median(&self.totals), least, most].map(|total| total / self.batches as f64)
    }

    /// How much of the time that threads worked they had a processor, at most 1: less where other programs ran on it.
    pub(crate) fn processor(&self) -> Option<f64> {
        self.processor
    }

    /// The batches of a run near the median.
    pub(crate) fn typical(&self) -> &[Recording] {
        &self.typical
    }
}

/// Milliseconds that the threads of this process have had a processor, as the kernel counts it for each (nanoseconds, in
/// `schedstat`). Absent where `/proc` is.
fn processor_ms() -> Option<f64> {
    let of = |thread: fs::DirEntry| -> Option<f64> {
        let counts = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        counts.split(' ').next()?.parse::<f64>().ok()
    };
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten();
    let nanoseconds: f64 = threads.filter_map(of).sum();
    (nanoseconds > 0.0).then_some(nanoseconds / 1e6)
}

/// Judges all once: what was recorded of each batch, and the tokens of all.
fn pass(service: &Service, texts: &[MessageText], batch: usize) -> Result<(Vec<Recording>, usize)> {
    let (mut recordings, mut tokens) = (Vec::new(), 0);
    for texts in texts.chunks(batch) {
        let recorded = service.record(texts.to_vec())?;
        let failure = recorded.assessments.iter().flat_map(|assessment| &assessment.failures).next();
        if let Some(failure) = failure {
            return Err(failure.clone()).context("a profile of a part of the models would mislead");
        }
        tokens += recorded.tokens;
        recordings.push(recorded.recording);
    }
    ensure!(tokens > 0, "the models read nothing");
    Ok((recordings, tokens))
}

/// The middle of a few numbers; 0 of none.
fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.get(sorted.len() / 2), sorted.len() % 2) {
        (Some(upper), 0) => f64::midpoint(sorted[sorted.len() / 2 - 1], *upper),
        (Some(middle), _) => *middle,
        (None, _) => 0.0,
    }
}

/// Without the shortest quarter and the longest.
fn middle_half(mut trees: Vec<Node>) -> Vec<Node> {
    trees.sort_by(|a, b| a.ms.total_cmp(&b.ms));
    let cut = trees.len() / 4;
    trees.truncate(trees.len() - cut);
    trees.split_off(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_half_is_left() {
        let tree = |ms: f64| Node { ms, ..Node::new("batch", Kind::Whole) };
        let of = |all: &[f64]| middle_half(all.iter().map(|&ms| tree(ms)).collect());
        let left: Vec<f64> = of(&[9.0, 1.0, 5.0, 4.0, 6.0, 2.0, 8.0, 7.0]).iter().map(|t| t.ms).collect();
        assert_eq!(left, [4.0, 5.0, 6.0, 7.0]);
        assert_eq!((of(&[3.0]).len(), of(&[3.0, 4.0, 5.0]).len()), (1, 3));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let cases: [(&[f64], f64); 4] =
            [(&[], 0.0), (&[2.0], 2.0), (&[3.0, 1.0], 2.0), (&[9.0, 1.0, 2.0], 2.0)];
        for (numbers, expected) in cases {
            assert!((median(numbers) - expected).abs() < 1e-9, "{numbers:?}");
        }
    }
}
