//! Promise: every instruction set gives the answers of the best one, whatever the number of threads.
//!
//! The choice is made once a process, so each set is tried in a process of its own: this test runs the
//! parity tests again with `ASH_SIMD` set.

use std::fmt::Write;
use std::process::Command;

use ash_encoder::{Batch, Files, Precision, SequenceClassifier, Simd};

/// Set in a process that this test started.
const CHILD: &str = "ASH_TEST_INSTRUCTIONS";

fn model(name: &str, precision: Precision) -> SequenceClassifier {
    let folder =
        std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers").join(name);
    SequenceClassifier::load(&Files::directory(folder), precision).unwrap_or_else(|e| panic!("{e}"))
}

fn names() -> Vec<String> {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers");
    let entries = std::fs::read_dir(folder).expect("committed");
    let mut names: Vec<String> = entries
        .map(|e| e.expect("readable"))
        .filter(|e| e.path().join("model.safetensors").exists())
        .map(|e| e.file_name().into_string().expect("ASCII"))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    names
}

fn texts(model: &SequenceClassifier) -> Batch {
    let long = "nobody would notice if i was gone and the match starts at nine ".repeat(12);
    model.tokenize_pairs(&[
        ("i am tired of everything", "this person is sad"),
        (&long, "this person plays a game"),
        ("ok", "no"),
        ("we won the match and i can not stop smiling", "this person is happy"),
    ])
}

/// Logits of every committed model, in both precisions, as text.
fn answers() -> String {
    let mut lines = String::new();
    for name in names() {
        for precision in [Precision::F32, Precision::Int8] {
            let model = model(&name, precision);
            let logits = model.logits(&texts(&model));
            writeln!(lines, "{name} {precision} {logits:?}").expect("a string takes all");
        }
    }
    lines
}

#[test]
fn every_instruction_set_gives_nearly_the_same_logits() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let numbers = |line: &str| -> Vec<f32> {
        let list = line.split_once('[').map_or("", |(_, l)| l.trim_end_matches(']'));
        list.split(", ").map(|n| n.parse().expect("a number")).collect()
    };
    let expected = answers();
    let mut tried = 0;
    for simd in Simd::ALL.iter().filter(|s| s.is_available()) {
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["child_prints_its_answers", "--exact", "--nocapture", "--include-ignored"])
            .env(CHILD, "1")
            .env("ASH_SIMD", simd.name())
            .output()
            .expect("this test starts again");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {printed}", simd.name());
        assert!(printed.contains(&format!("instructions {}\n", simd.name())), "{printed}");
        for line in expected.lines() {
            let label = line.split_once('[').map_or(line, |(l, _)| l);
            let found = printed.lines().find(|l| l.starts_with(label)).expect("the same models");
            // f32 differs by rounding; int8 by what a rounding on a grid's edge turns into a step,
            // and by a bit of the weights where the byte product saturates.
            let bound = if label.ends_with("f32 ") { 1e-3 } else { 0.35 };
            let (a, b) = (numbers(line), numbers(found));
            let size = a.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() <= bound * size, "{} {label}: {b} instead of {a}", simd.name());
            }
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried} comparisons");
}

/// Not a promise: what the test above starts in other processes.
#[test]
fn child_prints_its_answers() {
    if std::env::var_os(CHILD).is_some() {
        println!("\ninstructions {}\n{}", ash_encoder::kernel_name(), answers());
    }
}

#[test]
fn logits_are_the_same_to_the_bit_on_any_number_of_threads() {
    let on = |threads: usize| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(answers)
    };
    let one = on(1);
    for threads in [2, 3, 5] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}
