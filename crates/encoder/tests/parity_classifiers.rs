//! Promise: plain models of every family give what `PyTorch` transformers gives, to 1e-4 in
//! f32: tokens, logits of single texts and pairs up to more than 256 tokens, zero-shot scores.
//!
//! `tests/data/classifiers` was written by `bench/parity/make.py`.

mod tiny;

const MODELS: [&str; 11] = [
    "bert",
    "mpnet",
    "roberta",
    "xlm-roberta",
    "distilbert",
    "deberta-v3",
    "deberta-v3-buckets-256",
    "deberta-v2-conv",
    "deberta-own-projections",
    "deberta-c2p",
    "deberta-p2c",
];

#[test]
fn tokens_are_those_of_transformers() {
    MODELS.into_iter().for_each(tiny::tokens_agree);
}

#[test]
fn logits_are_those_of_transformers() {
    MODELS.into_iter().for_each(tiny::logits_agree);
}

#[test]
fn a_batch_equals_its_members_bit_for_bit() {
    MODELS.into_iter().for_each(tiny::a_batch_equals_its_members);
}

#[test]
fn zero_shot_scores_are_those_of_the_pipeline() {
    MODELS.into_iter().for_each(tiny::zero_shot_scores_agree);
}

#[test]
fn int8_stays_near_f32() {
    MODELS.into_iter().for_each(tiny::int8_stays_near_f32);
}
