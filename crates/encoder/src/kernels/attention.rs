//! Multi-head self-attention over ragged sequences (Vaswani et al. 2017, arXiv:1706.03762, eq. 1),
//! with an optional position bias (`MPNet`) or relative positions ("disentangled attention", He et al.
//! 2020, arXiv:2006.03654, eq. 4).
//!
//! One head of one sequence fits the first caches, so everything happens there, a few query rows at a
//! time: scores, position terms, softmax, values. The terms of relative positions need no gather: the
//! products of a query with the position table, taken for neighbouring distances, are the terms of
//! its neighbouring keys, one place further for every next query.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rten_simd::Isa;
use rten_simd::ops::BitOps;

use super::buffer::Buffer;
use super::product::{Floats, Operands, ROWS, VECTORS, tile, tile_rows};
use super::relative::{Cut, RelativePositions};
use super::simd::{Job, Machine, Simd};
use super::vectors;
use crate::recording::{Arithmetic, Op, Work, operation};

/// The shape of an attention layer and the bias that depends on position alone.
#[derive(Debug, Clone)]
pub(crate) struct AttentionShape {
    /// Heads.
    pub(crate) heads: usize,
    /// Width of a head.
    pub(crate) head_size: usize,
    /// Products that a score sums: one of contents, and those with positions. Scores are divided by
    /// √(`head_size` · `parts`).
    pub(crate) parts: usize,
    /// Added to the scores, if the family has one; all layers share it.
    pub(crate) bias: Option<Arc<PositionBias>>,
}

/// A score bias that depends on `key − query` and head only, ready to be sliced a row at a time.
#[derive(Debug)]
pub(crate) struct PositionBias {
    /// `[heads][2·longest − 1]`, distance −(longest − 1) first.
    values: Vec<f32>,
    longest: usize,
}

impl PositionBias {
    /// `bias(head, key − query)` for sequences of up to `longest` tokens.
    pub(crate) fn new(heads: usize, longest: usize, bias: impl Fn(usize, isize) -> f32) -> Self {
        let reach = longest.cast_signed() - 1;
        let values = (0..heads).flat_map(|h| (-reach..=reach).map(move |d| (h, d))).map(|(h, d)| bias(h, d));
        PositionBias { values: values.collect(), longest }
    }

    /// The biases of `query` towards keys 0 … t − 1.
    fn row(&self, head: usize, query: usize, t: usize) -> &[f32] {
        let start = head * (2 * self.longest - 1) + self.longest - 1 - query;
        &self.values[start..start + t]
    }
}

/// Which tokens ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queries {
    /// All of a sequence.
    All,
    /// The first of every sequence: all that a last layer needs if only that one is read.
    First,
}

impl Queries {
    fn of(self, sequence: &Range<usize>) -> usize {
        match self {
            Queries::All => sequence.len(),
            Queries::First => sequence.len().min(1),
        }
    }
}

/// What attention reads.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    /// The tokens that ask × width.
    pub(crate) q: &'a [f32],
    /// Tokens × 2·width: keys, then values.
    pub(crate) kv: &'a [f32],
    /// Row ranges of `kv`, in order and without gaps.
    pub(crate) sequences: &'a [Range<usize>],
    /// Which tokens `q` has.
    pub(crate) queries: Queries,
}

/// The heads' values for every row of `q`, side by side.
pub(crate) fn attention(
    inputs: Inputs,
    shape: &AttentionShape,
    relative: Option<&RelativePositions>,
) -> Buffer<f32> {
    with(Simd::chosen(), inputs, shape, relative)
}

fn with(
    simd: Simd,
    inputs: Inputs,
    shape: &AttentionShape,
    relative: Option<&RelativePositions>,
) -> Buffer<f32> {
    let longest = inputs.sequences.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
    let cut = relative.map(|r| r.cut(longest, simd.lanes()));
    let scale = 1.0 / ((shape.head_size * shape.parts) as f32).sqrt();
    let mut out = Buffer::of(inputs.q.len());
    let target = Target(out.as_mut_ptr());
    let call = operation(Op::Attention, || work(inputs, shape, cut.as_ref()));
    (0..shape.heads).into_par_iter().for_each_init(
        || call.part(),
        |_, head| {
            simd.run(OneHead { head, inputs, shape, cut: cut.as_ref(), scale, longest, target });
        },
    );
    out
}

