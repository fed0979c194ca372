//! A profile like the compact one, but with a few hundred random weights, written to a directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, serialize_to_file};
use serde_json::json;

const HIDDEN: usize = 16;
const WORDS: [&str; 12] =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "i", "am", "fine", "not", "tired", "of", "all", "this"];

pub(crate) const MODELS: [&str; 3] = ["depression", "sentiment", "emotional_distress"];
pub(crate) const MAX_TOKENS: usize = 64;

/// Writes `profile.json`, the trunk, and the three models.
pub(crate) fn write(root: &Path) {
    let profile = json!({"format": 1, "name": "tiny", "trunk": "trunk", "models": MODELS});
    fs::write(root.join("profile.json"), profile.to_string()).unwrap();
    write_trunk(&root.join("trunk"));
    for (seed, name) in (1..).zip(MODELS) {
        write_model(&root.join(name), name, seed);
    }
}

fn write_trunk(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let config = json!({
        "model_type": "bert", "vocab_size": WORDS.len(), "hidden_size": HIDDEN, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 2 * HIDDEN, "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "pad_token_id": 0,
    });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();

    let special = |id: usize| {
        json!({"id": id, "content": WORDS[id], "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true})
    };
    let vocab: BTreeMap<&str, usize> = WORDS.iter().enumerate().map(|(id, word)| (*word, id)).collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "decoder": null,
        "added_tokens": [special(0), special(1), special(2), special(3)],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();

    let mut weights = Weights::new(7);
    weights.add("embeddings.word_embeddings.weight", &[WORDS.len(), HIDDEN]);
    weights.add("embeddings.position_embeddings.weight", &[MAX_TOKENS, HIDDEN]);
    weights.add("embeddings.token_type_embeddings.weight", &[2, HIDDEN]);
    weights.norm("embeddings.LayerNorm");
    weights.layer(0);
    weights.save(folder);
}

fn write_model(folder: &Path, name: &str, seed: u32) {
    fs::create_dir(folder).unwrap();
    let label = |name: &str, severity: f32| json!({"name": name, "severity": severity});
    let manifest = json!({
        "format": 1, "name": name,
        "primary": {"head": "level", "temperature": 1.0,
                    "labels": [label("none", 0.0), label("some", 0.5), label("much", 1.0)]},
        "tags": {"head": "category", "labels": ["a", "b"], "activation": "sigmoid"},
        "training": {"seed": seed}, "metrics": null,
    });
    fs::write(folder.join("model.json"), manifest.to_string()).unwrap();

    let mut weights = Weights::new(seed);
    weights.layer(1);
    weights.linear("heads.level", 3, HIDDEN);
    weights.linear("heads.category", 2, HIDDEN);
    weights.save(folder);
}

/// Random tensors under their names.
struct Weights {
    state: u32,
    tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)>,
}

impl Weights {
    fn new(seed: u32) -> Self {
        Weights { state: seed, tensors: BTreeMap::new() }
    }

    fn add(&mut self, name: &str, shape: &[usize]) {
        let values = (0..shape.iter().product()).flat_map(|_| self.next().to_le_bytes()).collect();
        self.tensors.insert(name.to_owned(), (shape.to_vec(), values));
    }

    /// A linear congruential generator (Numerical Recipes), in ±0.5.
    fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.state >> 8) as f32 / (1 << 24) as f32 - 0.5
    }

    fn linear(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.add(&format!("{name}.weight"), &[outputs, inputs]);
        self.add(&format!("{name}.bias"), &[outputs]);
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[HIDDEN]);
        self.add(&format!("{name}.bias"), &[HIDDEN]);
    }

    fn layer(&mut self, index: usize) {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        for part in
            ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"]
        {
            self.linear(&name(part), HIDDEN, HIDDEN);
        }
        self.linear(&name("intermediate.dense"), 2 * HIDDEN, HIDDEN);
        self.linear(&name("output.dense"), HIDDEN, 2 * HIDDEN);
        self.norm(&name("attention.output.LayerNorm"));
        self.norm(&name("output.LayerNorm"));
    }

    fn save(&self, folder: &Path) {
        let view = |shape: &Vec<usize>, bytes| TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        let tensors = self.tensors.iter().map(|(name, (shape, bytes))| (name, view(shape, bytes)));
        serialize_to_file(tensors, None, &folder.join("model.safetensors")).unwrap();
    }
}
