//! Relative positions of disentangled attention, projected once at load.
//!
//! `DeBERTa` (He et al. 2020, arXiv:2006.03654, eq. 4) adds to the score of query i and key j the products
//! `q_i · K(i − j)` ("content to position") and `k_j · Q(i − j)` ("position to content"), K and Q being
//! projections of a table of position vectors. They depend on the weights alone. What a batch needs are
//! the distances up to its longest sequence, so those are cut out, in the order in which the
//! attention kernel reads them.
//!
//! Distances up to half the buckets have a vector each, further ones share logarithmic buckets (`DeBERTa`
//! v3, arXiv:2111.09543, and `make_log_bucket_position` in transformers' `modeling_deberta_v2.py`).

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use super::Precision;
use super::buffer::Buffer;
use crate::recording::{Op, Work, operation};

/// Which position vector a distance has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Distances {
    /// Half of the rows of the position table.
    pub(crate) span: usize,
    /// Logarithmic buckets, if there are any.
    pub(crate) buckets: Option<usize>,
    /// The distance of the last bucket.
    pub(crate) furthest: usize,
}

impl Distances {
    /// The row of the position table for `query − key`.
    pub(crate) fn row(&self, distance: isize) -> usize {
        let bucket = match self.buckets {
            Some(buckets) => bucket(distance, buckets, self.furthest),
            None => distance,
        };
        let span = self.span.cast_signed();
        (bucket + span).clamp(0, 2 * span - 1).cast_unsigned()
    }

    /// Distances of fewer than this have neighbouring rows.
    fn exact(&self) -> usize {
        self.buckets.map_or(self.span, |b| (b / 2).min(self.span))
    }
}

/// In f32, as transformers computes it: the buckets' edges hang on its rounding.
fn bucket(distance: isize, buckets: usize, furthest: usize) -> isize {
    let middle = (buckets / 2).cast_signed();
    if distance.abs() <= middle {
        return distance;
    }
    let size = (distance.unsigned_abs() as f32 / middle as f32).ln();
    let most = ((furthest as f32 - 1.0) / middle as f32).ln();
    let steps = (size / most * (middle - 1) as f32).ceil() as isize;
    (steps + middle) * distance.signum()
}

/// The projected position tables of one layer.
pub(crate) struct RelativePositions {
    distances: Distances,
    heads: usize,
    head_size: usize,
    /// For content to position, distances falling.
    key: Option<Table>,
    /// For position to content, distances rising.
    query: Option<Table>,
}

/// `[head][dimension][row]`
enum Table {
    F32(Vec<f32>),
    /// Beside int8 weights the rounding of a half (2⁻¹¹) is nothing, and the tables are a tenth of a model.
    F16(Vec<f16>),
}

impl RelativePositions {
    /// `key`, `query`: projected tables, `2·span` rows × width, if the model uses them.
    pub(crate) fn new(
        distances: Distances,
        heads: usize,
        head_size: usize,
        key: Option<&[f32]>,
        query: Option<&[f32]>,
        precision: Precision,
    ) -> Self {
        let rows = 2 * distances.span;
        let table = |values: &[f32], falling: bool| {
            let width = heads * head_size;
            let mut turned = Vec::with_capacity(values.len());
            for column in 0..width {
                turned.extend(
                    (0..rows).map(|r| values[if falling { rows - 1 - r } else { r } * width + column]),
                );
            }
            match precision {
                Precision::F32 => Table::F32(turned),
                Precision::Int8 => Table::F16(turned.iter().map(|&v| f16::from_f32(v)).collect()),
            }
        };
        RelativePositions {
            key: key.map(|k| table(k, true)),
            query: query.map(|q| table(q, false)),
            distances,
            heads,
            head_size,
        }
    }

