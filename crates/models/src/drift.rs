//! What int8 changes: probabilities, labels, verdicts, and which layer is to blame.
//!
//! A *judgement* is one distribution that a model gives: of a text, or of a text with one hypothesis.
//! A *verdict* is what decides about a text: the most probable label, or the hypothesis that is
//! entailed most. A verdict *flips* if it is another one in int8.

use std::time::{Duration, Instant};

use ash_encoder::convert::layers;
use ash_encoder::{Files, Keep, Precision};
use serde::Serialize;

use crate::error::ModelError;
use crate::run::{Answers, Runner, largest};
use crate::verify::ms;

/// Texts of a batch.
const BATCH: usize = 16;

/// How far two runs on the same texts are apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// Texts.
    pub texts: usize,
    /// Distributions that were compared.
    pub judgements: usize,
    /// The largest difference of a probability.
    pub max_drift: f32,
    /// The mean difference of a probability.
    pub mean_drift: f32,
    /// Share of judgements with the same most probable label, 0 to 1.
    pub label_agreement: f64,
    /// Texts whose verdict is another one.
    pub verdict_flips: usize,
    /// Which texts these are, by their place.
    pub flipped: Vec<usize>,
}

/// A run over all texts, with what it cost.
#[derive(Debug)]
pub struct Measured {
    /// What was said.
    pub answers: Answers,
    /// What it cost.
    pub cost: Cost,
    /// Threads that computed.
    pub threads: usize,
}

/// What a run costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Time to load the model, in milliseconds.
    pub load_ms: f64,
    /// Median time of a batch, in milliseconds.
    pub batch_ms: f64,
    /// Texts of a batch.
    pub batch: usize,
}

/// What quantising one part of a model alone does, all else in f32.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// `embeddings`, or the number of a layer: what `--keep-f32` takes.
    pub part: String,
    /// How far that is from all in f32.
    pub drift: Drift,
}

/// Loads the model and asks it about all texts.
pub fn measure(
    files: &Files,
    precision: Precision,
    threads: usize,
    texts: &[&str],
) -> Result<Measured, ModelError> {
    let start = Instant::now();
    let runner = Runner::load(files, precision, threads)?;
    let load = start.elapsed();
    let batches = || texts.chunks(BATCH);
    if let Some(first) = batches().next() {
        runner.answers(first)?; // packs and page faults of the first pass are not the model's pace
    }
    let mut answers = Answers { judgements: Vec::new(), verdicts: Vec::new() };
    let mut times: Vec<Duration> = Vec::new();
    for batch in batches() {
        let start = Instant::now();
        let said = runner.answers(batch)?;
        times.push(start.elapsed());
        answers.judgements.extend(said.judgements);
        answers.verdicts.extend(said.verdicts);
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let cost = Cost { load_ms: ms(load), batch_ms: ms(median), batch: BATCH.min(texts.len()) };
    Ok(Measured { answers, cost, threads: runner.threads() })
}

impl Drift {
    /// Between two runs on the same texts.
    pub fn between(exact: &Answers, other: &Answers) -> Self {
        let pairs = || exact.judgements.iter().zip(&other.judgements);
        let differences = || pairs().flat_map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
        let count = differences().count().max(1);
        let same = pairs().filter(|(a, b)| largest(a) == largest(b)).count();
        let verdicts = exact.verdicts.iter().zip(&other.verdicts).enumerate();
        let flipped: Vec<usize> = verdicts.filter(|(_, (a, b))| a != b).map(|(i, _)| i).collect();
        Drift {
            texts: exact.verdicts.len(),
            judgements: exact.judgements.len(),
            max_drift: differences().fold(0.0, f32::max),
            mean_drift: differences().sum::<f32>() / count as f32,
            label_agreement: same as f64 / exact.judgements.len().max(1) as f64,
            verdict_flips: flipped.len(),
            flipped,
        }
    }
}

/// The parts of which each is quantised alone: the word table, then every layer.
pub fn parts(files: &Files) -> Result<Vec<Keep>, ModelError> {
    Ok(std::iter::once(Keep::Embeddings).chain(layers(files)?.into_iter().map(Keep::Layer)).collect())
}

/// What quantising `part` alone does: every other one of `parts` stays in f32. `files` hold floats.
pub fn sensitivity(
    files: &Files,
    parts: &[Keep],
    part: &Keep,
    threads: usize,
    texts: &[&str],
    exact: &Answers,
) -> Result<Sensitivity, ModelError> {
    let others = parts.iter().filter(|other| *other != part).cloned();
    let alone = measure(&files.clone().keeping_f32(others), Precision::Int8, threads, texts)?;
    Ok(Sensitivity { part: part.to_string(), drift: Drift::between(exact, &alone.answers) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_counts_what_it_says() {
        let answers = |rows: &[&[f32]], verdicts: &[usize]| Answers {
            judgements: rows.iter().map(|r| r.to_vec()).collect(),
            verdicts: verdicts.to_vec(),
        };
        let exact = answers(&[&[0.9, 0.1], &[0.5, 0.5], &[0.25, 0.75]], &[0, 0, 1]);
        let other = answers(&[&[0.8, 0.2], &[0.25, 0.75], &[0.25, 0.75]], &[0, 1, 1]);
        let drift = Drift::between(&exact, &other);
        assert_eq!((drift.texts, drift.judgements, drift.verdict_flips), (3, 3, 1));
        assert_eq!((drift.max_drift, drift.flipped.as_slice()), (0.25, &[1][..]));
        assert!((drift.mean_drift - 0.7 / 6.0).abs() < 1e-6, "{}", drift.mean_drift);
        assert!((drift.label_agreement - 2.0 / 3.0).abs() < 1e-12);
        assert!(Drift::between(&exact, &exact).max_drift.abs() < f32::EPSILON);
    }
}
