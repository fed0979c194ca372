//! The convolution over tokens beside the first layer of `DeBERTa` v2-xlarge (He et al. 2020,
//! arXiv:2006.03654, section 3; `ConvLayer` in transformers' `modeling_deberta_v2.py`).

use std::ops::Range;

use crate::config::{Config, Conv};
use crate::error::EncoderError;
use crate::kernels::{Activation, Buffer, LayerNorm, Linear, Precision, Rows};
use crate::matrix::{Matrix, Values};
use crate::nonlinearity::Nonlinearity;
use crate::recording::Op;
use crate::weights::Weights;

/// `norm(y + activation(conv(x)))`, x being what entered the first layer and y what left it.
pub(crate) struct TokenConv {
    /// The kernel's taps side by side: taps · width → width.
    linear: Linear,
    taps: usize,
    activation: Nonlinearity,
    norm: LayerNorm,
}

impl TokenConv {
    /// Read `encoder.conv`.
    pub(crate) fn load(
        config: &Config,
        conv: &Conv,
        weights: &Weights,
        prefix: &str,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let (width, taps) = (config.hidden_size, conv.kernel_size);
        let (base, per_group) = (format!("{prefix}encoder.conv"), width / conv.groups);
        let kernel = weights.tensor(&format!("{base}.conv.weight"), &[width, per_group, taps])?;
        // Dense over all inputs: those of other groups weigh 0.
        let mut dense = vec![0.0; width * taps * width];
        for (out, row) in dense.chunks_exact_mut(taps * width).enumerate() {
            let first = out / per_group * per_group;
            for i in 0..per_group {
                for tap in 0..taps {
                    row[tap * width + first + i] = kernel[(out * per_group + i) * taps + tap];
                }
            }
        }
        let matrix = Matrix { rows: width, cols: taps * width, values: Values::F32(dense) };
        let bias = weights.vector(&format!("{base}.conv.bias"), width)?;
        let norm_of = |part: &str| weights.vector(&format!("{base}.LayerNorm.{part}"), width);
        Ok(TokenConv {
            linear: Linear::new(Op::Convolution, matrix, bias, precision),
            taps,
            activation: conv.activation,
            norm: LayerNorm::new(norm_of("weight")?, norm_of("bias")?, config.layer_norm_eps),
        })
    }

    /// `x`: what entered the layer, `y`: what left it, both tokens × width; `y` is replaced.
    pub(crate) fn apply(&self, x: &[f32], y: &mut [f32], sequences: &[Range<usize>]) {
        let width = self.linear.outputs();
        let (row, half) = (self.taps * width, self.taps / 2);
        let mut neighbours = Buffer::of(x.len() / width * row);
        neighbours.fill(0.0);
        for s in sequences {
            for at in s.clone() {
                for tap in 0..self.taps {
                    // Beyond the ends of a sequence there is nothing, not the next sequence.
                    if let Some(from) = (at + tap).checked_sub(half).filter(|from| s.contains(from)) {
                        neighbours[at * row + tap * width..][..width]
                            .copy_from_slice(&x[from * width..(from + 1) * width]);
                    }
                }
            }
        }
        let mut out = self.linear.forward(&Rows::new(&neighbours, row), Activation::None);
        self.activation.apply(&mut out);
        self.norm.add_and_apply(y, &out);
    }
}
