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

use super::Precision;
use super::buffer::Buffer;

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
                turned.extend((0..rows).map(|r| values[if falling { rows - 1 - r } else { r } * width + column]));
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
        let table = |table: &Table, falling: bool| {
            let lines = self.heads * self.head_size;
            let mut cut = Buffer::of(lines * stride);
            let rows = rows(falling);
            let neighbours = longest <= self.distances.exact();
            for (line, to) in cut.chunks_exact_mut(stride).enumerate() {
                let from = line * 2 * self.distances.span..(line + 1) * 2 * self.distances.span;
                let to = &mut to[..rows.len()];
                match table {
                    Table::F32(values) => {
                        let from = &values[from];
                        to.iter_mut().zip(&rows).for_each(|(to, &r)| *to = from[r]);
                    }
                    Table::F16(values) if neighbours => {
                        values[from][rows[0]..rows[0] + rows.len()].convert_to_f32_slice(to);
                    }
                    Table::F16(values) => {
                        let from = &values[from];
                        to.iter_mut().zip(&rows).for_each(|(to, &r)| *to = from[r].to_f32());
                    }
                }
            }
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

impl Cut {
    /// How many terms a score has: the products of contents, and those with positions.
    pub(crate) fn terms(&self) -> usize {
        1 + usize::from(self.key.is_some()) + usize::from(self.query.is_some())
    }
}