/// A query with a key is one product of a score, one with each position term, and one with the values.
fn work(inputs: Inputs, shape: &AttentionShape, cut: Option<&Cut>) -> Work {
    let width = shape.heads * shape.head_size;
    let pairs: usize = inputs.sequences.iter().map(|s| inputs.queries.of(s) * s.len()).sum();
    let tables = cut.into_iter().flat_map(|cut| [&cut.key, &cut.query]).flatten().map(|t| t.len());
    let numbers = 2 * inputs.q.len() + inputs.kv.len() + tables.sum::<usize>();
    Work {
        arithmetic: Arithmetic::F32,
        operations: 2 * (pairs * width * (shape.parts + 1)) as u64,
        bytes: (numbers * size_of::<f32>()) as u64,
        weights: 0,
        rows: (inputs.q.len() / width) as u64,
    }
}

/// The output, of which every head writes its own columns.
#[derive(Clone, Copy)]
struct Target(*mut f32);

// SAFETY: a head has one task, and writes only its own columns.
unsafe impl Sync for Target {}
// SAFETY: as above.
unsafe impl Send for Target {}

/// One head of every sequence.
struct OneHead<'a> {
    head: usize,
    inputs: Inputs<'a>,
    shape: &'a AttentionShape,
    cut: Option<&'a Cut>,
    scale: f32,
    longest: usize,
    target: Target,
}

impl Job for OneHead<'_> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self, machine: M) {
        let lanes = machine.isa().f32().len();
        let size = self.shape.head_size;
        let most = self.longest.next_multiple_of(lanes);
        let mut scratch = Scratch {
            keys: Buffer::of(size * most),
            values: Buffer::of(self.longest * size.next_multiple_of(lanes)),
            scores: Buffer::of(ROWS * most),
            window: Buffer::of(ROWS * (self.longest + ROWS).max(size).next_multiple_of(lanes)),
            by_keys: Buffer::of(if self.cut.is_some_and(|c| c.query.is_some()) {
                self.longest * self.longest
            } else {
                0
            }),
        };
        let mut first_query = 0;
        for sequence in self.inputs.sequences {
            self.sequence(machine, sequence, first_query, &mut scratch);
            first_query += self.inputs.queries.of(sequence);
        }
    }
}

/// Room for one head of one sequence of t tokens.
struct Scratch {
    /// Keys, transposed: size × t, padded to whole vectors.
    keys: Buffer<f32>,
    /// Values: t × size, padded to whole vectors.
    values: Buffer<f32>,
    /// A few rows of scores, then of weights: rows × t, padded.
    scores: Buffer<f32>,
    /// A few rows of products with neighbouring position vectors; then of values.
    window: Buffer<f32>,
    /// The term key · position: queries × t.
    by_keys: Buffer<f32>,
}

