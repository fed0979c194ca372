//! `y = activation(x · Wᵀ + b)`: where nine tenths of the time go.
//!
//! The weight is packed at load, in strips of [`STRIP`] output channels. A strip is a task of its
//! own: the product of the strip is written into a small tile that stays in the first caches, and
//! scale, zero point, bias and activation are applied there, on the way out. Separate passes over
//! the whole output would cost as much as the product itself (DESIGN.md, "Speed").
//!
//! int8 (as in Jacob et al. 2018, arXiv:1712.05877, eq. 7): with x = sx·(qx − zx) a row and
//! w = sw·qw a channel, `Σ x·w = sx·sw·(Σ qx·qw − zx·Σ qw)`; `Σ qw` is summed once at load.
//! Integer sums are exact, so a row's result does not depend on the rows beside it.

use std::cell::RefCell;

use rayon::prelude::*;
use rten_gemm::{GemmInputA, GemmInputB, GemmOptions, PackedAMatrix, PackedBMatrix};
use rten_simd::ops::{BitOps, NumOps, ToFloat};
use rten_simd::{Isa, SimdOp, SimdUnaryOp};
use rten_tensor::NdTensorView;
use rten_vecmath::Gelu;

use super::quantise::Quantised;
use super::{F32, INT8, Precision, weight_limit};
use crate::matrix::Matrix;

/// Output channels of a task: its packed weights (96 KiB at 768 inputs) fit the second cache.
const STRIP: usize = 128;
/// Token rows of a tile: 64 × 128 sums fill a first cache.
const BLOCK: usize = 64;

/// What follows the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Nothing.
    None,
    /// The exact (erf) GELU.
    Gelu,
}

/// A linear layer, packed for the kernels of this CPU.
pub(crate) struct Linear {
    inputs: usize,
    bias: Vec<f32>,
    weights: Packed,
}

enum Packed {
    F32(Vec<PackedBMatrix<f32>>),
    Int8 { strips: Vec<PackedBMatrix<i8>>, scales: Vec<f32>, sums: Vec<i32> },
}

impl Linear {
    /// Pack `weight` (outputs × inputs) and `bias` (outputs).
    pub(crate) fn new(weight: Matrix, bias: Vec<f32>, precision: Precision) -> Self {
        let (outputs, inputs) = (weight.rows, weight.cols);
        assert_eq!(bias.len(), outputs, "one bias an output");
        let weights = match precision {
            Precision::F32 => {
                let w = weight.into_f32();
                let strips =
                    w.par_chunks(STRIP * inputs).map(|strip| F32.prepack_b(transposed(strip, inputs)));
                Packed::F32(strips.collect())
            }
            Precision::Int8 => {
                let (w, scales) = weight.into_int8(weight_limit());
                let sums =
                    w.chunks_exact(inputs).map(|row| row.iter().map(|&q| i32::from(q)).sum()).collect();
                let strips =
                    w.par_chunks(STRIP * inputs).map(|strip| INT8.prepack_b(transposed(strip, inputs)));
                Packed::Int8 { strips: strips.collect(), scales, sums }
            }
        };
        Linear { inputs, bias, weights }
    }

