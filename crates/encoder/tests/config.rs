//! Promise: a config is read as transformers reads it, and one that cannot be served says which key is wrong.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use ash_encoder::config::Conv;
use ash_encoder::{Config, DebertaConfig, Files, ModelType, Nonlinearity};
use serde_json::{Value, json};

/// Write a config into a folder of its own, and read it through the door.
fn read(case: &str, config: &Value) -> Result<Config, String> {
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    // Two tests may read a case of one name at the same time.
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let name = format!("ash-encoder-config-{}-{number}-{case}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    std::fs::write(folder.join("config.json"), config.to_string()).expect("written");
    let config = Config::read(&Files::directory(&folder)).map_err(|e| e.to_string());
    std::fs::remove_dir_all(&folder).expect("own folder");
    config
}

fn with(base: &Value, key: &str, value: Value) -> Value {
    let mut config = base.clone();
    config[key] = value;
    config
}

/// The keys that no family has a default for.
fn minimal(model_type: &str) -> Value {
    json!({
        "model_type": model_type, "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 514
    })
}

fn deberta(key: &str, value: Value) -> Result<DebertaConfig, String> {
    let config = read(&format!("deberta-{key}"), &with(&minimal("deberta-v2"), key, value))?;
    Ok(config.deberta.expect("a DeBERTa config"))
}

#[test]
fn every_committed_model_has_the_shape_that_its_config_says() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/classifiers");
    let mut seen = 0;
    for entry in std::fs::read_dir(data).expect("committed") {
        let folder = entry.expect("an entry").path();
        let config = Config::read(&Files::directory(&folder)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((config.hidden_size, config.num_attention_heads, config.intermediate_size), (32, 4, 48));
        assert_eq!(config.deberta.is_some(), config.model_type == ModelType::DebertaV2);
        assert_eq!(config.labels.len(), config.label2id.len());
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn what_a_config_leaves_out_has_the_default_of_its_family() {
    for (name, padding, types, first, longest) in [
        ("bert", 0, 2, 0, 512),
        ("mpnet", 1, 0, 2, 512),
        ("roberta", 1, 2, 2, 512),
        ("xlm-roberta", 1, 2, 2, 512),
        ("deberta-v2", 0, 0, 0, 512),
    ] {
        let config = read(name, &minimal(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(config.model_type.as_str(), name);
        assert_eq!((config.pad_token_id, config.type_vocab_size), (padding, types), "{name}");
        assert_eq!((config.first_position(), config.max_tokens()), (first, longest), "{name}");
        assert!(config.labels.is_empty() && config.label2id.is_empty());
    }
}

#[test]
fn distilbert_has_other_names_for_its_sizes() {
    let config = json!({
        "model_type": "distilbert", "vocab_size": 100, "dim": 32, "n_layers": 3, "n_heads": 2,
        "hidden_dim": 64, "max_position_embeddings": 128
    });
    let read_config = read("distil", &config).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        (read_config.hidden_size, read_config.num_hidden_layers, read_config.num_attention_heads),
        (32, 3, 2)
    );
    assert_eq!((read_config.intermediate_size, read_config.max_tokens()), (64, 128));
    for (key, value, expected) in [
        ("dim", json!(null), "dim is missing; expected 1 to 8192"),
        ("n_heads", json!(5), "n_heads is 5 for dim 32; expected a divisor of dim"),
        ("activation", json!("relu"), "activation is relu; expected gelu"),
    ] {
        let error = read("distil-wrong", &with(&config, key, value)).expect_err(key);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn deberta_positions_are_read_in_both_spellings() {
    let plain = read("deberta", &minimal("deberta-v2")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        plain.deberta,
        Some(DebertaConfig {
            relative_attention: false,
            content_to_position: false,
            position_to_content: false,
            position_buckets: None,
            max_relative_positions: 514,
            share_att_key: false,
            norm_relative_embeddings: false,
            position_biased_input: true,
            conv: None,
            pooler_activation: Nonlinearity::Gelu,
            embedding_size: 32,
        })
    );
    for value in [json!("p2c|c2p"), json!(["c2p", "p2c"]), json!("C2P | P2C")] {
        let config = deberta("pos_att_type", value).unwrap_or_else(|e| panic!("{e}"));
        assert!(config.content_to_position && config.position_to_content);
        assert_eq!(config.score_parts(), 3);
    }
    let one = deberta("pos_att_type", json!("c2p")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((one.content_to_position, one.position_to_content, one.score_parts()), (true, false, 2));

    for (buckets, span) in [(json!(256), 256), (json!(-1), 514), (json!(0), 514)] {
        assert_eq!(deberta("position_buckets", buckets).map(|d| d.span()), Ok(span));
    }
    assert_eq!(deberta("max_relative_positions", json!(64)).map(|d| d.span()), Ok(64));
    for (norm, expected) in [("none", false), ("layer_norm", true), ("Layer_Norm|none", true)] {
        let got = deberta("norm_rel_ebd", json!(norm)).map(|d| d.norm_relative_embeddings);
        assert_eq!(got, Ok(expected), "{norm}");
    }
}

#[test]
fn deberta_without_absolute_positions_still_has_a_longest_text() {
    let config = with(&minimal("deberta-v2"), "position_biased_input", json!(false));
    let config = read("v3", &config).unwrap_or_else(|e| panic!("{e}"));
    assert!(!config.has_absolute_positions());
    assert_eq!(config.max_tokens(), 512);
}

#[test]
fn debertas_convolution_has_a_size_groups_and_a_function() {
    let base = with(&minimal("deberta-v2"), "conv_kernel_size", json!(3));
    let config = read("conv", &base).unwrap_or_else(|e| panic!("{e}"));
    let conv = config.deberta.and_then(|d| d.conv);
    assert_eq!(conv, Some(Conv { kernel_size: 3, groups: 1, activation: Nonlinearity::Tanh }));
    for (key, value, expected) in [
        ("conv_kernel_size", json!(4), "conv_kernel_size is 4; expected 0 or an odd number"),
        ("conv_groups", json!(5), "conv_groups is 5; expected a divisor of hidden_size"),
        ("conv_act", json!("swish"), "conv_act is swish; expected gelu, tanh or relu"),
    ] {
        let error = read("conv-wrong", &with(&base, key, value)).expect_err(key);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_deberta_that_cannot_be_served_says_what_could() {
    for (key, value, expected) in [
        ("pos_att_type", json!("p2p|c2p"), "pos_att_type is p2p; expected c2p, p2c or both"),
        ("norm_rel_ebd", json!("batch_norm"), "norm_rel_ebd is batch_norm; expected none or layer_norm"),
        ("position_buckets", json!(1), "position_buckets is 1; expected -1 or 2 to"),
        ("position_buckets", json!(1200), "less than twice as many as distances"),
        ("max_relative_positions", json!(1), "max_relative_positions is 1; expected -1 or 2 to"),
        ("pooler_hidden_act", json!("mish"), "pooler_hidden_act is mish; expected gelu, tanh or relu"),
        ("pooler_hidden_size", json!(16), "pooler_hidden_size is 16; expected 32"),
        ("attention_head_size", json!(16), "attention_head_size is 16; expected 8"),
        ("embedding_size", json!(0), "embedding_size is 0; expected 1 to"),
        ("hidden_act", json!("relu"), "hidden_act is relu; expected gelu"),
    ] {
        let error = deberta(key, value).expect_err(key);
        assert!(error.contains(expected) && error.contains("config.json"), "{error}");
    }
}

#[test]
fn debertas_keys_mean_nothing_in_other_families() {
    let mut config = minimal("bert");
    for key in ["pos_att_type", "position_buckets", "conv_kernel_size", "norm_rel_ebd", "embedding_size"] {
        config[key] = json!({"anything": true});
    }
    assert!(read("foreign", &config).is_ok_and(|c| c.deberta.is_none()));
}

#[test]
fn deberta_v1_is_named_with_what_is_supported() {
    let error = read("v1", &minimal("deberta")).expect_err("another architecture");
    assert!(error.contains("\"deberta\" is not supported; supported are bert, mpnet, roberta"), "{error}");
}
