//! Passes over a row of floats.
//!
//! `rten-vecmath` has such passes too, but as chains of closures that the compiler leaves outside of
//! the caller's instruction set, where every vector operation becomes a call.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, Simd, SimdUnaryOp};
use rten_vecmath::Exp;

use super::simd::Machine;

/// A vector of floats of a machine.
type Floats<M> = <<M as Machine>::Isa as Isa>::F32;

/// Visit a row vector by vector: `$whole` with the place of a whole vector, `$part` with the place and
/// length of what is left at the end.
macro_rules! each_vector {
    ($lanes:expr, $len:expr, |$at:ident| $whole:expr, |$rest:ident, $n:ident| $part:expr) => {{
        let (lanes, len) = ($lanes, $len);
        let mut $at = 0;
        while $at + lanes <= len {
            $whole;
            $at += lanes;
        }
        if $at < len {
            let ($rest, $n) = ($at, len - $at);
            $part;
        }
    }};
}

/// `join(…)` over all numbers of `xs` and `start`, with four chains so that none waits for the last.
macro_rules! fold {
    ($machine:ident, $xs:ident, $start:expr, |$sum:ident, $x:ident| $step:expr, |$a:ident, $b:ident| $join:expr) => {{
        let ops = $machine.isa().f32();
        let lanes = ops.len();
        let mut chains = [$start; 4];
        let mut blocks = $xs.chunks_exact(4 * lanes);
        for block in blocks.by_ref() {
            for (c, chain) in chains.iter_mut().enumerate() {
                let ($sum, $x) = (*chain, ops.load(&block[c * lanes..]));
                *chain = $step;
            }
        }
        for rest in blocks.remainder().chunks(lanes) {
            let (x, mask) = ops.load_pad(rest);
            let ($sum, $x) = (chains[0], x);
            chains[0] = ops.select($step, chains[0], mask);
        }
        let ($a, $b) = (chains[0], chains[1]);
        let left = $join;
        let ($a, $b) = (chains[2], chains[3]);
        let right = $join;
        let ($a, $b) = (left, right);
        $join
    }};
}

/// The smallest and the largest of `xs` and 0.
#[inline(always)]
pub(crate) fn range<M: Machine>(machine: M, xs: &[f32]) -> (f32, f32) {
    let ops = machine.isa().f32();
    let low = fold!(machine, xs, ops.zero(), |s, x| ops.min(s, x), |a, b| ops.min(a, b));
    let high = fold!(machine, xs, ops.zero(), |s, x| ops.max(s, x), |a, b| ops.max(a, b));
    (lowest::<M>(low), highest::<M>(high))
}

/// `Σ x`
#[inline(always)]
pub(crate) fn sum<M: Machine>(machine: M, xs: &[f32]) -> f32 {
    let ops = machine.isa().f32();
    ops.sum(fold!(machine, xs, ops.zero(), |s, x| ops.add(s, x), |a, b| ops.add(a, b)))
}

/// `(Σ x) / n` and `(Σ (x − mean)²) / n`.
#[inline(always)]
pub(crate) fn mean_and_variance<M: Machine>(machine: M, xs: &[f32]) -> (f32, f32) {
    let ops = machine.isa().f32();
    let n = xs.len() as f32;
    let sum = fold!(machine, xs, ops.zero(), |s, x| ops.add(s, x), |a, b| ops.add(a, b));
    let mean = ops.sum(sum) / n;
    let middle = ops.splat(mean);
    let squares = fold!(
        machine,
        xs,
        ops.zero(),
        |s, x| {
            let d = ops.sub(x, middle);
            ops.mul_add(d, d, s)
        },
        |a, b| ops.add(a, b)
    );
    (mean, ops.sum(squares) / n)
}

