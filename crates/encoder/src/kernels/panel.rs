//! One panel of a linear layer: some rows times as many output channels as a tile has columns.
//!
//! Scale, zero point, bias and activation are applied to the sums of a tile while they are in the
//! nearest cache; separate passes over the output would cost a third of the product itself.
//!
//! int8 (as in Jacob et al. 2018, arXiv:1712.05877, eq. 7): with x = sx·(qx − zx) a row and
//! w = sw·qw a channel, `Σ x·w = sx·sw·(Σ qx·qw − zx·Σ qw)`; `Σ qw` is summed once at load.
//! Integer sums are exact, so a row's result does not depend on the rows beside it.

use std::mem::MaybeUninit;
use std::ops::Range;

use rten_simd::ops::{BitOps, NumOps, ToFloat};
use rten_simd::{Isa, SimdUnaryOp};
use rten_vecmath::Gelu;

use super::linear::Activation;
use super::product::{ByteFours, Floats, Operands, ROWS, VECTORS, tile, tile_rows};
use super::quantise::Quantised;
use super::rows::Rows;
use super::simd::{Job, Machine};

/// The output, of which every panel writes its own columns.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) out: *mut f32,
    pub(super) rows: usize,
    pub(super) outputs: usize,
}

// SAFETY: a panel has one task, and writes only its own columns.
unsafe impl Sync for Target {}
// SAFETY: as above.
unsafe impl Send for Target {}

/// What happens to finished sums: bias, activation, and out.
#[derive(Clone, Copy)]
pub(super) struct Epilogue<'a> {
    pub(super) target: Target,
    /// The panel's first channel.
    pub(super) first: usize,
    pub(super) bias: &'a [f32],
    pub(super) activation: Activation,
}

impl Epilogue<'_> {
    /// Vectors of this panel that hold real channels.
    fn vectors(&self, lanes: usize) -> usize {
        (self.target.outputs - self.first).div_ceil(lanes).min(VECTORS)
    }

    /// Write a vector of products, times `scale`, to row `row`, columns `vector · lanes …` of the panel.
    #[inline(always)]
    fn finish<I: Isa>(&self, isa: I, row: usize, vector: usize, product: I::F32, scale: I::F32) {
        let ops = isa.f32();
        let channel = self.first + vector * ops.len();
        let y = ops.mul_add(product, scale, ops.load(&self.bias[channel..]));
        let y = match self.activation {
            Activation::None => y,
            Activation::Gelu => Gelu {}.eval(isa, y),
        };
        let Target { out, rows, outputs } = self.target;
        debug_assert!(row < rows && channel < outputs);
        // SAFETY: row and channel are inside rows × outputs; the mask keeps the vector in its row.
        unsafe {
            let at = out.add(row * outputs + channel);
            if channel + ops.len() <= outputs {
                ops.store_ptr(y, at);
            } else {
                ops.store_ptr_mask(y, at, ops.first_n_mask(outputs - channel));
            }
        }
    }
}

/// Room for the sums of a tile, on the stack.
#[repr(C, align(64))]
struct Tile<T>([MaybeUninit<T>; ROWS * VECTORS * MOST_LANES]);

/// f32 numbers in a vector at most.
const MOST_LANES: usize = 16;

impl<T: Copy> Tile<T> {
    fn new() -> Self {
        Tile([const { MaybeUninit::uninit() }; ROWS * VECTORS * MOST_LANES])
    }
}

pub(super) struct FloatPanel<'a> {
    pub(super) x: &'a Rows<'a>,
    pub(super) rows: Range<usize>,
    pub(super) words: &'a [f32],
    pub(super) epilogue: Epilogue<'a>,
}

impl Job for FloatPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let ops = machine.isa().f32();
        let vectors = self.epilogue.vectors(ops.len());
        let (stride, steps) = (VECTORS * ops.len(), self.x.cols());
        let mut tile_of = Tile::<f32>::new();
        let sums = tile_of.0.as_mut_ptr().cast::<f32>();
        for first in self.rows.clone().step_by(tile_rows::<M>()) {
            let rows = (self.rows.end - first).min(tile_rows::<M>());
            let operands = Operands {
                a: self.x.values()[first * steps..].as_ptr(),
                a_stride: steps,
                b: self.words.as_ptr(),
                b_stride: stride,
                steps,
            };
            // SAFETY: the rows are inside x, the panel has `steps` rows of VECTORS vectors, and so have the sums.
            unsafe { tile::<M, Floats>(machine, operands, rows, vectors, sums, stride) };
            for row in 0..rows {
                for vector in 0..vectors {
                    // SAFETY: `tile` wrote these sums.
                    let sums = unsafe { ops.load_ptr(sums.add(row * stride + vector * ops.len())) };
                    self.epilogue.finish(machine.isa(), first + row, vector, sums, ops.one());
                }
            }
        }
    }
}

pub(super) struct BytePanel<'a> {
    pub(super) x: &'a Quantised,
    pub(super) rows: Range<usize>,
    pub(super) words: &'a [i32],
    pub(super) steps: usize,
    pub(super) scales: &'a [f32],
    pub(super) sums: &'a [i32],
    pub(super) epilogue: Epilogue<'a>,
}

impl Job for BytePanel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let (floats, ints) = (machine.isa().f32(), machine.isa().i32());
        let lanes = ints.len();
        let vectors = self.epilogue.vectors(lanes);
        let stride = VECTORS * lanes;
        let mut tile_of = Tile::<i32>::new();
        let sums = tile_of.0.as_mut_ptr().cast::<i32>();
        for first in self.rows.clone().step_by(tile_rows::<M>()) {
            let rows = (self.rows.end - first).min(tile_rows::<M>());
            let operands = Operands {
                a: self.x.words[first * self.steps..].as_ptr(),
                a_stride: self.steps,
                b: self.words.as_ptr(),
                b_stride: stride,
                steps: self.steps,
            };
            // SAFETY: the rows are inside x, the panel has `steps` rows of VECTORS vectors, and so have the sums.
            unsafe { tile::<M, ByteFours>(machine, operands, rows, vectors, sums, stride) };
            for row in 0..rows {
                let zero = ints.splat(self.x.zeros[first + row]);
                let scale = floats.splat(self.x.scales[first + row]);
                for vector in 0..vectors {
                    let channel = self.epilogue.first + vector * lanes;
                    // SAFETY: `tile` wrote these sums.
                    let sums = unsafe { ints.load_ptr(sums.add(row * stride + vector * lanes)) };
                    let zeros = ints.mul(zero, ints.load(&self.sums[channel..]));
                    let product = ints.to_float(ints.sub(sums, zeros));
                    let scale = floats.mul(scale, floats.load(&self.scales[channel..]));
                    self.epilogue.finish(machine.isa(), first + row, vector, product, scale);
                }
            }
        }
    }
}
