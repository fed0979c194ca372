//! Promises of [`SequenceClassifier`] beyond parity: how it is put together, what it tolerates, what it names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ash_encoder::{Branch, Files, Nonlinearity, Pooling, Precision, SequenceClassifier, Trunk};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

const MODELS: [&str; 5] = ["bert", "mpnet", "roberta", "xlm-roberta", "distilbert"];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers").join(name)
}

/// A copy of a tiny model whose config and tensors may be changed, gone when dropped.
struct Copy(PathBuf);

impl Copy {
    fn new(model: &str, case: &str) -> Self {
        let copy = std::env::temp_dir().join(format!("ash-encoder-classifier-{}-{case}", std::process::id()));
        std::fs::create_dir_all(&copy).expect("a temporary folder");
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            std::fs::copy(folder(model).join(file), copy.join(file)).expect("a copy");
        }
        Copy(copy)
    }

    fn edit_config(&self, edit: impl FnOnce(&mut serde_json::Value)) {
        let path = self.0.join("config.json");
        let mut config = serde_json::from_slice(&std::fs::read(&path).expect("config")).expect("JSON");
        edit(&mut config);
        std::fs::write(path, config.to_string()).expect("written");
    }

    fn without(&self, tensor: &str) {
        let path = self.0.join("model.safetensors");
        let bytes = std::fs::read(&path).expect("weights");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        assert!(tensors.tensor(tensor).is_ok(), "{tensor} is in the file");
        let kept: BTreeMap<String, TensorView> =
            tensors.tensors().into_iter().filter(|(name, _)| name != tensor).collect();
        let bytes = safetensors::serialize(kept, None).expect("safetensors");
        std::fs::write(path, bytes).expect("written");
    }

    fn load(&self) -> Result<SequenceClassifier, String> {
        SequenceClassifier::load(&Files::directory(&self.0), Precision::F32).map_err(|e| e.to_string())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn where_the_model_is_divided_does_not_change_its_logits() {
    for name in MODELS {
        let files = Files::directory(folder(name));
        let whole = SequenceClassifier::load(&files, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
        let pairs = [("the ferry leaves at nine", "This text is about travel."), ("bread", "the rain")];
        let expected = whole.logits(&whole.tokenize_pairs(&pairs));
        for layers in 0..=whole.config().num_hidden_layers {
            let trunk = Trunk::load_layers(&files, layers, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(trunk.layers(), layers);
            let branch = Branch::load(&files, &trunk, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
            let batch = trunk.tokenize_pairs(&pairs);
            let logits = branch.forward(&batch, &trunk.forward(&batch));
            assert_eq!(logits.concat(), expected, "{name}: {layers} layers in the trunk");
        }
    }
}

#[test]
fn each_family_pools_as_its_head_in_transformers_does() {
    for (name, nonlinearity) in [
        ("bert", Nonlinearity::Tanh),
        ("mpnet", Nonlinearity::Tanh),
        ("roberta", Nonlinearity::Tanh),
        ("distilbert", Nonlinearity::Relu),
        ("deberta-v3", Nonlinearity::Gelu),
        ("deberta-v2-conv", Nonlinearity::Tanh),
    ] {
        let files = Files::directory(folder(name));
        let trunk = Trunk::load(&files, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
        let branch = Branch::load(&files, &trunk, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(branch.pooling(), Pooling::First(nonlinearity), "{name}");
        assert_eq!(branch.heads().len(), 1);
        assert_eq!(branch.heads()[0].name, "classifier");
    }
}

#[test]
fn the_order_of_a_pair_matters() {
    for name in MODELS {
        let files = Files::directory(folder(name));
        let model = SequenceClassifier::load(&files, Precision::F32).unwrap_or_else(|e| panic!("{e}"));
        let logits = |a: &str, b: &str| model.logits(&model.tokenize_pairs(&[(a, b)]));
        assert_ne!(logits("the rain", "the river"), logits("the river", "the rain"), "{name}");
    }
}

#[test]
fn sinusoidal_positions_need_not_be_in_the_file() {
    let copy = Copy::new("distilbert", "sinusoid");
    copy.without("distilbert.embeddings.position_embeddings.weight");
    let (with, without) = (Copy::new("distilbert", "table").load(), copy.load());
    let (with, without) = (with.unwrap_or_else(|e| panic!("{e}")), without.unwrap_or_else(|e| panic!("{e}")));
    let text = "the cat slept through it ".repeat(50);
    let batch = with.tokenize(&[&text, "bread"]);
    for (a, b) in with.logits(&batch).iter().zip(without.logits(&batch)) {
        assert!((a - b).abs() < 1e-4, "{a} with the table, {b} without");
    }
    copy.edit_config(|config| config["sinusoidal_pos_embds"] = false.into());
    assert!(
        copy.load().err().is_some_and(|e| e.contains("position_embeddings")),
        "learned ones must be there"
    );
}

#[test]
fn labels_come_from_the_config_or_are_numbered_as_transformers_does() {
    let copy = Copy::new("roberta", "labels");
    let named = copy.load().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(named.labels(), ["contradiction", "neutral", "entailment"]);
    copy.edit_config(|config| {
        config.as_object_mut().expect("an object").remove("id2label");
    });
    let unnamed = copy.load().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(unnamed.labels(), ["LABEL_0", "LABEL_1", "LABEL_2"]);
    copy.edit_config(|config| config["id2label"] = serde_json::json!({"0": "yes", "1": "no"}));
    let error = copy.load().err().expect("two labels for three logits");
    assert!(error.contains("\"classifier.out_proj.weight\" has shape [3, 32], expected [2, 32]"), "{error}");
}

#[test]
fn a_layer_or_head_that_is_missing_is_named() {
    for (model, tensor) in [
        ("bert", "bert.pooler.dense.weight"),
        ("bert", "classifier.bias"),
        ("roberta", "classifier.dense.weight"),
        ("roberta", "roberta.encoder.layer.1.output.dense.weight"),
        ("distilbert", "pre_classifier.weight"),
        ("distilbert", "distilbert.transformer.layer.1.ffn.lin2.weight"),
        ("deberta-v3", "pooler.dense.weight"),
        ("deberta-v2-conv", "deberta.embeddings.embed_proj.weight"),
        ("deberta-v2-conv", "deberta.embeddings.token_type_embeddings.weight"),
    ] {
        let copy = Copy::new(model, &format!("missing-{tensor}"));
        copy.without(tensor);
        let error = copy.load().err().unwrap_or_else(|| panic!("{model} loads without {tensor}"));
        assert!(error.contains(&format!("has no tensor {tensor:?}")), "{error}");
    }
    let copy = Copy::new("bert", "too-many-layers");
    copy.edit_config(|config| config["num_hidden_layers"] = 5.into());
    let error = copy.load().err().expect("the file has two layers");
    assert!(error.contains("encoder.layer."), "{error}");
}

#[test]
fn a_config_with_fewer_layers_than_the_file_uses_only_those() {
    let copy = Copy::new("bert", "fewer");
    let both = copy.load().unwrap_or_else(|e| panic!("{e}"));
    copy.edit_config(|config| config["num_hidden_layers"] = 1.into());
    let one = copy.load().unwrap_or_else(|e| panic!("{e}"));
    let batch = one.tokenize(&["the ferry leaves at nine"]);
    assert_ne!(one.logits(&batch), both.logits(&batch));
}

#[test]
fn any_pair_gives_finite_logits() {
    let huge = "x ".repeat(1 << 17);
    for name in MODELS {
        let files = Files::directory(folder(name));
        let model = SequenceClassifier::load(&files, Precision::Int8).unwrap_or_else(|e| panic!("{e}"));
        let texts = ["", " ", "\u{0}", "🏳️‍🌈💔", "もう無理", "\u{200b}\u{feff}", huge.as_str()];
        for first in texts {
            for second in texts {
                let batch = model.tokenize_pairs(&[(first, second)]);
                assert!(batch.tokens() <= model.config().max_tokens(), "{name}");
                assert_eq!(batch.truncated(0), first.len() > 99 || second.len() > 99, "{name}");
                assert!(model.logits(&batch).iter().all(|v| v.is_finite()), "{name}");
            }
        }
    }
}
