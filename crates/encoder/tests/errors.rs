//! Promise: a model that cannot be loaded says which file, which tensor, what was expected and what was found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ash_encoder::{Branch, Files, Precision, Trunk};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

fn original() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/mpnet")
}

/// A copy of the tiny model in a folder of its own, gone when dropped.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ash-encoder-errors-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        for file in FILES {
            std::fs::copy(original().join(file), folder.join(file)).expect("a copy");
        }
        Copy(folder)
    }

    fn edit_config(&self, from: &str, to: &str) {
        let path = self.0.join("config.json");
        let text = std::fs::read_to_string(&path).expect("config");
        assert!(text.contains(from), "{from} is in the config");
        std::fs::write(path, text.replace(from, to)).expect("config");
    }

    /// Rewrite the weights with some tensors changed: `(type, shape, bytes)`, or left out.
    fn edit_weights(
        &self,
        edit: impl Fn(&str, Dtype, &[usize], &[u8]) -> Option<(Dtype, Vec<usize>, Vec<u8>)>,
    ) {
        let path = self.0.join("model.safetensors");
        let bytes = std::fs::read(&path).expect("weights");
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors");
        let edited: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = tensors
            .tensors()
            .into_iter()
            .filter_map(|(name, t)| Some((name.clone(), edit(&name, t.dtype(), t.shape(), t.data())?)))
            .collect();
        let views: BTreeMap<&str, TensorView> = edited
            .iter()
            .map(|(n, (d, s, b))| (n.as_str(), TensorView::new(*d, s.clone(), b).expect("a tensor")))
            .collect();
        std::fs::write(path, safetensors::serialize(views, None).expect("safetensors")).expect("weights");
    }

    fn error(&self) -> String {
        load(&self.0).expect_err("this model cannot be loaded")
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn load(folder: &Path) -> Result<(), String> {
    let files = Files::directory(folder);
    let trunk = Trunk::load(&files, Precision::Int8).map_err(|e| e.to_string())?;
    Branch::load(&files, &trunk, Precision::Int8).map(|_| ()).map_err(|e| e.to_string())
}

#[test]
fn the_untouched_copy_loads() {
    let copy = Copy::new("untouched");
    assert_eq!(load(&copy.0), Ok(()));
}

#[test]
fn a_missing_empty_or_broken_file_is_named() {
    for file in FILES {
        let copy = Copy::new(&format!("missing-{file}"));
        std::fs::remove_file(copy.0.join(file)).expect("there");
        assert!(copy.error().contains(file), "{}", copy.error());
        std::fs::write(copy.0.join(file), b"").expect("written");
        assert!(copy.error().contains(file), "{}", copy.error());
        std::fs::write(copy.0.join(file), b"\x07\0\0\0\0\0\0\0not json").expect("written");
        assert!(copy.error().contains(file), "{}", copy.error());
    }
}

#[test]
fn a_config_that_cannot_be_served_says_what_could() {
    for (from, to, expected) in [
        (
            "\"mpnet\"",
            "\"gpt2\"",
            "model_type \"gpt2\" is not supported; \
             supported are bert, mpnet, roberta, xlm-roberta, distilbert, deberta-v2",
        ),
        ("\"gelu\"", "\"relu\"", "hidden_act is relu; expected gelu"),
        ("\"num_attention_heads\": 4", "\"num_attention_heads\": 5", "a divisor of hidden_size"),
        (
            "\"num_attention_heads\": 4",
            "\"num_attention_heads\": 0",
            "num_attention_heads is 0; expected 1 to",
        ),
        (
            "\"max_position_embeddings\": 202",
            "\"max_position_embeddings\": 3",
            "room for at least three tokens",
        ),
    ] {
        let copy = Copy::new(&format!("config-{}", expected.len()));
        copy.edit_config(from, to);
        assert!(copy.error().contains(expected), "{to}: {}", copy.error());
        assert!(copy.error().contains("config.json"), "{}", copy.error());
    }
}

#[test]
fn a_tensor_that_is_missing_misshapen_or_of_another_type_is_named() {
    let name = "encoder.layer.1.output.dense.weight";
    let copy = Copy::new("no-tensor");
    copy.edit_weights(|n, d, s, b| (n != name).then(|| (d, s.to_vec(), b.to_vec())));
    assert!(
        copy.error().ends_with(&format!("has no tensor {name:?} (expected shape [32, 64])")),
        "{}",
        copy.error()
    );

    let copy = Copy::new("shape");
    copy.edit_weights(|n, d, s, b| Some((d, if n == name { vec![64, 32] } else { s.to_vec() }, b.to_vec())));
    let expected = format!("tensor {name:?} has shape [64, 32], expected [32, 64]");
    assert!(copy.error().ends_with(&expected), "{}", copy.error());

    let copy = Copy::new("type");
    copy.edit_weights(|n, d, s, b| Some((if n == name { Dtype::I32 } else { d }, s.to_vec(), b.to_vec())));
    assert!(
        copy.error().contains(&format!("tensor {name:?} is I32, expected one of F32")),
        "{}",
        copy.error()
    );

    let copy = Copy::new("nan");
    copy.edit_weights(|n, d, s, b| {
        let mut bytes = b.to_vec();
        if n == name {
            bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
        Some((d, s.to_vec(), bytes))
    });
    assert!(copy.error().contains("is not finite"), "{}", copy.error());

    let copy = Copy::new("no-heads");
    copy.edit_weights(|n, d, s, b| (!n.starts_with("heads.")).then(|| (d, s.to_vec(), b.to_vec())));
    assert!(copy.error().contains("heads.*.weight or classifier.out_proj.weight"), "{}", copy.error());
}

#[test]
fn half_precision_weights_are_read() {
    for (dtype, name) in [(Dtype::F16, "f16"), (Dtype::BF16, "bf16")] {
        let copy = Copy::new(name);
        copy.edit_weights(|_, d, s, b| {
            assert_eq!(d, Dtype::F32);
            let values = b.as_chunks().0.iter().map(|&v| f32::from_le_bytes(v));
            let bytes = match dtype {
                Dtype::F16 => values.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect(),
                _ => values.flat_map(|v| half::bf16::from_f32(v).to_le_bytes()).collect(),
            };
            Some((dtype, s.to_vec(), bytes))
        });
        assert_eq!(load(&copy.0), Ok(()), "{name}");
    }
}
