//! Activations f32 → u8, each token row on a grid of its own.

use std::mem::MaybeUninit;

use rayon::prelude::*;
use rten_simd::SimdOp;
use rten_vecmath::Quantize;

use super::buffer::Buffer;
use super::simd::{Job, Machine, Simd};
use super::vectors;
use crate::recording::{Op, Work, operation};

/// Rows of u8 with `x ≈ scale · (q − zero)` a row.
pub(crate) struct Quantised {
    /// Four bytes a word, rows padded to whole words; the padding meets weights that are 0.
    pub(crate) words: Buffer<i32>,
    /// Step of the grid, one a row.
    pub(crate) scales: Vec<f32>,
    /// The integer that means 0.0, one a row.
    pub(crate) zeros: Vec<i32>,
}

/// Rows that one task quantises.
const TASK: usize = 32;

impl Quantised {
    /// Quantise each row of `x` (`cols` wide) over its own range, which always includes 0.
    ///
    /// The range is affine, not symmetric: after GELU nearly all of it is positive, and a
    /// symmetric grid would waste half its steps.
    pub(crate) fn rows(simd: Simd, x: &[f32], cols: usize) -> Self {
        let (rows, words_a_row) = (x.len() / cols, cols.div_ceil(4));
        let mut words = Buffer::of(rows * words_a_row);
        let (mut scales, mut zeros) = (vec![0.0; rows], vec![0; rows]);
        // Four numbers in, one number's worth of bytes out.
        let call = operation(Op::Quantise, || Work::moves(rows, x.len() + words.len()));
        x.par_chunks(TASK * cols)
            .zip(words.par_chunks_mut(TASK * words_a_row))
            .zip(scales.par_chunks_mut(TASK).zip(zeros.par_chunks_mut(TASK)))
            .for_each_init(
                || call.part(),
                |_, ((x, words), (scales, zeros))| {
                    simd.run(Quantisation { x, cols, words, words_a_row, scales, zeros });
                },
            );
        Quantised { words, scales, zeros }
    }
}

struct Quantisation<'a> {
    x: &'a [f32],
    cols: usize,
    words: &'a mut [i32],
    words_a_row: usize,
    scales: &'a mut [f32],
    zeros: &'a mut [i32],
}

impl Job for Quantisation<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let rows = self.x.chunks_exact(self.cols).zip(self.words.chunks_exact_mut(self.words_a_row));
        for ((row, words), (scale, zero)) in rows.zip(self.scales.iter_mut().zip(self.zeros)) {
            let (low, high) = vectors::range(machine, row);
            *scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero_point = (-low / *scale).round().clamp(0.0, 255.0) as u8;
            *zero = i32::from(zero_point);
            Quantize::new(row, bytes(words, self.cols), 1.0 / *scale, zero_point).eval(machine.isa());
        }
    }
}

/// The first `len` bytes of `words`.
fn bytes(words: &mut [i32], len: usize) -> &mut [MaybeUninit<u8>] {
    assert!(len <= size_of_val(words));
    // SAFETY: the bytes lie inside the words, and any byte is a valid part of an i32.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), len) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The numbers that the bytes of row 0 stand for.
    fn back(q: &Quantised, cols: usize) -> Vec<f32> {
        let bytes = q.words.iter().flat_map(|w| w.to_le_bytes()).take(cols);
        bytes.map(|b| q.scales[0] * (i32::from(b) - q.zeros[0]) as f32).collect()
    }

    proptest! {
        #[test]
        fn every_value_is_within_half_a_step(row in prop::collection::vec(-50.0_f32..50.0, 1..200)) {
            for simd in Simd::ALL.iter().copied().filter(|s| s.is_available()) {
                let q = Quantised::rows(simd, &row, row.len());
                for (x, back) in row.iter().zip(back(&q, row.len())) {
                    // Half a step for the value, half for the rounded zero point.
                    prop_assert!((x - back).abs() <= q.scales[0] * 1.001, "{x} came back as {back}");
                }
            }
        }
    }

    #[test]
    fn a_row_of_zeros_stays_zero() {
        let q = Quantised::rows(Simd::chosen(), &[0.0; 8], 4);
        assert_eq!(back(&q, 4), [0.0; 4]);
    }
}
