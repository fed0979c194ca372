//! What only `DeBERTa`'s config has (He et al. 2020, arXiv:2006.03654; v3: arXiv:2111.09543).
//!
//! Defaults are those of transformers' `DebertaV2Config` and of the code that reads it.

use serde::Deserialize;

use super::raw::Wrong;
use crate::error::EncoderError;
use crate::nonlinearity::Nonlinearity;

/// The shape of disentangled attention, and of `DeBERTa`'s embeddings and pooler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the file, free of the others")]
pub struct DebertaConfig {
    /// Attention scores depend on relative positions at all.
    pub relative_attention: bool,
    /// `pos_att_type` has `c2p`: a score part from the query and the key's relative position.
    pub content_to_position: bool,
    /// `pos_att_type` has `p2c`: a score part from the key and the query's relative position.
    pub position_to_content: bool,
    /// Distances beyond half of this share logarithmic buckets; `None`: every distance has its own.
    pub position_buckets: Option<usize>,
    /// Largest distance (`max_position_embeddings` if the file says −1); at least 2.
    pub max_relative_positions: usize,
    /// Positions are projected by the content's own query and key projections, not by
    /// `pos_key_proj` and `pos_query_proj`.
    pub share_att_key: bool,
    /// `norm_rel_ebd` has `layer_norm`: the table of relative positions is normalised
    /// (`encoder.LayerNorm`).
    pub norm_relative_embeddings: bool,
    /// Absolute positions are added to the words.
    pub position_biased_input: bool,
    /// A convolution beside the first layer (v2-xlarge and v2-xxlarge).
    pub conv: Option<Conv>,
    /// Between the pooler's matrix and the classifier.
    pub pooler_activation: Nonlinearity,
    /// Width of the word table; another than `hidden_size` needs `embeddings.embed_proj`.
    pub embedding_size: usize,
}

/// The convolution over tokens whose output is added to the first layer's, before a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    /// Tokens it spans; odd.
    pub kernel_size: usize,
    /// Channel groups; a divisor of `hidden_size`.
    pub groups: usize,
    /// Applied to its output.
    pub activation: Nonlinearity,
}

impl DebertaConfig {
    /// Half the rows of `encoder.rel_embeddings`: relative position 0 is row `span`.
    pub fn span(&self) -> usize {
        self.position_buckets.unwrap_or(self.max_relative_positions)
    }

    /// Scores are divided by √(head size × this): one for content, one for each position part.
    /// As in transformers it counts the parts of `pos_att_type` even without `relative_attention`.
    pub fn score_parts(&self) -> usize {
        1 + usize::from(self.content_to_position) + usize::from(self.position_to_content)
    }
}

/// The keys as they stand in the file. `legacy` chooses a masked-word head and is not read.
#[derive(Deserialize)]
pub(super) struct RawDeberta {
    #[serde(default)]
    relative_attention: bool,
    pos_att_type: Option<OneOrMany>,
    position_buckets: Option<i64>,
    max_relative_positions: Option<i64>,
    #[serde(default)]
    share_att_key: bool,
    norm_rel_ebd: Option<String>,
    position_biased_input: Option<bool>,
    conv_kernel_size: Option<i64>,
    conv_groups: Option<usize>,
    conv_act: Option<String>,
    pooler_hidden_act: Option<String>,
    pooler_hidden_size: Option<usize>,
    embedding_size: Option<usize>,
    attention_head_size: Option<usize>,
}

