//! The tiny models of `tests/data/classifiers` with transformers' answers, and what must hold of each.

use std::path::PathBuf;

use ash_encoder::{Batch, Files, Precision, SequenceClassifier, ZeroShot};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Expected {
    template: String,
    odd: Vec<Odd>,
    rows: Vec<Row>,
    zero_shot: Vec<Answer>,
}

#[derive(Deserialize)]
struct Odd {
    text: String,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Row {
    first: String,
    second: Option<String>,
    ids: Vec<u32>,
    types: Option<Vec<u8>>,
    logits: Vec<f32>,
}

#[derive(Deserialize)]
struct Answer {
    premise: String,
    labels: Vec<String>,
    multi_label: bool,
    scores: Vec<f32>,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers").join(name)
}

fn load(name: &str, precision: Precision) -> SequenceClassifier {
    SequenceClassifier::load(&Files::directory(folder(name)), precision).unwrap_or_else(|e| panic!("{e}"))
}

fn expected(name: &str) -> Expected {
    let json = std::fs::read(folder(name).join("expected.json")).expect("committed with the model");
    serde_json::from_slice(&json).expect("written by make.py")
}

fn furthest(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn tokenize(model: &SequenceClassifier, row: &Row) -> Batch {
    match &row.second {
        Some(second) => model.tokenize_pairs(&[(&row.first, second)]),
        None => model.tokenize(&[&row.first]),
    }
}

/// Tokens and token types are transformers'.
pub(crate) fn tokens_agree(name: &str) {
    let (model, expected) = (load(name, Precision::F32), expected(name));
    for odd in &expected.odd {
        assert_eq!(model.tokenize(&[&odd.text]).ids(0), odd.ids, "{name}: tokens of {:?}", odd.text);
    }
    for row in &expected.rows {
        let batch = tokenize(&model, row);
        assert_eq!(batch.ids(0), row.ids, "{name}: tokens of {:?} {:?}", row.first, row.second);
        if let Some(types) = &row.types {
            assert_eq!(batch.types(0), types, "{name}: types of {:?} {:?}", row.first, row.second);
        }
    }
}

/// Logits are transformers' to 1e-4, for single texts and pairs of all lengths.
pub(crate) fn logits_agree(name: &str) {
    let (model, expected) = (load(name, Precision::F32), expected(name));
    for row in &expected.rows {
        let drift = furthest(&model.logits(&tokenize(&model, row)), &row.logits);
        let (tokens, pair) = (row.ids.len(), row.second.is_some());
        assert!(drift < 1e-4, "{name}: logits of {tokens} tokens (pair: {pair}) are off by {drift}");
    }
}

/// Company does not change a sequence's logits by a single bit, in either precision.
pub(crate) fn a_batch_equals_its_members(name: &str) {
    for precision in [Precision::F32, Precision::Int8] {
        let (model, expected) = (load(name, precision), expected(name));
        let outputs = model.labels().len();
        let pairs: Vec<(&str, &str)> =
            expected.rows.iter().filter_map(|r| Some((r.first.as_str(), r.second.as_deref()?))).collect();
        let batch = model.tokenize_pairs(&pairs);
        let together = model.logits(&batch);
        assert_eq!(together.len(), pairs.len() * outputs);
        for (i, (pair, row)) in pairs.iter().zip(together.chunks_exact(outputs)).enumerate() {
            let alone = model.logits(&model.tokenize_pairs(&[*pair]));
            assert_eq!(alone, row, "{name} {precision}: pair {i} in company");
        }
        let parts: Vec<f32> = batch.parts(100).flat_map(|part| model.logits(&part)).collect();
        assert_eq!(parts, together, "{name} {precision}: in parts");
    }
}

/// Label scores are those of transformers' zero-shot pipeline to 1e-4.
pub(crate) fn zero_shot_scores_agree(name: &str) {
    let files = Files::directory(folder(name));
    let model = ZeroShot::load(&files, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
    let expected = expected(name);
    for answer in &expected.zero_shot {
        let hypotheses = model.hypotheses(&expected.template, &answer.labels).expect("short hypotheses");
        let got = model.classify(&[&answer.premise], &hypotheses, answer.multi_label, 64);
        let drift = furthest(&got[0], &answer.scores);
        let (labels, multi) = (answer.labels.len(), answer.multi_label);
        assert!(drift < 1e-4, "{name}: {labels} labels, multi_label {multi}: off by {drift}");
    }
}

/// int8 stays near f32: within a quarter of the largest logit of these noisy random weights.
pub(crate) fn int8_stays_near_f32(name: &str) {
    let (model, expected) = (load(name, Precision::Int8), expected(name));
    let size = expected.rows.iter().flat_map(|r| &r.logits).fold(1.0_f32, |m, v| m.max(v.abs()));
    for row in &expected.rows {
        let drift = furthest(&model.logits(&tokenize(&model, row)), &row.logits);
        assert!(drift < 0.25 * size, "{name}: {} tokens drift by {drift} of {size}", row.ids.len());
    }
}
