//! Activations f32 → u8, each token row on a grid of its own.

use std::mem::MaybeUninit;

use rten_simd::SimdOp;
use rten_vecmath::{MinMax, Quantize};

/// Rows of u8 with `x ≈ scale · (q − zero)` a row.
pub(crate) struct Quantised {
    /// Row-major, as the source.
    pub(crate) values: Vec<u8>,
    /// Step of the grid, one a row.
    pub(crate) scales: Vec<f32>,
    /// The integer that means 0.0, one a row.
    pub(crate) zeros: Vec<i32>,
}

impl Quantised {
    /// Quantise each row of `x` (`cols` wide) over its own range, which always includes 0.
    ///
    /// The range is affine, not symmetric: after GELU nearly all of it is positive, and a
    /// symmetric grid would waste half its steps.
    pub(crate) fn rows(x: &[f32], cols: usize) -> Self {
        let rows = x.len() / cols;
        let mut values: Vec<u8> = Vec::with_capacity(x.len());
        let (mut scales, mut zeros) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        let room: &mut [MaybeUninit<u8>] = &mut values.spare_capacity_mut()[..rows * cols];
        for (row, out) in x.chunks_exact(cols).zip(room.chunks_exact_mut(cols)) {
            let (low, high) = MinMax::new(row).dispatch();
            let (low, high) = (low.min(0.0), high.max(0.0));
            let scale = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-low / scale).round().clamp(0.0, 255.0) as u8;
            Quantize::new(row, out, 1.0 / scale, zero).dispatch();
            scales.push(scale);
            zeros.push(i32::from(zero));
        }
        // SAFETY: the loop above wrote every element of the first `rows · cols`.
        unsafe { values.set_len(rows * cols) };
        Quantised { values, scales, zeros }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_is_within_half_a_step(row in prop::collection::vec(-50.0_f32..50.0, 1..200)) {
            let q = Quantised::rows(&row, row.len());
            for (x, &v) in row.iter().zip(&q.values) {
                let back = q.scales[0] * (i32::from(v) - q.zeros[0]) as f32;
                // Half a step for the value, half for the rounded zero point.
                prop_assert!((x - back).abs() <= q.scales[0] * 1.001, "{x} came back as {back}");
            }
        }
    }

    #[test]
    fn a_row_of_zeros_stays_zero() {
        let q = Quantised::rows(&[0.0; 8], 4);
        assert!(q.values.iter().zip([0; 8]).all(|(&v, _)| i32::from(v) == q.zeros[0]));
    }
}
