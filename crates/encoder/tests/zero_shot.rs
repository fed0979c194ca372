//! Promises of zero-shot classification beyond the scores: what is refused, what is cut, what is cached.

use std::path::PathBuf;

use ash_encoder::{Files, Precision, ZeroShot};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers").join(name)
}

fn load(name: &str) -> ZeroShot {
    ZeroShot::load(&Files::directory(folder(name)), Precision::F32).unwrap_or_else(|e| panic!("{e}"))
}

/// A copy of a tiny model with another config, gone when dropped.
struct Edited(PathBuf);

impl Edited {
    fn new(model: &str, case: &str, edit: impl FnOnce(&mut serde_json::Value)) -> Self {
        let copy = std::env::temp_dir().join(format!("ash-encoder-zero-{}-{case}", std::process::id()));
        std::fs::create_dir_all(&copy).expect("a temporary folder");
        for file in ["tokenizer.json", "model.safetensors"] {
            std::fs::copy(folder(model).join(file), copy.join(file)).expect("a copy");
        }
        let text = std::fs::read(folder(model).join("config.json")).expect("committed");
        let mut config = serde_json::from_slice(&text).expect("JSON");
        edit(&mut config);
        std::fs::write(copy.join("config.json"), config.to_string()).expect("written");
        Edited(copy)
    }

    fn load(&self) -> Result<ZeroShot, String> {
        ZeroShot::load(&Files::directory(&self.0), Precision::F32).map_err(|e| e.to_string())
    }
}

impl Drop for Edited {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_model_without_entailment_is_refused_with_its_labels() {
    let edited = Edited::new("bert", "moods", |config| {
        config["id2label"] = serde_json::json!({"0": "sad", "1": "calm", "2": "not_entailment"});
        config["label2id"] = serde_json::json!({"sad": 0, "calm": 1, "not_entailment": 2});
    });
    let error = edited.load().err().expect("no label is entailment");
    assert!(error.contains("config.json"), "{error}");
    assert!(error.contains("the labels are sad, calm, not_entailment"), "{error}");

