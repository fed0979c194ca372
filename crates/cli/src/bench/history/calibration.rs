//! How fast this machine is at this moment: fixed work that no change of ours makes faster or slower.
//!
//! A machine that others share is slower in one hour than in the next. A figure divided by the time that this work took in
//! the same minute says whether the code became slower or the hour was bad. The work is what inference is made of, sums of
//! products of bytes, on all cores at once, in plain Rust: near enough to slow down with it, and not a part of it.

use std::hint::black_box;
use std::thread::{self, available_parallelism};
use std::time::Instant;

use crate::bench::latency::microsecond;

/// Bytes of each of the two rows: they fit into a core's second cache.
const ROW: usize = 64 * 1024;
/// How often a thread multiplies them; some tens of milliseconds. Without optimisation fewer would take as long: such
/// builds are compared among themselves only.
const PASSES: usize = if cfg!(debug_assertions) { 6 } else { 500 };
/// Times that it is done; the median of them is the baseline.
const TIMES: usize = 9;

/// Milliseconds for the fixed work on all cores; takes about half a second.
pub(crate) fn baseline_ms() -> f64 {
    let mut took: Vec<f64> = (0..TIMES).map(|_| once()).collect();
    took.sort_by(f64::total_cmp);
    microsecond(took[TIMES / 2])
}

fn once() -> f64 {
    let threads = available_parallelism().map_or(1, Into::into);
    let start = Instant::now();
    thread::scope(|scope| {
        for seed in 0..threads {
            scope.spawn(move || black_box(work(seed, PASSES)));
        }
    });
    start.elapsed().as_secs_f64() * 1e3
}

/// The same answer for the same seed, always.
fn work(seed: usize, passes: usize) -> i64 {
    let row = |step: usize| -> Vec<i8> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "any byte will do")]
        let byte = |i: usize| (i.wrapping_mul(step).wrapping_add(seed) % 255) as u8 as i8;
        (0..ROW).map(byte).collect()
    };
    let (left, right) = (row(31), row(73));
    (0..passes)
        .map(|_| {
            let (left, right) = (black_box(&left), black_box(&right));
            i64::from(left.iter().zip(right).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_always_the_same() {
        let one = work(0, 1);
        assert_ne!(one, work(1, 1));
        assert_eq!(work(0, 3), 3 * one);
        assert!(baseline_ms() > 0.0);
    }
}
