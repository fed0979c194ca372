//! `y = activation(x · Wᵀ + b)`: where nine tenths of the time go.
//!
//! The weight is packed at load, in [panels](super::panel) of as many output channels as a tile has
//! columns; panels are what threads share out. The input needs no packing: eight rows are read
//! side by side.

use rayon::prelude::*;

use super::Precision;
use super::buffer::Buffer;
use super::panel::{BytePanel, Epilogue, FloatPanel, Target};
use super::product::{ROWS, tile_columns};
use super::rows::Rows;
use super::simd::Simd;
use crate::matrix::Matrix;
use crate::recording::{Arithmetic, Op, Work, operation};

/// What follows the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Nothing.
    None,
    /// The exact (erf) GELU.
    Gelu,
}

/// A linear layer, packed for the instructions of this CPU.
pub(crate) struct Linear {
    /// What it is in its layer.
    op: Op,
    simd: Simd,
    inputs: usize,
    outputs: usize,
    weights: Packed,
    /// One a channel, padded to whole panels.
    bias: Vec<f32>,
}

enum Packed {
    /// `[panel][input][column]`
    F32(Vec<f32>),
    /// `[panel][input / 4][column]`, four bytes a word; scales and sums one a channel, padded.
    Int8 { words: Vec<i32>, scales: Vec<f32>, sums: Vec<i32> },
}

impl Linear {
    /// Pack `weight` (outputs × inputs) and `bias` (outputs); `op` says what it is in its layer.
    pub(crate) fn new(op: Op, weight: Matrix, bias: Vec<f32>, precision: Precision) -> Self {
        Linear { op, ..Self::with(Simd::chosen(), weight, bias, precision) }
    }

    /// As [`Linear::new`], for the instructions `simd`.
    fn with(simd: Simd, weight: Matrix, mut bias: Vec<f32>, precision: Precision) -> Self {
        let (outputs, inputs) = (weight.rows, weight.cols);
        assert_eq!(bias.len(), outputs, "one bias an output");
        let columns = tile_columns(simd);
        let padded = outputs.next_multiple_of(columns);
        let weights = match precision {
            Precision::F32 => Packed::F32(panels(&weight.into_f32(), inputs, columns, |row, i| row[i])),
            Precision::Int8 => {
                let (w, mut scales) = weight.into_int8(simd.weight_limit());
                let mut sums: Vec<i32> =
                    w.chunks_exact(inputs).map(|row| row.iter().map(|&q| i32::from(q)).sum()).collect();
                scales.resize(padded, 0.0);
                sums.resize(padded, 0);
                let words = panels(&w, inputs, columns, |row, i| {
                    let byte = |k: usize| row.get(4 * i + k).map_or(0, |q| q.cast_unsigned());
                    i32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)])
                });
                Packed::Int8 { words, scales, sums }
            }
        };
        bias.resize(padded, 0.0);
        Linear { op: Op::Output, simd, inputs, outputs, weights, bias }
    }

    /// Output channels.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Apply to each row of `x`; the result is rows × outputs.
    pub(crate) fn forward(&self, x: &Rows, activation: Activation) -> Buffer<f32> {
        assert_eq!(x.cols(), self.inputs, "the input has the width of the layer");
        let mut out = Buffer::of(x.len() * self.outputs);
        let columns = tile_columns(self.simd);
        let target = Target { out: out.as_mut_ptr(), rows: x.len(), outputs: self.outputs };
        let quantised = match &self.weights {
            Packed::F32(_) => None,
            Packed::Int8 { .. } => Some(x.quantised(self.simd)),
        };
        let panels = self.outputs.div_ceil(columns);
        let block = self.block(x.len());
        let call = operation(self.op, || self.work(x.len(), block));
        for first in (0..x.len()).step_by(block) {
            let rows = first..(first + block).min(x.len());
            // A task of at least so many panels is worth a thread: some 15 µs.
            let least = (1 << 21) / (rows.len() * self.inputs * columns) + 1;
            (0..panels).into_par_iter().with_min_len(least).for_each_init(
                || call.part(),
                |_, panel| {
                    let rows = rows.clone();
                    let epilogue = Epilogue { target, first: panel * columns, bias: &self.bias, activation };
                    match (&self.weights, quantised) {
                        (Packed::Int8 { words, scales, sums }, Some(x)) => {
                            let steps = self.inputs.div_ceil(4);
                            let words = &words[panel * steps * columns..(panel + 1) * steps * columns];
                            self.simd.run(BytePanel { x, rows, words, steps, scales, sums, epilogue });
                        }
                        (Packed::F32(words), _) => {
                            let size = self.inputs * columns;
                            let words = &words[panel * size..(panel + 1) * size];
                            self.simd.run(FloatPanel { x, rows, words, epilogue });
                        }
                        (Packed::Int8 { .. }, None) => unreachable!("quantised above"),
                    }
                },
            );
        }
        out
    }

    /// How much work `rows` rows are: weights are read once a block, rows once, and so often is the result written.
    fn work(&self, rows: usize, block: usize) -> Work {
        let (arithmetic, size) = match self.weights {
            Packed::F32(_) => (Arithmetic::F32, size_of::<f32>()),
            Packed::Int8 { .. } => (Arithmetic::Int8, 1),
        };
        let weights = size * self.inputs * self.outputs * rows.div_ceil(block);
        Work {
            arithmetic,
            operations: 2 * (rows * self.inputs * self.outputs) as u64,
            bytes: (weights + rows * (size * self.inputs + size_of::<f32>() * self.outputs)) as u64,
            weights: weights as u64,
            rows: rows as u64,
        }
    }

    /// Rows that are worked on together: they are read again for every panel, so they should stay in
    /// half of the second cache; but every block reads all weights again.
    fn block(&self, rows: usize) -> usize {
        let row = match self.weights {
            Packed::F32(_) => self.inputs * size_of::<f32>(),
            Packed::Int8 { .. } => self.inputs,
        };
        let most = ((512 << 10) / row).max(64);
        // Of even size, so that the last is not a stump.
        rows.div_ceil(rows.div_ceil(most).max(1)).next_multiple_of(ROWS).max(1)
    }
}

