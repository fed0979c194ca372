//! What this machine could do at most, measured, so that a speed can be read as a share of it.
//!
//! - Arithmetic: the very tile of sums that products are made of (`kernels`), on every thread of the pool at
//!   once, over operands that stay in the caches next to each core (48 rows and a panel of weights, 768 deep). Scale,
//!   bias and the way out are part of it, the way to memory is not.
//! - Memory: every thread reads its part of 256 MiB again and again, which no cache here holds, and sums it up.
//!
//! Each is the best of a few tries, for what else runs on a machine can only make it slower.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::Serialize;

use crate::kernels::{Near, Precision, Simd, sum};

/// What all threads of a pool can do together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// Threads that it was measured on.
    pub threads: usize,
    /// 10⁹ operations a second of int8 products; a multiplication and an addition are two.
    pub int8_gops: f64,
    /// The same of f32 products.
    pub f32_gops: f64,
    /// 10⁹ bytes a second that can be read from memory.
    pub memory_gb_s: f64,
}

/// How often each is tried.
const TRIES: usize = 4;
/// How long a try of the arithmetic lasts.
const TRY: Duration = Duration::from_millis(30);
/// Numbers (f32) to read, 256 MiB.
const FAR: usize = 64 << 20;

impl Limits {
    /// Measures on the ambient rayon pool; takes about half a second, and 256 MiB for as long.
    pub fn measure() -> Self {
        Limits {
            threads: rayon::current_num_threads(),
            int8_gops: arithmetic(Precision::Int8),
            f32_gops: arithmetic(Precision::F32),
            memory_gb_s: memory(),
        }
    }
}

/// 10⁹ operations a second of all threads.
fn arithmetic(precision: Precision) -> f64 {
    let once = || -> f64 {
        let speeds = rayon::broadcast(|_| {
            let mut near = Near::new(Simd::chosen(), precision);
            near.run();
            let (start, mut rounds) = (Instant::now(), 0.0);
            while start.elapsed() < TRY {
                for _ in 0..16 {
                    near.run();
                }
                rounds += 16.0;
            }
            rounds * near.operations() as f64 / start.elapsed().as_secs_f64() / 1e9
        });
        speeds.iter().sum()
    };
    (0..TRIES).map(|_| once()).fold(0.0, f64::max)
}

/// 10⁹ bytes a second.
fn memory() -> f64 {
    let mut far = vec![0.0_f32; FAR];
    let part = FAR / rayon::current_num_threads().max(1) + 1;
    // Written by the thread that will most likely read it, so that the pages are there and near it.
    far.par_chunks_mut(part).for_each(|part| part.fill(1.0));
    let once = || {
        let start = Instant::now();
        far.par_chunks(part).for_each(|part| {
            black_box(sum(Simd::chosen(), part));
        });
        size_of_val(far.as_slice()) as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    (0..TRIES).map(|_| once()).fold(0.0, f64::max)
}
