//! `DeBERTa` v2 and v3 (He et al. 2020, arXiv:2006.03654; 2021, arXiv:2111.09543): disentangled
//! attention.

use super::{HeadNames, LayerNames};
use crate::config::Config;
use crate::error::EncoderError;
use crate::kernels::{Activation, Distances, LayerNorm, Linear, Precision, RelativePositions, Rows};
use crate::nonlinearity::Nonlinearity;
use crate::recording::Op;
use crate::weights::Weights;

pub(super) fn layer_names(base: &str) -> LayerNames {
    let name = |part: &str| format!("{base}.{part}");
    LayerNames {
        query: name("attention.self.query_proj"),
        key: name("attention.self.key_proj"),
        value: name("attention.self.value_proj"),
        attention_output: name("attention.output.dense"),
        attention_norm: name("attention.output.LayerNorm"),
        intermediate: name("intermediate.dense"),
        output: name("output.dense"),
        output_norm: name("output.LayerNorm"),
    }
}

/// The context pooler stands beside the encoder, so it has no prefix.
pub(super) fn head_names(config: &Config) -> HeadNames {
    HeadNames {
        dense: "pooler.dense".to_owned(),
        nonlinearity: config.deberta.as_ref().map_or(Nonlinearity::Gelu, |d| d.pooler_activation),
        classifier: "classifier",
    }
}

/// A layer's relative positions: the shared table, projected by the layer's weights.
pub(super) fn relative_positions(
    config: &Config,
    weights: &Weights,
    prefix: &str,
    names: &LayerNames,
    precision: Precision,
) -> Result<Option<RelativePositions>, EncoderError> {
    let Some(deberta) = config.deberta.as_ref().filter(|d| d.relative_attention) else {
        return Ok(None);
    };
    let (width, rows) = (config.hidden_size, 2 * deberta.span());
    let name = format!("{prefix}encoder.rel_embeddings.weight");
    let mut table = weights.matrix(&name, rows, width)?.into_f32();
    if deberta.norm_relative_embeddings {
        let part = |part: &str| weights.vector(&format!("{prefix}encoder.LayerNorm.{part}"), width);
        LayerNorm::new(part("weight")?, part("bias")?, config.layer_norm_eps).apply(&mut table);
    }
    // Once, in f32: what the products with it lose is then lost at most in its own rounding.
    let project = |wanted: bool, shared: &str, own: &str| -> Result<_, EncoderError> {
        if !wanted {
            return Ok(None);
        }
        let name =
            if deberta.share_att_key { shared.to_owned() } else { shared.replace(shared_part(shared), own) };
        let tensor = format!("{name}.weight");
        // Rounded first where the layer's own product is: a converted file has nothing else.
        let rounded = weights.precision(&tensor, precision);
        let weight = weights.matrix(&tensor, width, width)?.stored_as(rounded);
        let bias = weights.vector(&format!("{name}.bias"), width)?;
        let projection = Linear::new(Op::Positions, weight, bias, Precision::F32);
        Ok(Some(projection.forward(&Rows::new(&table, width), Activation::None)))
    };
    let key = project(deberta.content_to_position, &names.key, "pos_key_proj")?;
    let query = project(deberta.position_to_content, &names.query, "pos_query_proj")?;
    let distances = Distances {
        span: deberta.span(),
        buckets: deberta.position_buckets,
        furthest: deberta.max_relative_positions,
    };
    Ok(Some(RelativePositions::new(
        distances,
        config.num_attention_heads,
        config.head_size(),
        key.as_deref(),
        query.as_deref(),
        weights.precision(&format!("{}.weight", names.query), precision),
    )))
}

/// The last part of a tensor's name.
fn shared_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
