//! Layer normalisation (Ba et al. 2016) over the last axis.

use rten_simd::SimdOp;
use rten_vecmath::{Normalize, NormalizeOptions, Sum, SumSquareSub};

/// `y = (x − mean) / √(variance + ε) · weight + bias`, a row at a time.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl LayerNorm {
    /// `weight` and `bias` have the width of a row.
    pub(crate) fn new(weight: Vec<f32>, bias: Vec<f32>, eps: f32) -> Self {
        LayerNorm { weight, bias, eps }
    }

    /// Normalise every row of `x` in place.
    pub(crate) fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.weight.len()) {
            self.row(row);
        }
    }

    /// `x ← norm(x + y)`, row by row: the residual connection and its norm in one pass.
    pub(crate) fn add_and_apply(&self, x: &mut [f32], y: &[f32]) {
        let width = self.weight.len();
        for (row, other) in x.chunks_exact_mut(width).zip(y.chunks_exact(width)) {
            for (a, b) in row.iter_mut().zip(other) {
                *a += b;
            }
            self.row(row);
        }
    }

    fn row(&self, row: &mut [f32]) {
        let n = row.len() as f32;
        let mean = Sum::new(row).dispatch() / n;
        let variance = SumSquareSub::new(row, mean).dispatch() / n;
        let options = NormalizeOptions {
            pre_scale_bias: mean,
            scale: 1.0 / (variance + self.eps).sqrt(),
            element_scale: Some(&self.weight),
            bias: 0.0,
            element_bias: Some(&self.bias),
        };
        Normalize::new_mut(row, options).dispatch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scalar(x: &[f32], weight: &[f32], bias: &[f32], eps: f32) -> Vec<f32> {
        let n = x.len() as f64;
        let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = x.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
        let scale = 1.0 / (variance + f64::from(eps)).sqrt();
        x.iter()
            .zip(weight.iter().zip(bias))
            .map(|(&v, (&w, &b))| ((f64::from(v) - mean) * scale * f64::from(w) + f64::from(b)) as f32)
            .collect()
    }

    proptest! {
        #[test]
        fn agrees_with_the_scalar_formula(x in prop::collection::vec(-9.0_f32..9.0, 1..100)) {
            let weight: Vec<f32> = (0..x.len()).map(|i| 0.5 + i as f32 / 64.0).collect();
            let bias: Vec<f32> = (0..x.len()).map(|i| i as f32 / 32.0 - 1.0).collect();
            let expected = scalar(&x, &weight, &bias, 1e-5);
            let mut row = x;
            LayerNorm::new(weight, bias, 1e-5).apply(&mut row);
            for (a, b) in row.iter().zip(&expected) {
                prop_assert!((a - b).abs() < 1e-3 * (1.0 + b.abs()), "{a} instead of {b}");
            }
        }
    }
}