impl OneHead<'_> {
    #[inline(always)]
    fn sequence<M: Machine>(&self, machine: M, sequence: &Range<usize>, first: usize, scratch: &mut Scratch) {
        let ops = machine.isa().f32();
        let lanes = ops.len();
        let (t, size, width) =
            (sequence.len(), self.shape.head_size, self.shape.heads * self.shape.head_size);
        let (padded, columns) = (t.next_multiple_of(lanes), self.head * size);
        let queries = self.inputs.queries.of(sequence);
        let kv = &self.inputs.kv[sequence.start * 2 * width..sequence.end * 2 * width];
        // Vectors of values that are no multiple of a machine's are read from a padded copy.
        let whole = size.is_multiple_of(lanes);
        let value_stride = size.next_multiple_of(lanes);
        for (j, row) in kv.chunks_exact(2 * width).enumerate() {
            for (d, &k) in row[columns..columns + size].iter().enumerate() {
                scratch.keys[d * padded + j] = k;
            }
            if !whole {
                scratch.values[j * value_stride..][..size].copy_from_slice(&row[width + columns..][..size]);
            }
        }
        if let Some((cut, table)) = self.cut.and_then(|c| Some((c, c.query.as_ref()?))) {
            self.position_to_content(machine, kv, queries, cut, table, scratch);
        }
        for start in (0..queries).step_by(tile_rows::<M>()) {
            let rows = (queries - start).min(tile_rows::<M>());
            // Neighbouring distances that these rows need.
            let reach = (t + rows - 1).next_multiple_of(lanes);
            let q = &self.inputs.q[(first + start) * width + columns..];
            let content = Operands {
                a: q.as_ptr(),
                a_stride: width,
                b: scratch.keys.as_ptr(),
                b_stride: padded,
                steps: size,
            };
            // SAFETY: q has `rows` rows from here, keys `size` rows of `padded` columns; scores has room for them.
            unsafe { products(machine, content, rows, padded, scratch.scores.as_mut_ptr(), padded) };
            if let Some((cut, table)) = self.cut.and_then(|c| Some((c, c.key.as_ref()?))) {
                let b = table[self.head * size * cut.stride + cut.zero - (start + rows - 1)..].as_ptr();
                let terms = Operands { a: q.as_ptr(), a_stride: width, b, b_stride: cut.stride, steps: size };
                // SAFETY: as above; the table has `size` rows with room for a vector behind the last distance.
                unsafe { products(machine, terms, rows, reach, scratch.window.as_mut_ptr(), reach) };
            }
            for r in 0..rows {
                let from_query = self.cut.and_then(|c| c.key.as_ref());
                let from_query = from_query.map(|_| &scratch.window[r * reach + rows - 1 - r..][..t]);
                let from_key = self.cut.and_then(|c| c.query.as_ref());
                let from_key = from_key.map(|_| &scratch.by_keys[(start + r) * t..][..t]);
                let bias = self.shape.bias.as_ref().map(|b| b.row(self.head, start + r, t));
                let row = &mut scratch.scores[r * padded..][..t];
                vectors::softmax_of(machine, row, [from_query, from_key], self.scale, bias);
            }
            let weights = Operands {
                a: scratch.scores.as_ptr(),
                a_stride: padded,
                b: scratch.values.as_ptr(),
                b_stride: value_stride,
                steps: t,
            };
            // SAFETY: this head owns `size` columns of every row of the output.
            let out = unsafe { self.target.0.add((first + start) * width + columns) };
            if whole {
                let weights = Operands { b: kv[width + columns..].as_ptr(), b_stride: 2 * width, ..weights };
                // SAFETY: scores has `rows` rows of t, kv t rows of `size` values for this head; so has the output.
                unsafe { products(machine, weights, rows, size, out, width) };
            } else {
                // SAFETY: scores has `rows` rows of t, values t rows of `value_stride`, the window has room for all.
                unsafe {
                    let window = scratch.window.as_mut_ptr();
                    products(machine, weights, rows, value_stride, window, value_stride);
                    for r in 0..rows {
                        out.add(r * width).copy_from_nonoverlapping(window.add(r * value_stride), size);
                    }
                }
            }
        }
    }

    /// The term of keys with the positions of their queries, `k_j · P(i − j)`, for all queries i.
    #[inline(always)]
    fn position_to_content<M: Machine>(
        &self,
        machine: M,
        kv: &[f32],
        queries: usize,
        cut: &Cut,
        table: &[f32],
        scratch: &mut Scratch,
    ) {
        let lanes = machine.isa().f32().len();
        let (size, width) = (self.shape.head_size, self.shape.heads * self.shape.head_size);
        let t = kv.len() / (2 * width);
        for start in (0..t).step_by(tile_rows::<M>()) {
            let rows = (t - start).min(tile_rows::<M>());
            let reach = (queries + rows - 1).next_multiple_of(lanes);
            let operands = Operands {
                a: kv[start * 2 * width + self.head * size..].as_ptr(),
                a_stride: 2 * width,
                b: table[self.head * size * cut.stride + cut.zero - (start + rows - 1)..].as_ptr(),
                b_stride: cut.stride,
                steps: size,
            };
            // SAFETY: kv has `rows` rows from here; the table has `size` rows with room for a vector behind
            // the last distance.
            unsafe { products(machine, operands, rows, reach, scratch.window.as_mut_ptr(), reach) };
            for (i, row) in scratch.by_keys[..queries * t].chunks_exact_mut(t).enumerate() {
                for (r, term) in row[start..start + rows].iter_mut().enumerate() {
                    *term = scratch.window[r * reach + rows - 1 - r + i];
                }
            }
        }
    }
}