/// `x ← (x − mean) · scale · weight + bias`
#[inline(always)]
pub(crate) fn normalise<M: Machine>(
    machine: M,
    xs: &mut [f32],
    (mean, scale): (f32, f32),
    weight: &[f32],
    bias: &[f32],
) {
    let ops = machine.isa().f32();
    let (middle, factor) = (ops.splat(mean), ops.splat(scale));
    let one = |x, w, b| ops.mul_add(ops.mul(ops.sub(x, middle), factor), w, b);
    each_vector!(
        ops.len(),
        xs.len(),
        |at| {
            let y = one(ops.load(&xs[at..]), ops.load(&weight[at..]), ops.load(&bias[at..]));
            ops.store(y, &mut xs[at..]);
        },
        |at, n| {
            let (x, mask) = ops.load_pad(&xs[at..]);
            let (w, b) = (ops.load_pad(&weight[at..at + n]).0, ops.load_pad(&bias[at..at + n]).0);
            // SAFETY: the mask has the `n` places that are left of the slice.
            unsafe { ops.store_ptr_mask(one(x, w, b), xs[at..].as_mut_ptr(), mask) };
        }
    );
}

/// `a ← a + b`
#[inline(always)]
pub(crate) fn add<M: Machine>(machine: M, a: &mut [f32], b: &[f32]) {
    let ops = machine.isa().f32();
    each_vector!(
        ops.len(),
        a.len(),
        |at| ops.store(ops.add(ops.load(&a[at..]), ops.load(&b[at..])), &mut a[at..]),
        |at, n| a[at..].iter_mut().zip(&b[at..at + n]).for_each(|(a, b)| *a += b)
    );
}

/// `x ← (x + Σ terms) · scale + bias`, then its softmax.
#[inline(always)]
pub(crate) fn softmax_of<M: Machine>(
    machine: M,
    xs: &mut [f32],
    terms: [Option<&[f32]>; 2],
    scale: f32,
    bias: Option<&[f32]>,
) {
    for term in terms.into_iter().flatten() {
        add(machine, xs, term);
    }
    let ops = machine.isa().f32();
    let factor = ops.splat(scale);
    each_vector!(
        ops.len(),
        xs.len(),
        |at| ops.store(ops.mul(ops.load(&xs[at..]), factor), &mut xs[at..]),
        |at, _n| xs[at..].iter_mut().for_each(|x| *x *= scale)
    );
    if let Some(bias) = bias {
        add(machine, xs, bias);
    }
    let most = fold!(machine, xs, ops.splat(f32::MIN), |s, x| ops.max(s, x), |a, b| ops.max(a, b));
    let most = ops.splat(highest::<M>(most));
    let mut sum = ops.zero();
    each_vector!(
        ops.len(),
        xs.len(),
        |at| {
            let y = Exp {}.eval(machine.isa(), ops.sub(ops.load(&xs[at..]), most));
            sum = ops.add(sum, y);
            ops.store(y, &mut xs[at..]);
        },
        |at, _n| {
            let (x, mask) = ops.load_pad(&xs[at..]);
            let y = Exp {}.eval(machine.isa(), ops.sub(x, most));
            sum = ops.add(sum, ops.select(y, ops.zero(), mask));
            // SAFETY: the mask has the places that are left of the slice.
            unsafe { ops.store_ptr_mask(y, xs[at..].as_mut_ptr(), mask) };
        }
    );
    let share = 1.0 / ops.sum(sum);
    let factor = ops.splat(share);
    each_vector!(
        ops.len(),
        xs.len(),
        |at| ops.store(ops.mul(ops.load(&xs[at..]), factor), &mut xs[at..]),
        |at, _n| xs[at..].iter_mut().for_each(|x| *x *= share)
    );
}

fn lowest<M: Machine>(xs: Floats<M>) -> f32 {
    xs.to_array().as_ref().iter().copied().fold(f32::INFINITY, f32::min)
}

fn highest<M: Machine>(xs: Floats<M>) -> f32 {
    xs.to_array().as_ref().iter().copied().fold(f32::NEG_INFINITY, f32::max)
}
