//! One post-norm transformer layer, the same for all families.

use std::ops::Range;

use rayon::prelude::*;

use crate::arch::{self, LayerNames};
use crate::config::Config;
use crate::conv::TokenConv;
use crate::error::EncoderError;
use crate::kernels::{
    Activation, AttentionShape, Buffer, Inputs, LayerNorm, Linear, Precision, Queries, RelativePositions,
    Rows, attention,
};
use crate::matrix::Matrix;
use crate::recording::{self, Op};
use crate::weights::Weights;

/// Attention and feed-forward, each with its residual connection and norm.
pub(crate) struct Layer {
    /// As its file numbers it.
    index: usize,
    width: usize,
    query: Linear,
    /// Keys and values in one product.
    key_value: Linear,
    relative: Option<RelativePositions>,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
    conv: Option<TokenConv>,
}

impl Layer {
    /// Read and pack layer `index` of a file.
    pub(crate) fn load(
        config: &Config,
        weights: &Weights,
        prefix: &str,
        index: usize,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let names: LayerNames = arch::layer_names(config.model_type, prefix, index);
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let matrix = |name: &str, out, inp| weights.matrix(&format!("{name}.weight"), out, inp);
        let bias = |name: &str, out| weights.vector(&format!("{name}.bias"), out);
        let precision_of = |name: &str| weights.precision(&format!("{name}.weight"), precision);
        let linear = |op, name: &str, out, inp| -> Result<Linear, EncoderError> {
            Ok(Linear::new(op, matrix(name, out, inp)?, bias(name, out)?, precision_of(name)))
        };
        let norm = |name: &str| -> Result<LayerNorm, EncoderError> {
            let weight = weights.vector(&format!("{name}.weight"), width)?;
            Ok(LayerNorm::new(weight, bias(name, width)?, config.layer_norm_eps))
        };
        let key_value =
            Matrix::stack(vec![matrix(&names.key, width, width)?, matrix(&names.value, width, width)?]);
        let key_value_bias = [bias(&names.key, width)?, bias(&names.value, width)?].concat();
        Ok(Layer {
            index,
            width,
            query: linear(Op::Query, &names.query, width, width)?,
            key_value: Linear::new(Op::KeyValue, key_value, key_value_bias, precision_of(&names.key)),
            relative: arch::relative_positions(config, weights, prefix, &names, precision)?,
            attention_output: linear(Op::AttentionOutput, &names.attention_output, width, width)?,
            attention_norm: norm(&names.attention_norm)?,
            intermediate: linear(Op::Intermediate, &names.intermediate, inner, width)?,
            output: linear(Op::Output, &names.output, width, inner)?,
            output_norm: norm(&names.output_norm)?,
            conv: match config.deberta.as_ref().and_then(|d| d.conv.as_ref()) {
                Some(conv) if index == 0 => Some(TokenConv::load(config, conv, weights, prefix, precision)?),
                _ => None,
            },
        })
    }

    /// `x`: tokens × width, replaced by the layer's output.
    fn forward(&self, x: &mut [f32], sequences: &[Range<usize>], shape: &AttentionShape) {
        let entered = self.conv.as_ref().map(|conv| (conv, x.to_vec()));
        let rows = Rows::new(x, self.width);
        let q = self.query.forward(&rows, Activation::None);
        let kv = self.key_value.forward(&rows, Activation::None);
        let inputs = Inputs { q: &q, kv: &kv, sequences, queries: Queries::All };
        let heads = attention(inputs, shape, self.relative.as_ref());
        self.after_attention(x, &heads);
        if let Some((conv, entered)) = entered {
            conv.apply(&entered, x, sequences);
        }
    }

    /// The layer's output for the first token of every sequence, sequences × width. Its keys and values
    /// need all tokens, the rest of its work does not.
    fn forward_first(&self, x: &[f32], sequences: &[Range<usize>], shape: &AttentionShape) -> Vec<f32> {
        if self.conv.is_some() {
            let mut all = x.to_vec();
            self.forward(&mut all, sequences, shape);
            return first_rows(&all, sequences, self.width);
        }
        let mut first = first_rows(x, sequences, self.width);
        let q = self.query.forward(&Rows::new(&first, self.width), Activation::None);
        let kv = self.key_value.forward(&Rows::new(x, self.width), Activation::None);
        let inputs = Inputs { q: &q, kv: &kv, sequences, queries: Queries::First };
        let heads = attention(inputs, shape, self.relative.as_ref());
        self.after_attention(&mut first, &heads);
        first
    }

