//! `MPNet` (Song et al. 2020, arXiv:2004.09297): BERT's layers with T5's bucketed relative
//! positions (Raffel et al. 2019, arXiv:1910.10683, section 2.1), one table for all layers.

use super::LayerNames;
use crate::config::Config;
use crate::error::EncoderError;
use crate::kernels::PositionBias;
use crate::weights::Weights;

/// Distances beyond this share the last bucket.
const MAX_DISTANCE: f32 = 128.0;

pub(super) fn layer_names(base: &str) -> LayerNames {
    let name = |part: &str| format!("{base}.{part}");
    LayerNames {
        query: name("attention.attn.q"),
        key: name("attention.attn.k"),
        value: name("attention.attn.v"),
        attention_output: name("attention.attn.o"),
        attention_norm: name("attention.LayerNorm"),
        intermediate: name("intermediate.dense"),
        output: name("output.dense"),
        output_norm: name("output.LayerNorm"),
    }
}

pub(super) fn position_bias(
    config: &Config,
    weights: &Weights,
    prefix: &str,
) -> Result<PositionBias, EncoderError> {
    let (buckets, heads) = (config.relative_attention_num_buckets, config.num_attention_heads);
    let name = format!("{prefix}encoder.relative_attention_bias.weight");
    let table = weights.matrix(&name, buckets, heads)?.into_f32();
    Ok(PositionBias::new(heads, config.max_tokens(), |head, distance| {
        table[bucket(distance, buckets) * heads + head]
    }))
}

/// The bucket of a distance `key − query`: half of the buckets a direction, of which half are exact
/// and the others grow logarithmically.
fn bucket(distance: isize, buckets: usize) -> usize {
    let half = buckets / 2;
    let exact = half / 2;
    let direction = if distance > 0 { half } else { 0 };
    let n = distance.unsigned_abs();
    if n < exact {
        return direction + n;
    }
    let exact_f = exact as f32;
    let steps = (n as f32 / exact_f).ln() / (MAX_DISTANCE / exact_f).ln() * (half - exact) as f32;
    direction + (exact + steps as usize).min(half - 1)
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn near_distances_have_buckets_of_their_own_and_far_ones_share() {
        assert_eq!(bucket(0, 32), 0);
        assert_eq!(bucket(-7, 32), 7);
        assert_eq!(bucket(7, 32), 16 + 7);
        assert_eq!(bucket(-8, 32), 8);
        assert_eq!(bucket(-127, 32), 15);
        assert_eq!(bucket(-128, 32), 15);
        assert_eq!(bucket(511, 32), 31);
    }
}