    /// The parts of the tables that sequences of up to `longest` tokens need, with room for `lanes` more.
    pub(crate) fn cut(&self, longest: usize, lanes: usize) -> Cut {
        let zero = longest.saturating_sub(1);
        let stride = (2 * zero + 1 + lanes).next_multiple_of(lanes);
        let reach = zero.cast_signed();
        let rows = |falling: bool| -> Vec<usize> {
            let last = 2 * self.distances.span - 1;
            let row = |distance| self.distances.row(distance);
            (-reach..=reach).map(|d| if falling { last - row(-d) } else { row(d) }).collect()
        };
        let lines = self.heads * self.head_size;
        let tables = usize::from(self.key.is_some()) + usize::from(self.query.is_some());
        let call = operation(Op::Positions, || Work::moves(stride, 2 * tables * lines * stride));
        let table = |table: &Table, falling: bool| {
            let mut cut = Buffer::of(lines * stride);
            let rows = rows(falling);
            let neighbours = longest <= self.distances.exact();
            let size = 2 * self.distances.span;
            cut.par_chunks_mut(stride).with_min_len(64).enumerate().for_each_init(
                || call.part(),
                |_, (line, to)| {
                    let (to, from) = (&mut to[..rows.len()], line * size..(line + 1) * size);
                    match table {
                        Table::F32(values) => gather(&values[from], &rows, to),
                        Table::F16(values) if neighbours => {
                            values[from][rows[0]..rows[0] + rows.len()].convert_to_f32_slice(to);
                        }
                        Table::F16(values) => {
                            let mut wide = Buffer::of(size);
                            values[from].convert_to_f32_slice(&mut wide);
                            gather(&wide, &rows, to);
                        }
                    }
                },
            );
            cut
        };
        Cut {
            key: self.key.as_ref().map(|k| table(k, true)),
            query: self.query.as_ref().map(|q| table(q, false)),
            stride,
            zero,
        }
    }
}

/// `to[i] = from[rows[i]]`
fn gather(from: &[f32], rows: &[usize], to: &mut [f32]) {
    for (to, &row) in to.iter_mut().zip(rows) {
        *to = from[row];
    }
}

/// `[head][dimension][distance]`, `stride` from one dimension to the next.
pub(crate) struct Cut {
    /// For queries; in column `zero + (key − query)`.
    pub(crate) key: Option<Buffer<f32>>,
    /// For keys; in column `zero + (query − key)`.
    pub(crate) query: Option<Buffer<f32>>,
    pub(crate) stride: usize,
    /// The column of distance 0.
    pub(crate) zero: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_distances_have_vectors_of_their_own_and_far_ones_share() {
        let v3 = Distances { span: 256, buckets: Some(256), furthest: 512 };
        let rows: Vec<usize> = [0, 1, -1, 128, 129, -130, 200, 511, -511, 4000].map(|d| v3.row(d)).to_vec();
        // Rows as `make_log_bucket_position(d, 256, 512) + 256` gives them, clamped to the table.
        assert_eq!(rows, [256, 257, 255, 384, 385, 126, 425, 511, 1, 511]);
        let plain = Distances { span: 4, buckets: None, furthest: 4 };
        assert_eq!([-9, -4, 0, 3, 4, 9].map(|d| plain.row(d)), [0, 0, 4, 7, 7, 7]);
    }

    #[test]
    fn a_cut_holds_the_rows_of_its_distances_in_reading_order_in_both_precisions() {
        for (distances, longest) in [
            (Distances { span: 8, buckets: Some(8), furthest: 64 }, 3),
            (Distances { span: 8, buckets: Some(8), furthest: 64 }, 40),
            (Distances { span: 8, buckets: None, furthest: 8 }, 8),
        ] {
            // Row r of the table has the value r in every column.
            let table: Vec<f32> = (0..16).flat_map(|r| [r as f32; 6]).collect();
            for precision in [Precision::F32, Precision::Int8] {
                let relative = RelativePositions::new(distances, 2, 3, Some(&table), Some(&table), precision);
                let cut = relative.cut(longest, 16);
                let (key, query) = (cut.key.as_ref().unwrap(), cut.query.as_ref().unwrap());
                for line in 0..6 {
                    for d in 1 - longest.cast_signed()..longest.cast_signed() {
                        let at = line * cut.stride + cut.zero;
                        let row = distances.row(d) as f32;
                        let of_query = query[at.checked_add_signed(d).unwrap()];
                        let of_key = key[at.checked_add_signed(-d).unwrap()];
                        let exact = (of_query - row).abs() + (of_key - row).abs() == 0.0;
                        assert!(exact, "{distances:?} {precision} distance {d}: {of_query}, {of_key}");
                    }
                }
            }
        }
    }
}
