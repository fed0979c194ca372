//! Which matrices stay in f32 when a model becomes int8.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A pattern for matrices that stay in f32: `7`, `embeddings`, or a part of a tensor's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// Every matrix of layer N, as the file numbers them (from 0).
    Layer(usize),
    /// The word table.
    Embeddings,
    /// Every matrix whose name contains this, such as `output.dense`.
    Name(String),
}

impl FromStr for Keep {
    type Err = Infallible;

    /// Every text is a pattern; whether it matches anything, the conversion says.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match (text, text.parse()) {
            (_, Ok(layer)) => Keep::Layer(layer),
            ("embeddings", _) => Keep::Embeddings,
            _ => Keep::Name(text.to_owned()),
        })
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keep::Layer(n) => write!(f, "{n}"),
            Keep::Embeddings => f.write_str("embeddings"),
            Keep::Name(part) => f.write_str(part),
        }
    }
}

impl Keep {
    /// Does it match this tensor? Query, key and value of a layer run as one product, so what
    /// matches one of them matches all three.
    pub fn matches(&self, tensor: &str) -> bool {
        match self {
            Keep::Layer(n) => layer_of(tensor) == Some(*n),
            Keep::Embeddings => tensor.contains(WORDS),
            Keep::Name(part) => tensor.contains(part.as_str()) || run_with(tensor, part),
        }
    }
}

/// Does any of the patterns match this tensor?
pub(crate) fn keeps(patterns: &[Keep], tensor: &str) -> bool {
    patterns.iter().any(|p| p.matches(tensor))
}

/// Is a matrix of this name quantised, if nothing keeps it? Those of the layers and the word table:
/// nearly all weights. Poolers, heads, positions and norms stay f32 always: they are small, and
/// every verdict passes through them.
pub(crate) fn is_quantised(tensor: &str) -> bool {
    layer_of(tensor).is_some() || tensor.contains(WORDS)
}

const WORDS: &str = "word_embeddings.weight";

/// The number of the layer that a tensor belongs to: `….layer.7.…` → 7.
pub fn layer_of(tensor: &str) -> Option<usize> {
    let mut parts = tensor.split('.').skip_while(|&part| part != "layer").skip(1);
    parts.next()?.parse().ok()
}

/// Names of the three projections in the families that are implemented.
const PROJECTIONS: [[&str; 3]; 4] = [
    ["self.query.", "self.key.", "self.value."],
    ["self.query_proj.", "self.key_proj.", "self.value_proj."],
    ["attn.q.", "attn.k.", "attn.v."],
    ["q_lin.", "k_lin.", "v_lin."],
];

/// Is `tensor` one of three projections of which another one contains `part`?
fn run_with(tensor: &str, part: &str) -> bool {
    PROJECTIONS.iter().any(|three| {
        let own = three.iter().find(|own| tensor.contains(*own));
        own.is_some_and(|own| three.iter().any(|other| tensor.replace(own, other).contains(part)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_layer_the_word_table_or_a_part_of_a_name() {
        struct Case {
            pattern: &'static str,
            tensor: &'static str,
            matches: bool,
        }
        let value = "deberta.encoder.layer.11.attention.self.value_proj.weight";
        let cases = [
            Case { pattern: "11", tensor: value, matches: true },
            Case { pattern: "1", tensor: value, matches: false },
            Case {
                pattern: "embeddings",
                tensor: "deberta.embeddings.word_embeddings.weight",
                matches: true,
            },
            Case { pattern: "embeddings", tensor: "deberta.encoder.rel_embeddings.weight", matches: false },
            Case {
                pattern: "output.dense",
                tensor: "bert.encoder.layer.0.output.dense.weight",
                matches: true,
            },
            Case { pattern: "output.dense", tensor: value, matches: false },
            // One product: keeping the query keeps key and value.
            Case { pattern: "query_proj", tensor: value, matches: true },
            Case { pattern: "attn.q", tensor: "encoder.layer.2.attention.attn.k.weight", matches: true },
            Case { pattern: "attn.q", tensor: "encoder.layer.2.attention.attn.o.weight", matches: false },
        ];
        for Case { pattern, tensor, matches } in cases {
            let Ok(keep) = pattern.parse::<Keep>();
            assert_eq!(keep.matches(tensor), matches, "{pattern} on {tensor}");
            assert_eq!(keep.to_string(), pattern);
        }
    }

    #[test]
    fn layers_and_the_word_table_are_quantised_and_nothing_else() {
        assert!(is_quantised("distilbert.transformer.layer.5.ffn.lin1.weight"));
        assert!(is_quantised("embeddings.word_embeddings.weight"));
        for float in [
            "classifier.weight",
            "pooler.dense.weight",
            "deberta.encoder.rel_embeddings.weight",
            "embeddings.position_embeddings.weight",
            "heads.level.weight",
            "encoder.relative_attention_bias.weight",
        ] {
            assert!(!is_quantised(float), "{float}");
        }
    }
}
