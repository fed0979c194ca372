//! Layer normalisation (Ba et al. 2016) over the last axis.

use rayon::prelude::*;

use super::simd::{Job, Machine, Simd};
use super::vectors;
use crate::recording::{Op, Work, operation};

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
        self.with(Simd::chosen(), x, None);
    }

    /// `x ← norm(x + y)`, row by row: the residual connection and its norm in one pass.
    pub(crate) fn add_and_apply(&self, x: &mut [f32], y: &[f32]) {
        self.with(Simd::chosen(), x, Some(y));
    }

    fn with(&self, simd: Simd, x: &mut [f32], y: Option<&[f32]>) {
        let part = TASK * self.weight.len();
        let numbers = x.len() * (2 + usize::from(y.is_some()));
        let call = operation(Op::Norm, || Work::moves(x.len() / self.weight.len(), numbers));
        let tasks = x.par_chunks_mut(part).enumerate();
        tasks.for_each_init(
            || call.part(),
            |_, (i, x)| {
                simd.run(Normalisation { norm: self, y: y.map(|y| &y[i * part..][..x.len()]), x });
            },
        );
    }
}

/// Rows that one task normalises.
const TASK: usize = 64;

struct Normalisation<'a> {
    norm: &'a LayerNorm,
    x: &'a mut [f32],
    y: Option<&'a [f32]>,
}

impl Job for Normalisation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let LayerNorm { weight, bias, eps } = self.norm;
        let width = weight.len();
        for (i, row) in self.x.chunks_exact_mut(width).enumerate() {
            if let Some(y) = self.y {
                vectors::add(machine, row, &y[i * width..][..width]);
            }
            let (mean, variance) = vectors::mean_and_variance(machine, row);
            vectors::normalise(machine, row, (mean, 1.0 / (variance + eps).sqrt()), weight, bias);
        }
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
            let norm = LayerNorm::new(weight, bias, 1e-5);
            for simd in Simd::ALL.iter().copied().filter(|s| s.is_available()) {
                let mut row = x.clone();
                norm.with(simd, &mut row, None);
                for (a, b) in row.iter().zip(&expected) {
                    prop_assert!((a - b).abs() < 1e-3 * (1.0 + b.abs()), "{}: {a} instead of {b}", simd.name());
                }
            }
        }
    }
}