    fn after_attention(&self, x: &mut [f32], heads: &Buffer<f32>) {
        let attended = self.attention_output.forward(&Rows::new(heads, self.width), Activation::None);
        self.attention_norm.add_and_apply(x, &attended);
        let inner = self.intermediate.forward(&Rows::new(x, self.width), Activation::Gelu);
        let output = self.output.forward(&Rows::new(&inner, self.intermediate.outputs()), Activation::None);
        self.output_norm.add_and_apply(x, &output);
    }
}

/// The first row of every sequence.
pub(crate) fn first_rows(x: &[f32], sequences: &[Range<usize>], width: usize) -> Vec<f32> {
    sequences.iter().flat_map(|s| &x[s.start * width..(s.start + 1) * width]).copied().collect()
}

/// Run `x` (tokens × width) through `layers`.
pub(crate) fn forward(layers: &[Layer], x: &mut [f32], sequences: &[Range<usize>], shape: &AttentionShape) {
    let width = shape.heads * shape.head_size;
    let groups = groups(sequences);
    let mut parts = Vec::with_capacity(groups.len());
    let mut rest = x;
    for group in groups {
        let (part, behind) = rest.split_at_mut(group.last().map_or(0, |s| s.end) * width);
        parts.push((part, group));
        rest = behind;
    }
    let here = recording::here();
    parts.into_par_iter().for_each(|(x, sequences)| {
        let _here = here.resume();
        for layer in layers {
            let _layer = recording::enter_layer(layer.index);
            layer.forward(x, &sequences, shape);
        }
    });
}

/// As [`forward`], but of the last layer only the first token of every sequence: sequences × width.
pub(crate) fn forward_first(
    layers: &[Layer],
    mut x: Vec<f32>,
    sequences: &[Range<usize>],
    shape: &AttentionShape,
) -> Vec<f32> {
    let width = shape.heads * shape.head_size;
    let Some((last, layers)) = layers.split_last() else {
        return first_rows(&x, sequences, width);
    };
    forward(layers, &mut x, sequences, shape);
    let mut rest = x.as_slice();
    let mut parts = Vec::new();
    for group in groups(sequences) {
        let (part, behind) = rest.split_at(group.last().map_or(0, |s| s.end) * width);
        parts.push((part, group));
        rest = behind;
    }
    let here = recording::here();
    let firsts = parts.into_par_iter().map(|(x, sequences)| {
        let (_here, _layer) = (here.resume(), recording::enter_layer(last.index));
        last.forward_first(x, &sequences, shape)
    });
    firsts.collect::<Vec<Vec<f32>>>().concat()
}

/// Fewer tokens than this are not worth a group: its products would have too few rows.
const SMALLEST_GROUP: usize = 48;

/// Neighbouring sequences, as many groups as threads, of about equally many tokens; ranges count from
/// the start of their group.
///
/// A group runs through all layers on its own, so threads meet at the end only, and what a layer wrote
/// is still near when the next one reads it. Inside a group work is divided again, for the thread
/// that is done first, and for a single sequence.
fn groups(sequences: &[Range<usize>]) -> Vec<Vec<Range<usize>>> {
    let tokens = sequences.last().map_or(0, |s| s.end);
    let wanted = rayon::current_num_threads().min(tokens / SMALLEST_GROUP).max(1);
    let mut groups: Vec<Vec<Range<usize>>> = Vec::new();
    let mut start = 0;
    for sequence in sequences {
        // The group that the middle of the sequence falls into.
        let middle = usize::midpoint(sequence.start, sequence.end);
        let place = (middle * wanted / tokens.max(1)).min(wanted - 1);
        if groups.is_empty() || place >= groups.len() {
            groups.push(Vec::new());
            start = sequence.start;
        }
        if let Some(group) = groups.last_mut() {
            group.push(sequence.start - start..sequence.end - start);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_hold_every_sequence_once_in_order_and_weigh_about_the_same() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        let lengths = [100, 7, 30, 120, 1, 64, 90];
        let mut sequences = Vec::new();
        let mut start = 0;
        for length in lengths {
            sequences.push(start..start + length);
            start += length;
        }
        let groups = pool.install(|| groups(&sequences));
        let found: Vec<usize> = groups.iter().flatten().map(ExactSizeIterator::len).collect();
        assert_eq!(found, lengths);
        for group in &groups {
            assert_eq!(group[0].start, 0);
            assert!(group.windows(2).all(|w| w[0].end == w[1].start));
            let tokens = group.last().map_or(0, |s| s.end);
            assert!((60..=220).contains(&tokens), "{groups:?}");
        }
        assert_eq!(groups.len(), 3);
    }

    #[test]
    fn little_work_is_not_divided() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("four threads");
        assert_eq!(pool.install(|| groups(&[0..20, 20..40])).len(), 1);
        assert!(pool.install(|| groups(&[])).is_empty());
    }
}
