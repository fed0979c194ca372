//! A product whose operands lie near: how fast the kernels are when nothing holds them up.

use super::buffer::Buffer;
use super::linear::Activation;
use super::panel::{BytePanel, Epilogue, FloatPanel, Target};
use super::product::tile_columns;
use super::quantise::Quantised;
use super::rows::Rows;
use super::simd::{Job, Machine, Simd};
use super::{Precision, vectors};

/// Some rows and one panel of weights, kept where the core finds them at once.
pub(crate) struct Near {
    simd: Simd,
    rows: Vec<f32>,
    quantised: Option<Quantised>,
    floats: Vec<f32>,
    words: Vec<i32>,
    /// Scales and biases.
    ones: Vec<f32>,
    sums: Vec<i32>,
    out: Buffer<f32>,
}

/// Rows, a multiple of those of every tile.
const ROWS: usize = 48;
/// The inner dimension.
const DEPTH: usize = 768;

impl Near {
    /// Operands for the instructions `simd`.
    pub(crate) fn new(simd: Simd, precision: Precision) -> Self {
        let columns = tile_columns(simd);
        let rows: Vec<f32> = (0..ROWS * DEPTH).map(|i| (i % 7) as f32 - 3.0).collect();
        let is_int8 = precision == Precision::Int8;
        Near {
            simd,
            quantised: is_int8.then(|| Quantised::rows(simd, &rows, DEPTH)),
            rows,
            floats: vec![0.5; if is_int8 { 0 } else { DEPTH * columns }],
            words: vec![0x0101_0101; if is_int8 { DEPTH / 4 * columns } else { 0 }],
            ones: vec![1.0; columns],
            sums: vec![0; columns],
            out: Buffer::of(ROWS * columns),
        }
    }

    /// Multiplications and additions of [`Near::run`], each of them one.
    pub(crate) fn operations(&self) -> usize {
        2 * ROWS * DEPTH * self.ones.len()
    }

    /// All rows times the panel, once.
    pub(crate) fn run(&mut self) {
        let outputs = self.ones.len();
        let target = Target { out: self.out.as_mut_ptr(), rows: ROWS, outputs };
        let epilogue = Epilogue { target, first: 0, bias: &self.ones, activation: Activation::None };
        if let Some(x) = &self.quantised {
            let (words, scales, sums) = (&self.words, &self.ones, &self.sums);
            self.simd.run(BytePanel { x, rows: 0..ROWS, words, steps: DEPTH / 4, scales, sums, epilogue });
        } else {
            let x = &Rows::new(&self.rows, DEPTH);
            self.simd.run(FloatPanel { x, rows: 0..ROWS, words: &self.floats, epilogue });
        }
    }
}

/// The sum of all numbers, in whatever order is fastest.
pub(crate) fn sum(simd: Simd, numbers: &[f32]) -> f32 {
    struct Sum<'a>(&'a [f32]);
    impl Job for Sum<'_> {
        type Output = f32;

        #[inline(always)]
        fn run<M: Machine>(self, machine: M) -> f32 {
            vectors::sum(machine, self.0)
        }
    }
    simd.run(Sum(numbers))
}
