//! Promise: token ids made elsewhere give the logits that the text gives, and ids that do not fit are
//! refused before they reach a kernel.

use ash_encoder::{Files, Precision, SequenceClassifier};

fn bert() -> SequenceClassifier {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/bert");
    SequenceClassifier::load(&Files::directory(folder), Precision::F32).expect("the tiny model")
}

#[test]
fn ids_give_what_the_text_gives() {
    let model = bert();
    let texts = model.tokenize_pairs(&[("the cat sat", "on a mat"), ("we all went home", "to rest")]);
    let sequences: Vec<_> = (0..texts.len()).map(|i| (texts.ids(i), texts.types(i))).collect();
    let ids = model.batch_of_ids(&sequences).expect("they fit");
    assert_eq!(ids, texts);
    assert_eq!(model.logits(&ids), model.logits(&texts));
}

#[test]
fn types_matter() {
    let model = bert();
    let texts = model.tokenize_pairs(&[("the cat sat", "on a mat")]);
    let all_first = vec![0; texts.tokens()];
    let ids = model.batch_of_ids(&[(texts.ids(0), all_first)]).expect("they fit");
    assert_ne!(model.logits(&ids), model.logits(&texts));
}

#[test]
fn ids_that_do_not_fit_are_refused_by_name() {
    struct Case {
        name: &'static str,
        ids: Vec<u32>,
        types: usize,
        why: &'static str,
    }
    let model = bert();
    let (words, most) = (model.config().vocab_size, model.config().max_tokens());
    let cases = [
        Case { name: "none", ids: vec![], types: 0, why: "0 tokens" },
        Case { name: "too many", ids: vec![1; most + 1], types: most + 1, why: "takes 1 to" },
        Case { name: "no such word", ids: vec![1, words as u32], types: 2, why: "the model knows" },
        Case { name: "types missing", ids: vec![1, 2], types: 1, why: "2 tokens, but 1 token types" },
    ];
    for Case { name, ids, types, why } in cases {
        let error = model.batch_of_ids(&[(vec![1], vec![0]), (ids, vec![0; types])]).expect_err(name);
        let error = error.to_string();
        assert!(error.starts_with("sequence 1 ") && error.contains(why), "{name}: {error}");
    }
    assert!(model.batch_of_ids(&[(vec![1; most], vec![0; most])]).is_ok(), "the longest fits");
}