    /// Output channels.
    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Apply to each row of `x` (rows × inputs); the result is rows × outputs.
    pub(crate) fn forward(&self, x: &[f32], activation: Activation) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        let mut out = vec![0.0; rows * self.outputs()];
        match &self.weights {
            Packed::F32(strips) => {
                let a = NdTensorView::from_data([rows, self.inputs], x);
                let blocks = Strips { out: out.as_mut_ptr(), rows, outputs: self.outputs() };
                strips.par_iter().enumerate().for_each(|(s, packed)| {
                    let bias = &self.bias[s * STRIP..s * STRIP + packed.cols()];
                    for start in (0..rows).step_by(BLOCK) {
                        let end = (start + BLOCK).min(rows);
                        let a = GemmInputA::Unpacked(a.slice(start..end));
                        with_tile(end - start, packed.cols(), |tile: &mut [f32]| {
                            F32.gemm(tile, a, GemmInputB::Packed(packed), GemmOptions::default())
                                .expect("shapes are fixed at load");
                            for (r, sums) in tile.chunks_exact(packed.cols()).enumerate() {
                                // SAFETY: strip `s` of a row is written by this task alone.
                                let row = unsafe { blocks.row(start + r, s) };
                                for ((y, sum), b) in row.iter_mut().zip(sums).zip(bias) {
                                    *y = sum + b;
                                }
                                activate(row, activation);
                            }
                        });
                    }
                });
            }
            Packed::Int8 { strips, scales, sums } => {
                let q = Quantised::rows(x, self.inputs);
                let packed_rows: Vec<PackedAMatrix<u8>> = q
                    .values
                    .chunks(BLOCK * self.inputs)
                    .map(|v| INT8.prepack_a(NdTensorView::from_data([v.len() / self.inputs, self.inputs], v)))
                    .collect();
                let blocks = Strips { out: out.as_mut_ptr(), rows, outputs: self.outputs() };
                strips.par_iter().enumerate().for_each(|(s, packed)| {
                    let span = s * STRIP..s * STRIP + packed.cols();
                    let (bias, scales, sums) = (&self.bias[span.clone()], &scales[span.clone()], &sums[span]);
                    for (b, a) in packed_rows.iter().enumerate() {
                        with_tile(a.rows(), packed.cols(), |tile: &mut [i32]| {
                            INT8.gemm(
                                tile,
                                GemmInputA::Packed(a),
                                GemmInputB::Packed(packed),
                                GemmOptions::default(),
                            )
                            .expect("shapes are fixed at load");
                            for (r, acc) in tile.chunks_exact(packed.cols()).enumerate() {
                                let at = b * BLOCK + r;
                                // SAFETY: strip `s` of a row is written by this task alone.
                                let row = unsafe { blocks.row(at, s) };
                                let (row_scale, row_zero) = (q.scales[at], q.zeros[at]);
                                let row_of = Dequantise { row, acc, row_scale, row_zero, scales, sums, bias };
                                activate(row_of.dispatch(), activation);
                            }
                        });
                    }
                });
            }
        }
        out
    }
}

/// A strip of W (channels × inputs, row-major) seen as inputs × channels, without a copy.
fn transposed<T>(strip: &[T], inputs: usize) -> NdTensorView<'_, T, 2> {
    NdTensorView::from_data([strip.len() / inputs, inputs], strip).transposed()
}

fn activate(row: &mut [f32], activation: Activation) {
    match activation {
        Activation::None => {}
        Activation::Gelu => {
            Gelu {}.map_mut(row);
        }
    }
}

/// `y = (acc − zx·Σqw) · sx·sw + b` for a strip of one row.
struct Dequantise<'a> {
    row: &'a mut [f32],
    acc: &'a [i32],
    row_scale: f32,
    row_zero: i32,
    scales: &'a [f32],
    sums: &'a [i32],
    bias: &'a [f32],
}

impl<'a> SimdOp for Dequantise<'a> {
    type Output = &'a mut [f32];

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
    fn eval<I: Isa>(self, isa: I) -> &'a mut [f32] {
        let (floats, ints) = (isa.f32(), isa.i32());
        let (scale, zero) = (floats.splat(self.row_scale), ints.splat(self.row_zero));
        let lanes = floats.len();
        let whole = self.row.len() / lanes * lanes;
        for i in (0..whole).step_by(lanes) {
            let at = i..i + lanes;
            let sum = ints.mul(zero, ints.load(&self.sums[at.clone()]));
            let product = ints.to_float(ints.sub(ints.load(&self.acc[at.clone()]), sum));
            let step = floats.mul(scale, floats.load(&self.scales[at.clone()]));
            let y = floats.mul_add(product, step, floats.load(&self.bias[at.clone()]));
            floats.store(y, &mut self.row[at]);
        }
        for i in whole..self.row.len() {
            let product = (self.acc[i] - self.row_zero * self.sums[i]) as f32;
            self.row[i] = product.mul_add(self.row_scale * self.scales[i], self.bias[i]);
        }
        self.row
    }
}

/// The output, handed out to tasks strip by strip.
struct Strips {
    out: *mut f32,
    rows: usize,
    outputs: usize,
}

// SAFETY: `row` gives out disjoint parts as long as each strip has one task, as its callers ensure.
unsafe impl Sync for Strips {}

impl Strips {
    /// Strip `s` of row `r`.
    ///
    /// # Safety
    /// No two live results may be of the same strip and row.
    #[allow(clippy::mut_from_ref)]
    unsafe fn row(&self, r: usize, s: usize) -> &mut [f32] {
        let (start, end) = (s * STRIP, (s * STRIP + STRIP).min(self.outputs));
        assert!(r < self.rows && start < end, "row and strip are inside the output");
        // SAFETY: r and the strip are in bounds (above); the caller promises no alias.
        unsafe { std::slice::from_raw_parts_mut(self.out.add(r * self.outputs + start), end - start) }
    }
}

