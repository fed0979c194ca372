//! Multi-head self-attention over ragged sequences (Vaswani et al. 2017, arXiv:1706.03762, eq. 1).

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rten_gemm::{GemmInputA, GemmInputB, GemmOptions};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;
use rten_vecmath::Softmax;

use super::F32;

/// The shape of an attention layer and the bias that depends on position alone.
#[derive(Debug, Clone)]
pub(crate) struct AttentionShape {
    /// Heads.
    pub(crate) heads: usize,
    /// Width of a head.
    pub(crate) head_size: usize,
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

/// `qkv`: rows × 3·width, the three projections side by side; `sequences`: row ranges, in order and
/// without gaps. Returns the heads' values, rows × width.
pub(crate) fn attention(qkv: &[f32], sequences: &[Range<usize>], shape: &AttentionShape) -> Vec<f32> {
    let width = shape.heads * shape.head_size;
    let tasks: Vec<(Range<usize>, usize)> =
        sequences.iter().flat_map(|s| (0..shape.heads).map(|h| (s.clone(), h))).collect();
    let values: Vec<Vec<f32>> = tasks
        .par_iter()
        .with_min_len(2)
        .map(|(sequence, head)| {
            one_head(&qkv[sequence.start * 3 * width..sequence.end * 3 * width], *head, shape)
        })
        .collect();
    let mut out = vec![0.0; qkv.len() / 3];
    for ((sequence, head), values) in tasks.iter().zip(&values) {
        let rows = &mut out[sequence.start * width..sequence.end * width];
        for (row, v) in rows.chunks_exact_mut(width).zip(values.chunks_exact(shape.head_size)) {
            row[head * shape.head_size..(head + 1) * shape.head_size].copy_from_slice(v);
        }
    }
    out
}

fn one_head(qkv: &[f32], head: usize, shape: &AttentionShape) -> Vec<f32> {
    let (width, size) = (shape.heads * shape.head_size, shape.head_size);
    let t = qkv.len() / (3 * width);
    let all = NdTensorView::from_data([t, 3 * width], qkv);
    let part = |which: usize| {
        let start = which * width + head * size;
        all.slice((.., start..start + size))
    };
    let (q, k, v) = (part(0), part(1), part(2));

    let mut scores = vec![0.0; t * t];
    let scale = GemmOptions { alpha: 1.0 / (size as f32).sqrt(), ..GemmOptions::default() };
    F32.gemm(&mut scores, GemmInputA::Unpacked(q), GemmInputB::Unpacked(k.transposed()), scale)
        .expect("q and k have the same width");
    for (query, row) in scores.chunks_exact_mut(t).enumerate() {
        if let Some(bias) = &shape.bias {
            for (score, b) in row.iter_mut().zip(bias.row(head, query, t)) {
                *score += b;
            }
        }
        Softmax::new_mut(row).dispatch();
    }
    let weights = NdTensorView::from_data([t, t], scores.as_slice());
    let mut values = vec![0.0; t * size];
    F32.gemm(&mut values, GemmInputA::Unpacked(weights), GemmInputB::Unpacked(v), GemmOptions::default())
        .expect("there is a value for every weight");
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 37 % 101) as f32 / 50.0 - 1.0) * 1.5).collect()
    }

    fn scalar(
        qkv: &[f32],
        t: usize,
        heads: usize,
        size: usize,
        bias: impl Fn(usize, isize) -> f32,
    ) -> Vec<f32> {
        let width = heads * size;
        let at =
            |row: usize, part: usize, h: usize, i: usize| qkv[row * 3 * width + part * width + h * size + i];
        let mut out = vec![0.0; t * width];
        for h in 0..heads {
            for q in 0..t {
                let scores: Vec<f64> = (0..t)
                    .map(|k| {
                        let dot: f32 = (0..size).map(|i| at(q, 0, h, i) * at(k, 1, h, i)).sum();
                        f64::from(dot / (size as f32).sqrt() + bias(h, k.cast_signed() - q.cast_signed()))
                    })
                    .collect();
                let most = scores.iter().copied().fold(f64::MIN, f64::max);
                let total: f64 = scores.iter().map(|s| (s - most).exp()).sum();
                for i in 0..size {
                    let sum: f64 =
                        (0..t).map(|k| (scores[k] - most).exp() / total * f64::from(at(k, 2, h, i))).sum();
                    out[q * width + h * size + i] = sum as f32;
                }
            }
        }
        out
    }

    #[test]
    fn agrees_with_the_scalar_formula_for_every_sequence_of_a_ragged_batch() {
        let (heads, size) = (3, 8);
        let bias = |h: usize, d: isize| (h as f32 + 1.0) * d as f32 * 0.05;
        let table = Arc::new(PositionBias::new(heads, 40, bias));
        let lengths = [2, 1, 17, 40];
        let mut sequences = Vec::new();
        let mut start = 0;
        for t in lengths {
            sequences.push(start..start + t);
            start += t;
        }
        let row = 3 * heads * size;
        let qkv = wave(start * row);
        let shape = AttentionShape { heads, head_size: size, bias: Some(table) };
        let got = attention(&qkv, &sequences, &shape);
        for s in &sequences {
            let expected = scalar(&qkv[s.start * row..s.end * row], s.len(), heads, size, bias);
            for (a, b) in got[s.start * heads * size..].iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5, "sequence {s:?}: {a} instead of {b}");
            }
        }
    }
}