/// Rows of `w` (channels × inputs) → `[panel][step][column]`, padded with zeros to whole panels.
fn panels<T: Copy + Sync, W: Copy + Default + Send>(
    w: &[T],
    inputs: usize,
    columns: usize,
    word: impl Fn(&[T], usize) -> W + Sync,
) -> Vec<W> {
    let steps = (inputs * size_of::<T>()).div_ceil(size_of::<W>());
    let channels = w.len() / inputs;
    let mut packed = vec![W::default(); channels.div_ceil(columns) * steps * columns];
    for (panel, rows) in packed.chunks_exact_mut(steps * columns).zip(w.chunks(columns * inputs)) {
        for (column, row) in rows.chunks_exact(inputs).enumerate() {
            for (step, words) in panel.chunks_exact_mut(columns).enumerate() {
                words[column] = word(row, step);
            }
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Values;

    fn noise(n: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 24) as f32 * 2.0 - 1.0
            })
            .collect()
    }

    fn erf(x: f64) -> f64 {
        // Series (small) and continued fraction (large) of erf; exact to 1e-12 in the range used.
        if x.abs() < 3.0 {
            let (mut term, mut sum) = (x, x);
            for n in 1..80 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * 2.0 / std::f64::consts::PI.sqrt()
        } else {
            x.signum()
        }
    }

    fn scalar(x: &[f32], w: &[f32], bias: &[f32], inputs: usize, activation: Activation) -> Vec<f32> {
        let mut out = Vec::new();
        for row in x.chunks_exact(inputs) {
            for (channel, &b) in w.chunks_exact(inputs).zip(bias) {
                let y = row.iter().zip(channel).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
                    + f64::from(b);
                out.push(match activation {
                    Activation::None => y,
                    Activation::Gelu => y * 0.5 * (1.0 + erf(y / 2.0_f64.sqrt())),
                } as f32);
            }
        }
        out
    }

    fn layer(simd: Simd, w: &[f32], bias: &[f32], inputs: usize, precision: Precision) -> Linear {
        let matrix = Matrix { rows: bias.len(), cols: inputs, values: Values::F32(w.to_vec()) };
        Linear::with(simd, matrix, bias.to_vec(), precision)
    }

    fn machines() -> impl Iterator<Item = Simd> {
        Simd::ALL.iter().copied().filter(|s| s.is_available())
    }

    /// Rows, inputs, outputs: inside a tile, at its edges, across panels.
    const SHAPES: [(usize, usize, usize); 7] =
        [(1, 8, 3), (3, 17, 128), (64, 64, 129), (65, 96, 256), (130, 300, 257), (2, 768, 40), (8, 6, 48)];

    #[test]
    fn f32_agrees_with_the_scalar_formula() {
        for (rows, inputs, outputs) in SHAPES {
            let (x, w, bias) = (noise(rows * inputs, 1), noise(outputs * inputs, 2), noise(outputs, 3));
            for activation in [Activation::None, Activation::Gelu] {
                let expected = scalar(&x, &w, &bias, inputs, activation);
                for simd in machines() {
                    let layer = layer(simd, &w, &bias, inputs, Precision::F32);
                    for (a, b) in layer.forward(&Rows::new(&x, inputs), activation).iter().zip(&expected) {
                        assert!(
                            (a - b).abs() < 1e-4,
                            "{}: {rows}×{inputs}×{outputs} {activation:?}: {a} instead of {b}",
                            simd.name()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn int8_stays_within_its_rounding_error() {
        for (rows, inputs, outputs) in SHAPES {
            let (x, w, bias) = (noise(rows * inputs, 4), noise(outputs * inputs, 5), noise(outputs, 6));
            let expected = scalar(&x, &w, &bias, inputs, Activation::None);
            for simd in machines() {
                let layer = layer(simd, &w, &bias, inputs, Precision::Int8);
                // Values and weights in ±1: a step of 2/255 for x and 1/limit for w, errors add as √n.
                let step = 1.0 / f32::from(simd.weight_limit());
                let bound = 3.0 * step * (inputs as f32).sqrt() + step;
                for (a, b) in layer.forward(&Rows::new(&x, inputs), Activation::None).iter().zip(&expected) {
                    assert!(
                        (a - b).abs() < bound,
                        "{}: {rows}×{inputs}×{outputs}: {a} instead of {b}",
                        simd.name()
                    );
                }
            }
        }
    }

    #[test]
    fn int8_sums_do_not_saturate_at_the_extremes() {
        let inputs = 768;
        let (x, w) = (vec![1.0; inputs], vec![1.0; inputs]);
        for simd in machines() {
            let layer = layer(simd, &w, &[0.0], inputs, Precision::Int8);
            let got = layer.forward(&Rows::new(&x, inputs), Activation::None);
            assert!((got[0] - 768.0).abs() < 0.01, "{}: {} instead of 768", simd.name(), got[0]);
        }
    }

    #[test]
    fn machines_with_the_same_weights_agree_to_the_bit_on_int8_sums() {
        let (inputs, outputs) = (96, 100);
        let (x, w) = (noise(9 * inputs, 7), noise(outputs * inputs, 8));
        let bias = vec![0.0; outputs];
        let of = |simd| layer(simd, &w, &bias, inputs, Precision::Int8);
        let expected = of(Simd::Scalar).forward(&Rows::new(&x, inputs), Activation::None);
        for simd in machines().filter(|s| s.weight_limit() == Simd::Scalar.weight_limit()) {
            let got = of(simd).forward(&Rows::new(&x, inputs), Activation::None);
            for (a, b) in got.iter().zip(expected.iter()) {
                // The sums are the same; scaling them is one fused or two rounded operations.
                assert!((a - b).abs() < 1e-5, "{}: {a} instead of {b}", simd.name());
            }
        }
    }

    #[test]
    fn a_row_is_the_same_in_any_company_and_on_any_number_of_threads() {
        let (inputs, outputs) = (96, 200);
        let (x, w, bias) = (noise(70 * inputs, 7), noise(outputs * inputs, 8), noise(outputs, 9));
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread");
        for simd in machines() {
            for precision in [Precision::F32, Precision::Int8] {
                let layer = layer(simd, &w, &bias, inputs, precision);
                let all = layer.forward(&Rows::new(&x, inputs), Activation::Gelu);
                for r in [0, 1, 63, 64, 69] {
                    let row = Rows::new(&x[r * inputs..(r + 1) * inputs], inputs);
                    let alone = one.install(|| layer.forward(&row, Activation::Gelu).to_vec());
                    assert_eq!(
                        alone,
                        all[r * outputs..(r + 1) * outputs],
                        "{} {precision}, row {r}",
                        simd.name()
                    );
                }
            }
        }
    }
}