    let unnamed = Edited::new("distilbert", "unnamed", |config| {
        let keys = config.as_object_mut().expect("an object");
        keys.remove("id2label");
        keys.remove("label2id");
    });
    let error = unnamed.load().err().expect("no names at all");
    assert!(error.ends_with("the labels are LABEL_0, LABEL_1"), "{error}");
}

#[test]
fn the_entailment_label_is_the_first_of_label2id_in_the_order_of_the_file() {
    for (case, names, label2id, expected) in [
        ("order", ["a", "entailment", "Entailed"], r#"{"Entailed": 2, "entailment": 1, "a": 0}"#, 2),
        ("case", ["a", "ENTAILMENT", "c"], r#"{"a": 0, "ENTAILMENT": 1, "c": 2}"#, 1),
        ("strings", ["a", "b", "entailment"], r#"{"a": "0", "b": "1", "entailment": "2"}"#, 2),
        ("no-way-back", ["entailment", "b", "c"], "{}", 0),
    ] {
        let edited = Edited::new("bert", case, |config| {
            config["id2label"] = serde_json::json!({"0": names[0], "1": names[1], "2": names[2]});
            config["label2id"] = serde_json::from_str(label2id).expect("JSON");
        });
        assert_eq!(edited.load().map(|m| m.entailment()), Ok(expected), "{case}");
    }
    let outside = Edited::new("bert", "outside", |config| {
        config["label2id"] = serde_json::json!({"entailment": 3});
    });
    assert!(outside.load().is_err(), "a number that is no logit");
}

#[test]
fn a_tokenizer_that_does_not_separate_pairs_is_refused() {
    let edited = Edited::new("bert", "template", |_| {});
    let path = edited.0.join("tokenizer.json");
    let text = std::fs::read_to_string(&path).expect("committed");
    let mut tokenizer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    tokenizer["post_processor"]["pair"] = serde_json::json!([
        {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}
    ]);
    std::fs::write(&path, tokenizer.to_string()).expect("written");
    let error = edited.load().err().expect("nothing between the texts");
    assert!(error.contains("tokenizer.json") && error.contains("no special token between"), "{error}");
}

#[test]
fn hypotheses_that_cannot_be_asked_are_an_error_when_they_are_made() {
    let model = load("bert");
    let error = |template: &str, labels: &[&str]| {
        model.hypotheses(template, labels).expect_err("no hypotheses").to_string()
    };
    for template in ["This text is about it.", "", "{} is {}.", "{ }", "{0}"] {
        assert!(error(template, &["travel"]).contains("must contain {} exactly once"), "{template}");
    }
    assert!(error("It is {}.", &[]).contains("at least one label"));
    let long = "travel ".repeat(400);
    let message = error("It is {}.", &["short", &long]);
    assert!(
        message.contains("travel travel") && message.contains("the model takes at most 320"),
        "{message}"
    );
    let braces = model.hypotheses("{} }{", &["{}"]).expect("a label may contain what it likes");
    assert_eq!(braces.len(), 1);
}

#[test]
fn pairs_are_premise_major_and_equal_those_tokenised_one_by_one() {
    for name in ["bert", "roberta", "xlm-roberta", "distilbert", "mpnet", "deberta-v3"] {
        let model = load(name);
        let labels = ["travel", "a match", "the weather"];
        let hypotheses = model.hypotheses("This text is about {}.", &labels).expect("short");
        assert_eq!((hypotheses.len(), hypotheses.is_empty()), (3, false));
        let premises = ["the ferry leaves at nine", "", "Nobody told the gardener?"];
        let batch = model.pairs(&premises, &hypotheses);
        assert_eq!(batch.len(), 9);
        let sentences = labels.map(|l| format!("This text is about {l}."));
        for (p, premise) in premises.iter().enumerate() {
            for (h, sentence) in sentences.iter().enumerate() {
                let pair = model.model().tokenize_pairs(&[(premise, sentence)]);
                assert_eq!(batch.ids(3 * p + h), pair.ids(0), "{name}: {premise:?} with {sentence:?}");
                assert_eq!(batch.types(3 * p + h), pair.types(0), "{name}");
                assert!(!batch.truncated(3 * p + h));
            }
        }
        let nothing: [&str; 0] = [];
        assert!(model.classify(&nothing, &hypotheses, false, 100).is_empty());
    }
}

#[test]
fn truncation_cuts_the_premise_only_and_keeps_its_last_part() {
    for name in ["bert", "roberta", "deberta-v3"] {
        let model = load(name);
        let longest = model.model().config().max_tokens();
        let hypotheses =
            model.hypotheses("This text is about {}.", &["a match", "the weather at nine"]).expect("short");
        let premise = "the cat slept at nine. ".repeat(150) + "we walked along the river";
        let batch = model.pairs(&[premise.as_str(), "the cat slept"], &hypotheses);
        assert_eq!([0, 1, 2, 3].map(|i| batch.truncated(i)), [true, true, false, false], "{name}");

        // All hypotheses see the same part of the premise, and each is whole.
        let short = model.pairs(&[""], &hypotheses);
        let (tail0, tail1) = (&short.ids(0)[1..], &short.ids(1)[1..]);
        assert!(batch.ids(0).ends_with(tail0) && batch.ids(1).ends_with(tail1), "{name}");
        let part0 = &batch.ids(0)[..batch.ids(0).len() - tail0.len()];
        let part1 = &batch.ids(1)[..batch.ids(1).len() - tail1.len()];
        assert_eq!(part0, part1, "{name}: the same text for every hypothesis");
        assert_eq!(part0[0], short.ids(0)[0], "{name}: it starts with the first special token");
        let used = batch.ids(1).len();
        assert!(used <= longest && used > longest * 3 / 4, "{name}: {used} of {longest}");

        // The tokens of a text as they are behind an earlier sentence.
        let behind = |text: &str| -> Vec<u32> {
            let batch = model.model().tokenize(&["at nine.", &format!("at nine. {text}")]);
            let (before, all) = (batch.ids(0), batch.ids(1));
            all[before.len() - 1..all.len() - 1].to_vec()
        };
        assert!(part0.ends_with(&behind("we walked along the river")), "{name}: the end of the premise");
        assert!(
            part0[1..].starts_with(&behind("the cat slept at nine.")),
            "{name}: it starts with a sentence"
        );
    }
}

#[test]
fn scores_do_not_depend_on_the_batch_budget() {
    let model = load("roberta");
    let hypotheses = model.hypotheses("This text is about {}.", &["travel", "a match"]).expect("short");
    let premises = ["the ferry leaves at nine", "bread", "we painted the kitchen yellow"];
    let whole = model.classify(&premises, &hypotheses, true, usize::MAX);
    assert_eq!(whole.len(), 3);
    for budget in [0, 1, 50, 80, 1000] {
        assert_eq!(model.classify(&premises, &hypotheses, true, budget), whole, "{budget} tokens");
    }
    let single = model.classify(&premises, &hypotheses, false, 80);
    for scores in &single {
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{scores:?}");
    }
    assert_ne!(single, whole);
}

#[test]
fn one_label_alone_is_scored_against_contradiction() {
    let model = load("bert");
    let one = model.hypotheses("This text is about {}.", &["travel"]).expect("short");
    let premise = ["the ferry leaves at nine"];
    let single = model.classify(&premise, &one, false, 100);
    assert_eq!(single, model.classify(&premise, &one, true, 100));
    assert!(single[0][0] < 1.0, "a softmax over one label would always be 1");
}