/// A product of `rows` rows and `columns` columns (whole vectors), written to `out`, `stride` apart.
///
/// # Safety
/// As [`tile`], for as many columns.
#[inline(always)]
unsafe fn products<M: Machine>(
    machine: M,
    operands: Operands<f32>,
    rows: usize,
    columns: usize,
    out: *mut f32,
    stride: usize,
) {
    let lanes = machine.isa().f32().len();
    for first in (0..columns).step_by(VECTORS * lanes) {
        let vectors = ((columns - first) / lanes).min(VECTORS);
        // SAFETY: operands and output are the caller's, `first` columns further.
        unsafe {
            let operands = Operands { b: operands.b.add(first), ..operands };
            tile::<M, Floats>(machine, operands, rows, vectors, out.add(first), stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Precision;
    use super::super::relative::Distances;
    use super::*;

    fn wave(n: usize, step: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * step % 101) as f32 / 50.0 - 1.0) * 1.5).collect()
    }

    /// Sequences that fill tiles, miss them by one, and lie beyond the buckets' exact part.
    const LENGTHS: [usize; 6] = [2, 1, 17, 40, 8, 33];
    const HEADS: usize = 3;
    const SIZE: usize = 8;
    const WIDTH: usize = HEADS * SIZE;

    fn sequences() -> Vec<Range<usize>> {
        let starts = LENGTHS.iter().scan(0, |sum, t| {
            *sum += t;
            Some(*sum - t..*sum)
        });
        starts.collect()
    }

    /// The formula, token by token in f64; `terms(head, i, j)` is what positions add to `q·k`.
    fn scalar(
        q: &[f32],
        kv: &[f32],
        s: &Range<usize>,
        scale: f64,
        terms: impl Fn(usize, usize, usize) -> f64,
    ) -> Vec<f32> {
        let at = |row: usize, offset: usize| f64::from(kv[(s.start + row) * 2 * WIDTH + offset]);
        let query = |row: usize, offset: usize| f64::from(q[(s.start + row) * WIDTH + offset]);
        let mut out = vec![0.0; s.len() * WIDTH];
        for h in 0..HEADS {
            for i in 0..s.len() {
                let scores: Vec<f64> = (0..s.len())
                    .map(|j| {
                        let dot: f64 = (0..SIZE).map(|d| query(i, h * SIZE + d) * at(j, h * SIZE + d)).sum();
                        (dot + terms(h, i, j)) * scale
                    })
                    .collect();
                let most = scores.iter().copied().fold(f64::MIN, f64::max);
                let total: f64 = scores.iter().map(|s| (s - most).exp()).sum();
                for d in 0..SIZE {
                    let value = |j: usize| at(j, WIDTH + h * SIZE + d);
                    let sum: f64 = (0..s.len()).map(|j| (scores[j] - most).exp() / total * value(j)).sum();
                    out[i * WIDTH + h * SIZE + d] = sum as f32;
                }
            }
        }
        out
    }

    /// Run every machine with all queries and with first ones, and compare both with `expected`.
    fn check(
        parts: usize,
        bias: Option<Arc<PositionBias>>,
        relative: Option<&RelativePositions>,
        expected: impl Fn(&[f32], &[f32], &Range<usize>) -> Vec<f32>,
    ) {
        let sequences = sequences();
        let tokens: usize = LENGTHS.iter().sum();
        let (q, kv) = (wave(tokens * WIDTH, 37), wave(tokens * 2 * WIDTH, 29));
        let firsts: Vec<f32> =
            sequences.iter().flat_map(|s| &q[s.start * WIDTH..(s.start + 1) * WIDTH]).copied().collect();
        let shape = AttentionShape { heads: HEADS, head_size: SIZE, parts, bias };
        for simd in Simd::ALL.iter().copied().filter(|s| s.is_available()) {
            let run = |q, queries| {
                with(simd, Inputs { q, kv: &kv, sequences: &sequences, queries }, &shape, relative)
            };
            let (all, first) = (run(&q, Queries::All), run(&firsts, Queries::First));
            for (n, s) in sequences.iter().enumerate() {
                let expected = expected(&q, &kv, s);
                for (a, b) in all[s.start * WIDTH..].iter().zip(&expected) {
                    assert!((a - b).abs() < 2e-5, "{}, sequence {s:?}: {a} instead of {b}", simd.name());
                }
                let (a, b) =
                    (&first[n * WIDTH..(n + 1) * WIDTH], &all[s.start * WIDTH..(s.start + 1) * WIDTH]);
                assert_eq!(a, b, "{}: the first token of {s:?} alone", simd.name());
            }
        }
    }

    #[test]
    fn agrees_with_the_scalar_formula_for_every_sequence_of_a_ragged_batch() {
        check(1, None, None, |q, kv, s| scalar(q, kv, s, 1.0 / (SIZE as f64).sqrt(), |_, _, _| 0.0));
    }

    #[test]
    fn agrees_with_the_scalar_formula_with_a_position_bias() {
        let bias = |h: usize, d: isize| (h as f32 + 1.0) * d as f32 * 0.05;
        let root = (SIZE as f64).sqrt();
        check(1, Some(Arc::new(PositionBias::new(HEADS, 40, bias))), None, |q, kv, s| {
            scalar(q, kv, s, 1.0 / root, |h, i, j| {
                root * f64::from(bias(h, j.cast_signed() - i.cast_signed()))
            })
        });
    }

    #[test]
    fn agrees_with_the_scalar_formula_with_relative_positions() {
        let plain = Distances { span: 40, buckets: None, furthest: 40 };
        let bucketed = Distances { span: 16, buckets: Some(16), furthest: 64 };
        for (distances, key, query) in
            [(plain, true, true), (bucketed, true, true), (bucketed, true, false), (plain, false, true)]
        {
            let rows = 2 * distances.span;
            let (k, q_table) = (wave(rows * WIDTH, 53), wave(rows * WIDTH, 31));
            let relative = RelativePositions::new(
                distances,
                HEADS,
                SIZE,
                key.then_some(&k),
                query.then_some(&q_table),
                Precision::F32,
            );
            let terms = 1 + usize::from(key) + usize::from(query);
            check(terms, None, Some(&relative), |q, kv, s| {
                scalar(q, kv, s, 1.0 / ((SIZE * terms) as f64).sqrt(), |h, i, j| {
                    let row = distances.row(i.cast_signed() - j.cast_signed()) * WIDTH + h * SIZE;
                    let dot = |vector: &[f32], table: &[f32]| -> f64 {
                        (0..SIZE).map(|d| f64::from(vector[d]) * f64::from(table[row + d])).sum()
                    };
                    let from_query = dot(&q[(s.start + i) * WIDTH + h * SIZE..], &k);
                    let from_key = dot(&kv[(s.start + j) * 2 * WIDTH + h * SIZE..], &q_table);
                    f64::from(u8::from(key)) * from_query + f64::from(u8::from(query)) * from_key
                })
            });
        }
    }
}