/// `"p2c|c2p"` or `["p2c", "c2p"]`.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl RawDeberta {
    pub(super) fn check(
        self,
        wrong: &Wrong<'_>,
        hidden_size: usize,
        heads: usize,
        max_positions: usize,
    ) -> Result<DebertaConfig, EncoderError> {
        let parts = match self.pos_att_type {
            None => Vec::new(),
            Some(OneOrMany::One(parts)) => words(&parts),
            Some(OneOrMany::Many(parts)) => parts,
        };
        if let Some(part) = parts.iter().find(|p| !matches!(p.as_str(), "c2p" | "p2c" | "")) {
            return Err(wrong.value("pos_att_type", &part, "c2p, p2c or both"));
        }
        let norms = words(self.norm_rel_ebd.as_deref().unwrap_or("none"));
        if let Some(norm) = norms.iter().find(|n| !matches!(n.as_str(), "none" | "layer_norm" | "")) {
            return Err(wrong.value("norm_rel_ebd", &norm, "none or layer_norm"));
        }
        let most = 1_i64 << 13;
        let buckets = self.position_buckets.unwrap_or(-1);
        if buckets == 1 || buckets > most {
            return Err(wrong.value("position_buckets", &buckets, &format!("-1 or 2 to {most}")));
        }
        let distance = match self.max_relative_positions {
            Some(distance) if distance >= 1 => distance,
            _ => max_positions.cast_signed() as i64,
        };
        if !(2..=most).contains(&distance) {
            return Err(wrong.value("max_relative_positions", &distance, &format!("-1 or 2 to {most}")));
        }
        if buckets > 0 && distance - 1 <= buckets / 2 {
            let found = format!("{buckets} for {distance} relative positions");
            return Err(wrong.value("position_buckets", &found, "less than twice as many as distances"));
        }
        let pooler = self.pooler_hidden_act.unwrap_or_else(|| "gelu".to_owned());
        let pooler_activation = Nonlinearity::named(&pooler)
            .ok_or_else(|| wrong.value("pooler_hidden_act", &pooler, "gelu, tanh or relu"))?;
        for (key, found, expected) in [
            ("pooler_hidden_size", self.pooler_hidden_size, hidden_size),
            ("attention_head_size", self.attention_head_size, hidden_size / heads),
        ] {
            if let Some(found) = found.filter(|&f| f != expected) {
                return Err(wrong.value(key, &found, &format!("{expected}, which hidden_size asks for")));
            }
        }
        let embedding_size = self.embedding_size.unwrap_or(hidden_size);
        if embedding_size == 0 || embedding_size > 1 << 13 {
            return Err(wrong.value("embedding_size", &embedding_size, &format!("1 to {}", 1 << 13)));
        }
        let conv = conv(
            wrong,
            self.conv_kernel_size.unwrap_or(0),
            self.conv_groups.unwrap_or(1),
            self.conv_act.as_deref().unwrap_or("tanh"),
            hidden_size,
        )?;
        Ok(DebertaConfig {
            relative_attention: self.relative_attention,
            content_to_position: parts.iter().any(|p| p == "c2p"),
            position_to_content: parts.iter().any(|p| p == "p2c"),
            position_buckets: (buckets > 0).then_some(buckets as usize),
            max_relative_positions: distance as usize,
            share_att_key: self.share_att_key,
            norm_relative_embeddings: norms.iter().any(|n| n == "layer_norm"),
            position_biased_input: self.position_biased_input.unwrap_or(true),
            conv,
            pooler_activation,
            embedding_size,
        })
    }
}

fn words(parts: &str) -> Vec<String> {
    parts.to_lowercase().split('|').map(|p| p.trim().to_owned()).collect()
}

fn conv(
    wrong: &Wrong<'_>,
    kernel_size: i64,
    groups: usize,
    act: &str,
    hidden_size: usize,
) -> Result<Option<Conv>, EncoderError> {
    if kernel_size <= 0 {
        return Ok(None);
    }
    if kernel_size % 2 == 0 || kernel_size > 31 {
        return Err(wrong.value("conv_kernel_size", &kernel_size, "0 or an odd number up to 31"));
    }
    if groups == 0 || !hidden_size.is_multiple_of(groups) {
        return Err(wrong.value("conv_groups", &groups, "a divisor of hidden_size"));
    }
    let activation =
        Nonlinearity::named(act).ok_or_else(|| wrong.value("conv_act", &act, "gelu, tanh or relu"))?;
    Ok(Some(Conv { kernel_size: kernel_size as usize, groups, activation }))
}
