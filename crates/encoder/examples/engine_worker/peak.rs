//! What this machine could do at most: a loop of nothing but multiply-and-add on registers.
//!
//! No matrix product can be faster, so that a measured speed can be read as a share of it.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

/// One kind of instruction: runs so many rounds of it, and how many operations a round is.
#[derive(Clone, Copy)]
struct Kind {
    run: fn(u32) -> i64,
    operations: f64,
}

/// 10⁹ operations a second (a multiply and an add are two) by all threads together: `int8_gops` and
/// `f32_gflops`. A kind for which there is no loop on this processor is left out.
pub(crate) fn measure(threads: usize) -> BTreeMap<&'static str, f64> {
    let kinds = [("int8_gops", int8()), ("f32_gflops", f32())];
    kinds.into_iter().filter_map(|(name, kind)| Some((name, speed(kind?, threads)))).collect()
}

/// The best of a few tries, each long enough for clocks to settle.
fn speed(kind: Kind, threads: usize) -> f64 {
    const ROUNDS: u32 = 12_000_000;
    let once = || {
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| std::hint::black_box((kind.run)(std::hint::black_box(ROUNDS))));
            }
        });
        f64::from(ROUNDS) * kind.operations * threads as f64 / start.elapsed().as_secs_f64() / 1e9
    };
    (0..3).map(|_| once()).fold(0.0, f64::max)
}

#[cfg(not(target_arch = "x86_64"))]
fn int8() -> Option<Kind> {
    None
}

#[cfg(not(target_arch = "x86_64"))]
fn f32() -> Option<Kind> {
    None
}

#[cfg(target_arch = "x86_64")]
use x86_64::{f32, int8};

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        _mm256_add_epi32, _mm256_cvtss_f32, _mm256_extract_epi32, _mm256_fmadd_ps, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_ps, _mm256_setzero_ps,
        _mm256_setzero_si256, _mm256_xor_si256, _mm512_dpbusd_epi32, _mm512_fmadd_ps,
        _mm512_reduce_add_epi32, _mm512_reduce_add_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps,
        _mm512_setzero_si512,
    };
    use std::hint::black_box;

    use super::Kind;

    /// Sums in flight: enough to hide the latency of one instruction.
    const SUMS: usize = 12;

    /// `vpdpbusd`, 64 products of u8 × i8 an instruction; without VNNI the three instructions of AVX2.
    pub(super) fn int8() -> Option<Kind> {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni") {
            // SAFETY: the processor has what the function was compiled for.
            let run = |rounds| unsafe { vnni(rounds) };
            return Some(Kind { run, operations: (SUMS * 64 * 2) as f64 });
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            let run = |rounds| unsafe { maddubs(rounds) };
            return Some(Kind { run, operations: (SUMS * 32 * 2) as f64 });
        }
        None
    }

    /// Fused multiply-add of 16 floats, or of 8.
    pub(super) fn f32() -> Option<Kind> {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has what the function was compiled for.
            let run = |rounds| unsafe { fma512(rounds) };
            return Some(Kind { run, operations: (SUMS * 16 * 2) as f64 });
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: as above.
            let run = |rounds| unsafe { fma256(rounds) };
            return Some(Kind { run, operations: (SUMS * 8 * 2) as f64 });
        }
        None
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    fn vnni(rounds: u32) -> i64 {
        let (a, b) = (black_box(_mm512_set1_epi32(0x0101_0101)), black_box(_mm512_set1_epi32(0x0101_0101)));
        let mut sums = [_mm512_setzero_si512(); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_dpbusd_epi32(*sum, a, b);
            }
        }
        sums.into_iter().map(|s| i64::from(_mm512_reduce_add_epi32(s))).sum()
    }

    #[target_feature(enable = "avx2")]
    fn maddubs(rounds: u32) -> i64 {
        let (a, b) = (black_box(_mm256_set1_epi8(1)), black_box(_mm256_set1_epi8(1)));
        let ones = black_box(_mm256_set1_epi16(1));
        let mut sums = [_mm256_setzero_si256(); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                // The left side changes, so that the products are not taken out of the loop.
                let products = _mm256_maddubs_epi16(_mm256_xor_si256(a, *sum), b);
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(products, ones));
            }
        }
        sums.into_iter().map(|s| i64::from(_mm256_extract_epi32::<0>(s))).sum()
    }

    #[target_feature(enable = "avx512f")]
    fn fma512(rounds: u32) -> i64 {
        let (a, b) = (black_box(_mm512_set1_ps(0.5)), black_box(_mm512_set1_ps(0.25)));
        let mut sums = [_mm512_setzero_ps(); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, a, b);
            }
        }
        sums.into_iter().map(|s| _mm512_reduce_add_ps(s) as i64).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    fn fma256(rounds: u32) -> i64 {
        let (a, b) = (black_box(_mm256_set1_ps(0.5)), black_box(_mm256_set1_ps(0.25)));
        let mut sums = [_mm256_setzero_ps(); SUMS];
        for _ in 0..rounds {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, a, b);
            }
        }
        sums.into_iter().map(|s| _mm256_cvtss_f32(s) as i64).sum()
    }
}
