//! Promise: a converted file is the original, quantised: same answers to the bit, a quarter of the
//! size, and what was to stay f32 does.

use std::fs;
use std::path::{Path, PathBuf};

use ash_encoder::convert::{Converted, quantise};
use ash_encoder::{Branch, Files, Keep, Precision, SequenceClassifier, Trunk};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

const TEXTS: [&str; 4] = ["the cat sat", "", "we went home. the dog was not there", "a b c d e f g h"];

/// A folder that is gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ash-encoder-convert-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    /// A folder with the tiny model's config and tokenizer, and weights as `edit` makes them.
    fn model(name: &str, of: &str, edit: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let folder = Folder::new(name);
        for file in ["config.json", "tokenizer.json"] {
            fs::copy(tiny(of).join(file), folder.0.join(file)).expect("a copy");
        }
        let weights = fs::read(tiny(of).join("model.safetensors")).expect("weights");
        fs::write(folder.0.join("model.safetensors"), edit(&weights)).expect("weights");
        folder
    }

    fn files(&self) -> Files {
        Files::directory(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tiny(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn keep(patterns: &[&str]) -> Vec<Keep> {
    patterns.iter().map(|p| p.parse().expect("every text is a pattern")).collect()
}

/// Converts the weights in `from` into a folder of its own.
fn converted(from: &Files, of: &str, name: &str) -> (Folder, Converted) {
    let to = Folder::model(name, of, <[u8]>::to_vec);
    let done = quantise(from, &to.0, &mut |_, _| ()).unwrap_or_else(|e| panic!("{e}"));
    (to, done)
}

fn logits(files: &Files, precision: Precision) -> Vec<Vec<f32>> {
    let trunk = Trunk::load(files, precision).unwrap_or_else(|e| panic!("{e}"));
    let branch = Branch::load(files, &trunk, precision).unwrap_or_else(|e| panic!("{e}"));
    let batch = trunk.tokenize(&TEXTS);
    branch.forward(&batch, &trunk.forward(&batch))
}

/// Every float tensor in another type.
fn cast(weights: &[u8], to: Dtype) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(weights).expect("safetensors");
    let cast = |t: &TensorView| -> Vec<u8> {
        let values = t.data().as_chunks().0.iter().map(|&v| f32::from_le_bytes(v));
        match to {
            Dtype::F16 => values.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect(),
            _ => values.flat_map(|v| half::bf16::from_f32(v).to_le_bytes()).collect(),
        }
    };
    let all: Vec<_> = tensors.tensors().into_iter().map(|(n, t)| (n, t.shape().to_vec(), cast(&t))).collect();
    let views = all.iter().map(|(n, s, d)| (n, TensorView::new(to, s.clone(), d).expect("a tensor")));
    safetensors::serialize(views, None).expect("safetensors")
}

#[test]
fn a_converted_file_answers_to_the_bit_as_the_original_quantised_at_load() {
    for of in ["bert", "mpnet"] {
        for (name, dtype) in [("f32", None), ("f16", Some(Dtype::F16)), ("bf16", Some(Dtype::BF16))] {
            let source = Folder::model(&format!("source-{of}-{name}"), of, |weights| {
                dtype.map_or_else(|| weights.to_vec(), |d| cast(weights, d))
            });
            let (int8, done) = converted(&source.files(), of, &format!("int8-{of}-{name}"));
            assert!(done.quantised > 18 && done.kept_f32.is_empty(), "{of} {name}: {done:?}");
            let at_load = logits(&source.files(), Precision::Int8);
            assert_eq!(logits(&int8.files(), Precision::Int8), at_load, "{of} in {name}");
            assert_ne!(logits(&source.files(), Precision::F32), at_load, "{of} in {name} was quantised");
        }
    }
}

#[test]
fn the_file_is_safetensors_with_integers_and_a_scale_a_row() {
    let (int8, done) = converted(&Files::directory(tiny("mpnet")), "mpnet", "layout");
    let bytes = fs::read(int8.0.join("model.safetensors")).expect("weights");
    assert_eq!(bytes.len() as u64, done.bytes_after);
    let tensors = SafeTensors::deserialize(&bytes).expect("other programs read it too");
    let original = fs::read(tiny("mpnet").join("model.safetensors")).expect("weights");
    let original = SafeTensors::deserialize(&original).expect("safetensors");
    for (name, source) in original.tensors() {
        let got = tensors.tensor(&name).expect("every tensor is there");
        assert_eq!(got.shape(), source.shape(), "{name}");
        if got.dtype() == Dtype::I8 {
            let scales = tensors.tensor(&format!("{name}_scale")).expect("scales");
            assert_eq!((scales.dtype(), scales.shape()), (Dtype::F32, &got.shape()[..1]), "{name}");
            let largest = got.data().iter().map(|b| b.cast_signed().unsigned_abs()).max();
            assert_eq!(largest, Some(127), "{name} uses its whole range");
        } else {
            assert_eq!(got.data(), source.data(), "{name} is untouched");
        }
    }
    assert!(!int8.0.join("model.safetensors.part").exists());
}

#[test]
fn what_is_kept_runs_in_f32_and_only_that() {
    let original = Files::directory(tiny("mpnet"));
    let (exact, int8) = (logits(&original, Precision::F32), logits(&original, Precision::Int8));

    let all = keep(&["0", "1", "2", "embeddings"]);
    let (everything, done) = converted(&original.clone().keeping_f32(all), "mpnet", "keep-all");
    assert_eq!(done.quantised, 0);
    assert_eq!(logits(&everything.files(), Precision::Int8), exact, "nothing is left to quantise");

    for pattern in ["1", "embeddings", "output.dense", "attn.q"] {
        let asked = original.clone().keeping_f32(keep(&[pattern]));
        let (mixed, done) = converted(&asked, "mpnet", &format!("keep-{pattern}"));
        assert!(!done.kept_f32.is_empty() && done.quantised > 0, "{pattern}: {done:?}");
        let got = logits(&mixed.files(), Precision::Int8);
        assert_eq!(got, logits(&asked, Precision::Int8), "{pattern}: in the file as at load");
        assert!(got != exact && got != int8, "{pattern}: neither all nor nothing is kept");
        // In f32 the kept matrices are those of the original.
        assert_ne!(logits(&mixed.files(), Precision::F32), exact, "{pattern}: the others are rounded");
    }
}

#[test]
fn what_cannot_be_converted_is_said_and_leaves_nothing_behind() {
    let original = Files::directory(tiny("bert"));
    let to = Folder::new("refused");
    let refuse = |files: &Files| {
        let error = quantise(files, &to.0, &mut |_, _| ()).expect_err("it cannot be converted").to_string();
        assert_eq!(fs::read_dir(&to.0).expect("the folder").count(), 0, "{error}");
        error
    };

    let error = refuse(&original.clone().keeping_f32(keep(&["7"])));
    assert!(error.contains("matches \"7\"") && error.contains("0 to 2"), "{error}");

    let (int8, _) = converted(&original, "bert", "twice");
    assert!(refuse(&int8.files()).ends_with("model.safetensors is int8 already"));
    let (mixed, _) = converted(&original.clone().keeping_f32(keep(&["0"])), "bert", "twice-mixed");
    assert!(refuse(&mixed.files()).ends_with("model.safetensors is int8 already"));

    let head = |weights: &[u8]| {
        let tensors = SafeTensors::deserialize(weights).expect("safetensors");
        let heads = tensors.tensors().into_iter().filter(|(name, _)| name.starts_with("classifier"));
        safetensors::serialize(heads, None).expect("safetensors")
    };
    assert!(refuse(&Folder::model("head", "bert", head).files()).contains("no matrix to quantise"));

    let nan = |weights: &[u8]| {
        let mut weights = weights.to_vec();
        let end = weights.len();
        weights[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        weights
    };
    assert!(refuse(&Folder::model("nan", "bert", nan).files()).contains("is not finite"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_leaves_nothing_behind() {
    let to = Folder::new("full");
    std::os::unix::fs::symlink(Path::new("/dev/full"), to.0.join("model.safetensors.part")).expect("a link");
    let error = quantise(&Files::directory(tiny("bert")), &to.0, &mut |_, _| ()).expect_err("it is full");
    assert!(error.to_string().contains("model.safetensors.part: No space left"), "{error}");
    assert_eq!(fs::read_dir(&to.0).expect("the folder").count(), 0);
}

/// Of every plain model: converted and quantised at load, on a text and on pairs.
fn a_converted_classifier_answers_to_the_bit(of: &str) {
    let of = format!("classifiers/{of}");
    let logits = |files: &Files, precision| {
        let model = SequenceClassifier::load(files, precision).unwrap_or_else(|e| panic!("{of}: {e}"));
        let texts = model.logits(&model.tokenize(&TEXTS));
        [texts, model.logits(&model.tokenize_pairs(&[("the cat sat", "a dog"), ("", "home")]))].concat()
    };
    let original = Files::directory(tiny(&of));
    let (int8, done) = converted(&original, &of, &of.replace('/', "-"));
    assert!(done.quantised > 6, "{of}: {done:?}");
    let at_load = logits(&original, Precision::Int8);
    assert_eq!(logits(&int8.files(), Precision::Int8), at_load, "{of}");
    assert_ne!(logits(&original, Precision::F32), at_load, "{of} was quantised");
}

#[test]
fn converted_classifiers_of_every_family_but_deberta_answer_to_the_bit() {
    ["bert", "mpnet", "roberta", "xlm-roberta", "distilbert"]
        .into_iter()
        .for_each(a_converted_classifier_answers_to_the_bit);
}

#[test]
fn converted_deberta_classifiers_answer_to_the_bit() {
    ["deberta-v3", "deberta-v2-conv", "deberta-own-projections", "deberta-c2p", "deberta-p2c"]
        .into_iter()
        .for_each(a_converted_classifier_answers_to_the_bit);
}
