//! The rows that enter one or more linear layers.

use std::sync::OnceLock;

use super::quantise::Quantised;
use super::simd::Simd;

/// Row-major floats, quantised once when the first int8 layer asks for it.
pub(crate) struct Rows<'a> {
    values: &'a [f32],
    cols: usize,
    quantised: OnceLock<Quantised>,
}

impl<'a> Rows<'a> {
    /// Rows of `cols` numbers.
    pub(crate) fn new(values: &'a [f32], cols: usize) -> Self {
        Rows { values, cols, quantised: OnceLock::new() }
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.cols
    }

    /// The width of a row.
    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    /// The numbers.
    pub(crate) fn values(&self) -> &[f32] {
        self.values
    }

    /// The rows as bytes.
    pub(crate) fn quantised(&self, simd: Simd) -> &Quantised {
        self.quantised.get_or_init(|| Quantised::rows(simd, self.values, self.cols))
    }
}
