//! One post-norm transformer layer, the same for all families.

use std::ops::Range;

use crate::arch::{self, LayerNames};
use crate::config::Config;
use crate::error::EncoderError;
use crate::kernels::{Activation, AttentionShape, LayerNorm, Linear, Precision, attention};
use crate::matrix::Matrix;
use crate::weights::Weights;

/// Attention and feed-forward, each with its residual connection and norm.
pub(crate) struct Layer {
    /// Query, key and value in one product: one quantisation of the input serves all three.
    qkv: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
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
        let precision = |name: &str| weights.precision(&format!("{name}.weight"), precision);
        let linear = |name: &str, out, inp| -> Result<Linear, EncoderError> {
            Ok(Linear::new(matrix(name, out, inp)?, bias(name, out)?, precision(name)))
        };
        let norm = |name: &str| -> Result<LayerNorm, EncoderError> {
            let weight = weights.vector(&format!("{name}.weight"), width)?;
            Ok(LayerNorm::new(weight, bias(name, width)?, config.layer_norm_eps))
        };
        let projections = [&names.query, &names.key, &names.value];
        let qkv =
            Matrix::stack(projections.iter().map(|n| matrix(n, width, width)).collect::<Result<_, _>>()?);
        let qkv_bias: Vec<Vec<f32>> = projections.iter().map(|n| bias(n, width)).collect::<Result<_, _>>()?;
        Ok(Layer {
            qkv: Linear::new(qkv, qkv_bias.concat(), precision(&names.query)),
            attention_output: linear(&names.attention_output, width, width)?,
            attention_norm: norm(&names.attention_norm)?,
            intermediate: linear(&names.intermediate, inner, width)?,
            output: linear(&names.output, width, inner)?,
            output_norm: norm(&names.output_norm)?,
        })
    }

    /// `x`: rows × hidden, replaced by the layer's output.
    pub(crate) fn forward(&self, x: &mut [f32], sequences: &[Range<usize>], shape: &AttentionShape) {
        let qkv = self.qkv.forward(x, Activation::None);
        let heads = attention(&qkv, sequences, shape);
        self.attention_norm.add_and_apply(x, &self.attention_output.forward(&heads, Activation::None));
        let inner = self.intermediate.forward(x, Activation::Gelu);
        self.output_norm.add_and_apply(x, &self.output.forward(&inner, Activation::None));
    }
}
