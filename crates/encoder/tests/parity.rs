//! Promise: in f32 the encoder gives what `PyTorch` transformers gives, to 1e-4.
//!
//! `tests/data` was written by `bench/parity/make.py`: tiny random models with transformers' answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ash_encoder::{Branch, Files, Precision, Trunk};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    texts: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    ids: Vec<u32>,
    hidden: Vec<f32>,
    heads: BTreeMap<String, Vec<f32>>,
}

struct Model {
    name: &'static str,
    trunk: Trunk,
    branch: Branch,
    expected: Vec<Row>,
}

fn load(name: &'static str, precision: Precision) -> Model {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    let files = Files::directory(&folder);
    let trunk = Trunk::load(&files, precision).unwrap_or_else(|e| panic!("{e}"));
    let branch = Branch::load(&files, &trunk, precision).unwrap_or_else(|e| panic!("{e}"));
    let json = std::fs::read(folder.join("expected.json")).expect("committed with the model");
    let expected: Expected = serde_json::from_slice(&json).expect("written by make.py");
    Model { name, trunk, branch, expected: expected.texts }
}

fn furthest(got: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(got.len(), expected.len());
    got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Logits of every head for one text, alone in its batch.
fn alone(model: &Model, text: &str) -> BTreeMap<String, Vec<f32>> {
    let batch = model.trunk.tokenize(&[text]);
    let logits = model.branch.forward(&batch, &model.trunk.forward(&batch));
    model.branch.heads().iter().map(|h| h.name.clone()).zip(logits).collect()
}

#[test]
fn f32_agrees_with_transformers() {
    for name in ["bert", "mpnet"] {
        let model = load(name, Precision::F32);
        for row in &model.expected {
            let batch = model.trunk.tokenize(&[&row.text]);
            assert_eq!(batch.ids(0), row.ids, "{name}: tokens of {:?}", row.text);
            if !row.hidden.is_empty() {
                let drift = furthest(model.trunk.forward(&batch).values(), &row.hidden);
                assert!(drift < 1e-4, "{name}: hidden states of {:?} are off by {drift}", row.text);
            }
            for (head, expected) in &row.heads {
                let drift = furthest(&alone(&model, &row.text)[head], expected);
                assert!(drift < 1e-4, "{name}: head {head} of {:?} is off by {drift}", row.text);
            }
        }
    }
}

#[test]
fn a_batch_equals_its_members_run_one_by_one() {
    for precision in [Precision::F32, Precision::Int8] {
        for name in ["bert", "mpnet"] {
            let model = load(name, precision);
            let texts: Vec<&str> = model.expected.iter().map(|r| r.text.as_str()).collect();
            let batch = model.trunk.tokenize(&texts);
            let logits = model.branch.forward(&batch, &model.trunk.forward(&batch));
            for (head, together) in model.branch.heads().iter().zip(&logits) {
                for (text, row) in texts.iter().zip(together.chunks_exact(head.outputs)) {
                    let drift = furthest(&alone(&model, text)[&head.name], row);
                    assert!(
                        drift <= 1e-5,
                        "{} {precision}: {} differs by {drift} in company",
                        model.name,
                        head.name
                    );
                }
            }
        }
    }
}

#[test]
fn int8_stays_near_f32() {
    for name in ["bert", "mpnet"] {
        let (exact, quantised) = (load(name, Precision::F32), load(name, Precision::Int8));
        for row in &exact.expected {
            let (a, b) = (alone(&exact, &row.text), alone(&quantised, &row.text));
            for (head, logits) in &a {
                let drift = furthest(&b[head], logits);
                let size = logits.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
                assert!(drift < 0.25 * size, "{name}: {head} of {:?} drifts by {drift} of {size}", row.text);
            }
        }
    }
}

#[test]
fn a_trunk_and_a_branch_give_what_the_whole_model_gives() {
    // The same weights once as a trunk of all three layers, once as a trunk of one with a branch of two.
    let whole = load("mpnet", Precision::F32);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/mpnet");
    let short = std::env::temp_dir().join(format!("ash-encoder-trunk-{}", std::process::id()));
    std::fs::create_dir_all(&short).expect("temp dir");
    let config = std::fs::read_to_string(folder.join("config.json")).expect("committed");
    let config = config.replace("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 1");
    std::fs::write(short.join("config.json"), config).expect("temp dir is writable");
    for file in ["tokenizer.json", "model.safetensors"] {
        std::fs::copy(folder.join(file), short.join(file)).expect("temp dir is writable");
    }
    let files = Files::directory(&short);
    let trunk = Trunk::load(&files, Precision::F32).expect("same weights, fewer layers");
    let branch = Branch::load(&files, &trunk, Precision::F32).expect("layers 1 and 2 and the heads");
    let text = &whole.expected[2].text;
    let batch = trunk.tokenize(&[text]);
    let logits = branch.forward(&batch, &trunk.forward(&batch));
    for (head, got) in branch.heads().iter().zip(&logits) {
        assert_eq!(&alone(&whole, text)[&head.name], got, "{}", head.name);
    }
    std::fs::remove_dir_all(&short).expect("own temp dir");
}

#[test]
fn a_long_text_keeps_its_last_part_and_says_so() {
    let model = load("mpnet", Precision::F32);
    let long = "the cat sat. ".repeat(500) + "we went home";
    let batch = model.trunk.tokenize(&["home", long.as_str()]);
    assert!(!batch.truncated(0));
    assert!(batch.truncated(1));
    let limit = model.trunk.config().max_tokens();
    assert!(batch.ids(1).len() <= limit && batch.ids(1).len() > limit * 3 / 4, "{}", batch.ids(1).len());
    let end = model.trunk.tokenize(&["sat. we went home"]);
    assert!(batch.ids(1).ends_with(&end.ids(0)[1..]), "the end of the text is the end of the batch");
    let start = model.trunk.tokenize(&["the cat sat."]);
    assert_eq!(batch.ids(1)[..4], start.ids(0)[..4], "it starts with a sentence");
}

#[test]
fn any_text_gives_finite_logits() {
    let model = load("bert", Precision::Int8);
    let huge = "x".repeat(1 << 20);
    for text in ["", " ", "\u{0}", "🏳️‍🌈💔", "не могу больше", "もう無理", "\u{200b}\u{feff}", huge.as_str()]
    {
        let logits = alone(&model, text);
        assert!(logits.values().flatten().all(|v| v.is_finite()));
    }
}