/// Run `f` on a zeroed tile of this thread, kept between calls.
fn with_tile<T: Copy + Default + Tile>(rows: usize, cols: usize, f: impl FnOnce(&mut [T])) {
    T::buffer(|tile| {
        if tile.len() < BLOCK * STRIP {
            tile.resize(BLOCK * STRIP, T::default());
        }
        f(&mut tile[..rows * cols]);
    });
}

trait Tile: Sized {
    fn buffer(f: impl FnOnce(&mut Vec<Self>));
}

macro_rules! tile {
    ($type:ty) => {
        impl Tile for $type {
            fn buffer(f: impl FnOnce(&mut Vec<Self>)) {
                thread_local!(static TILE: RefCell<Vec<$type>> = const { RefCell::new(Vec::new()) });
                TILE.with(|tile| {
                    // Taken, not borrowed: a product may run other tasks of the pool on this thread.
                    let mut taken = tile.take();
                    f(&mut taken);
                    tile.replace(taken);
                });
            }
        }
    };
}

tile!(f32);
tile!(i32);

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

    fn layer(w: &[f32], bias: &[f32], inputs: usize, precision: Precision) -> Linear {
        let matrix = Matrix { rows: bias.len(), cols: inputs, values: Values::F32(w.to_vec()) };
        Linear::new(matrix, bias.to_vec(), precision)
    }

    /// Rows, inputs, outputs: inside a tile, at its edges, across strips and blocks.
    const SHAPES: [(usize, usize, usize); 6] =
        [(1, 8, 3), (3, 17, 128), (64, 64, 129), (65, 96, 256), (130, 300, 257), (2, 768, 40)];

    #[test]
    fn f32_agrees_with_the_scalar_formula() {
        for (rows, inputs, outputs) in SHAPES {
            let (x, w, bias) = (noise(rows * inputs, 1), noise(outputs * inputs, 2), noise(outputs, 3));
            for activation in [Activation::None, Activation::Gelu] {
                let got = layer(&w, &bias, inputs, Precision::F32).forward(&x, activation);
                let expected = scalar(&x, &w, &bias, inputs, activation);
                for (a, b) in got.iter().zip(&expected) {
                    assert!(
                        (a - b).abs() < 1e-4,
                        "{rows}×{inputs}×{outputs} {activation:?}: {a} instead of {b}"
                    );
                }
            }
        }
    }

    #[test]
    fn int8_stays_within_its_rounding_error() {
        for (rows, inputs, outputs) in SHAPES {
            let (x, w, bias) = (noise(rows * inputs, 4), noise(outputs * inputs, 5), noise(outputs, 6));
            let got = layer(&w, &bias, inputs, Precision::Int8).forward(&x, Activation::None);
            let expected = scalar(&x, &w, &bias, inputs, Activation::None);
            // Values and weights in ±1: a step of 2/255 for x and 1/64 for w at worst, errors add as √n.
            let bound = 6.0 * (1.0 / 64.0) * (inputs as f32).sqrt() * 0.5;
            for (a, b) in got.iter().zip(&expected) {
                assert!((a - b).abs() < bound, "{rows}×{inputs}×{outputs}: {a} instead of {b}");
            }
        }
    }

    #[test]
    fn int8_sums_do_not_saturate_at_the_extremes() {
        let inputs = 768;
        let (x, w) = (vec![1.0; inputs], vec![1.0; inputs]);
        let got = layer(&w, &[0.0], inputs, Precision::Int8).forward(&x, Activation::None);
        assert!((got[0] - 768.0).abs() < 0.01, "{} instead of 768", got[0]);
    }

    #[test]
    fn a_row_is_the_same_in_any_company() {
        let (inputs, outputs) = (96, 200);
        let (x, w, bias) = (noise(70 * inputs, 7), noise(outputs * inputs, 8), noise(outputs, 9));
        for precision in [Precision::F32, Precision::Int8] {
            let layer = layer(&w, &bias, inputs, precision);
            let all = layer.forward(&x, Activation::Gelu);
            for r in [0, 1, 63, 64, 69] {
                let alone = layer.forward(&x[r * inputs..(r + 1) * inputs], Activation::Gelu);
                assert_eq!(alone, all[r * outputs..(r + 1) * outputs], "{precision}, row {r}");
            }
        }
    }
}
