//! A weight matrix as it comes from a file, before it is packed for a kernel.

use crate::kernels::Precision;

/// Row-major `rows` × `cols`; for a linear layer rows are outputs and columns inputs.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// Output channels, or words of a table.
    pub rows: usize,
    /// Inputs, or the width of a table.
    pub cols: usize,
    /// The numbers.
    pub values: Values,
}

/// The numbers of a [`Matrix`].
#[derive(Debug, Clone)]
pub enum Values {
    /// Row-major floats.
    F32(Vec<f32>),
    /// `w[r][c] = quantised[r][c] · scales[r]`, symmetric, |q| ≤ 127.
    Int8 {
        /// Row-major integers.
        quantised: Vec<i8>,
        /// One scale a row.
        scales: Vec<f32>,
    },
}

impl Matrix {
    /// The same matrix as floats.
    pub fn into_f32(self) -> Vec<f32> {
        match self.values {
            Values::F32(values) => values,
            Values::Int8 { quantised, scales } => quantised
                .chunks_exact(self.cols)
                .zip(&scales)
                .flat_map(|(row, &scale)| row.iter().map(move |&q| f32::from(q) * scale))
                .collect(),
        }
    }

    /// The same matrix as integers of at most `limit` (≤ 127) in size, with one scale a row.
    ///
    /// A smaller limit loses precision; kernels whose 16-bit sums could saturate need 64.
    pub fn into_int8(self, limit: u8) -> (Vec<i8>, Vec<f32>) {
        let limit = f32::from(limit.min(127));
        match self.values {
            Values::Int8 { quantised, scales } if limit >= 127.0 => (quantised, scales),
            Values::Int8 { quantised, scales } => {
                // The rows span ±127 already: one factor serves all, and one table all values.
                let factor = limit / 127.0;
                let smaller: [i8; 256] = std::array::from_fn(|byte| {
                    (f32::from((byte as u8).cast_signed()) * factor).round() as i8
                });
                let quantised = quantised.iter().map(|&q| smaller[usize::from(q.cast_unsigned())]).collect();
                (quantised, scales.iter().map(|s| s / factor).collect())
            }
            // By way of ±127, which is what a converted file holds: both must give the same.
            Values::F32(values) if limit < 127.0 => Matrix { values: Values::F32(values), ..self }
                .stored_as(Precision::Int8)
                .into_int8(limit as u8),
            Values::F32(values) => {
                let mut quantised = Vec::with_capacity(values.len());
                let mut scales = Vec::with_capacity(self.rows);
                for row in values.chunks_exact(self.cols) {
                    let largest = row.iter().fold(0.0_f32, |m, v| m.max(v.abs())).max(1e-12);
                    let scale = largest / limit;
                    quantised.extend(row.iter().map(|v| (v / scale).round() as i8));
                    scales.push(scale);
                }
                (quantised, scales)
            }
        }
    }

    /// The same matrix for a model of this precision: int8 halves or quarters what it occupies; for
    /// f32 it stays as it is.
    #[must_use]
    pub(crate) fn stored_as(self, precision: Precision) -> Self {
        if precision == Precision::F32 {
            return self;
        }
        let (rows, cols) = (self.rows, self.cols);
        let (quantised, scales) = self.into_int8(127);
        Matrix { rows, cols, values: Values::Int8 { quantised, scales } }
    }

    /// The rows of several matrices of equal width, one below the other.
    pub fn stack(parts: Vec<Matrix>) -> Matrix {
        let rows = parts.iter().map(|p| p.rows).sum();
        let cols = parts.first().map_or(0, |p| p.cols);
        let all_int8 = parts.iter().all(|p| matches!(p.values, Values::Int8 { .. }));
        let values = if all_int8 {
            let (mut quantised, mut scales) = (Vec::with_capacity(rows * cols), Vec::with_capacity(rows));
            for part in parts {
                let (q, s) = part.into_int8(127);
                quantised.extend(q);
                scales.extend(s);
            }
            Values::Int8 { quantised, scales }
        } else {
            Values::F32(parts.into_iter().flat_map(Matrix::into_f32).collect())
        };
        Matrix { rows, cols, values }
    }
}
