//! Which instructions the kernels use, chosen once at the start.
//!
//! A kernel is a [`Job`]: code that is generic over a [`Machine`], an instruction set of `rten-simd`
//! together with the one operation that it lacks, the four-fold byte product of [`Machine::dot`].
//! [`Simd::run`] compiles the job for every instruction set and calls the one that was chosen.
//!
//! `ASH_SIMD` (`scalar`, `avx2`, `avx512`, `avx512-vnni`, `neon`) asks for less than the CPU has, so
//! that tests on one machine see every path. A path that the CPU lacks is not taken.

use std::sync::LazyLock;

use rten_simd::isa::GenericIsa;
use rten_simd::ops::BitOps;
use rten_simd::{Isa, Simd as _};

/// An instruction set that the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simd {
    /// Plain Rust, on every CPU.
    Scalar,
    /// 128-bit vectors of aarch64.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// 256-bit vectors and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 512-bit vectors and the byte product `vpdpbusd`.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Simd {
    /// All that this build has code for, the most capable last.
    pub const ALL: &[Simd] = &[
        Simd::Scalar,
        #[cfg(target_arch = "aarch64")]
        Simd::Neon,
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2,
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512,
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512Vnni,
    ];

    /// The name that `ASH_SIMD` knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Simd::Scalar => "scalar",
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => "neon",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512Vnni => "avx512-vnni",
        }
    }

    /// Can this CPU run it?
    pub fn is_available(self) -> bool {
        match self {
            Simd::Scalar => true,
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => rten_simd::isa::ArmNeonIsa::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => rten_simd::isa::Avx2Isa::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => rten_simd::isa::Avx512Isa::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512Vnni => Simd::Avx512.is_available() && is_x86_feature_detected!("avx512vnni"),
        }
    }

    /// The one in use: the most capable, or what `ASH_SIMD` asks for if the CPU has it.
    pub fn chosen() -> Simd {
        static CHOSEN: LazyLock<Simd> = LazyLock::new(|| {
            let wanted = std::env::var("ASH_SIMD").unwrap_or_default();
            let available = || Simd::ALL.iter().rev().copied().filter(|s| s.is_available());
            available().find(|s| s.name() == wanted).or_else(|| available().next()).unwrap_or(Simd::Scalar)
        });
        *CHOSEN
    }

    /// The largest int8 weight, in size, that its byte product can take.
    ///
    /// Without VNNI the products of two neighbours are summed in 16 bits, saturating:
    /// 2 · 255 · 64 = 32,640 still fits, 2 · 255 · 127 does not.
    pub(crate) fn weight_limit(self) -> u8 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 | Simd::Avx512 => 64,
            _ => 127,
        }
    }

    /// f32 numbers in a vector.
    pub(crate) fn lanes(self) -> usize {
        struct Lanes;
        impl Job for Lanes {
            type Output = usize;
            fn run<M: Machine>(self, machine: M) -> usize {
                machine.isa().f32().len()
            }
        }
        self.run(Lanes)
    }

    /// Run `job` with these instructions.
    pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
        match self {
            Simd::Scalar => job.run(Plain(GenericIsa::new())),
            #[cfg(target_arch = "aarch64")]
            Simd::Neon => match rten_simd::isa::ArmNeonIsa::new() {
                Some(isa) => job.run(Plain(isa)),
                None => job.run(Plain(GenericIsa::new())),
            },
            #[cfg(target_arch = "x86_64")]
            _ => x86::run(self, job),
        }
    }
}

/// A kernel.
pub(crate) trait Job {
    /// Its result.
    type Output;

    /// The code; `#[inline(always)]`, else it would not get the instruction set of its caller.
    fn run<M: Machine>(self, machine: M) -> Self::Output;
}

/// The instructions that a kernel may use.
pub(crate) trait Machine: Copy {
    /// The vector operations.
    type Isa: Isa;
    /// Are there 32 vector registers (or 16)? It decides how large a tile of sums may be.
    const MANY_REGISTERS: bool;

    /// The vector operations.
    fn isa(self) -> Self::Isa;

    /// In every 32-bit lane: `sum + a₀·b₀ + a₁·b₁ + a₂·b₂ + a₃·b₃`, the bytes of `a` unsigned, those of
    /// `b` signed and at most [`Simd::weight_limit`] in size.
    fn dot(
        self,
        sum: <Self::Isa as Isa>::I32,
        a: <Self::Isa as Isa>::I32,
        b: <Self::Isa as Isa>::I32,
    ) -> <Self::Isa as Isa>::I32;
}

/// An instruction set whose byte product is written out lane by lane.
#[derive(Clone, Copy)]
struct Plain<I>(I);

impl<I: Isa> Machine for Plain<I> {
    type Isa = I;
    const MANY_REGISTERS: bool = cfg!(target_arch = "aarch64");

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
    fn isa(self) -> I {
        self.0
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
    fn dot(self, sum: I::I32, a: I::I32, b: I::I32) -> I::I32 {
        let (mut sums, a, b) = (sum.to_array(), a.to_array(), b.to_array());
        for lane in 0..self.0.i32().len() {
            for (a, b) in a[lane].to_le_bytes().into_iter().zip(b[lane].to_le_bytes()) {
                sums[lane] += i32::from(a) * i32::from(b.cast_signed());
            }
        }
        self.0.i32().load(sums.as_ref())
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_add_epi32, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16, _mm512_add_epi32,
        _mm512_dpbusd_epi32, _mm512_madd_epi16, _mm512_maddubs_epi16, _mm512_set1_epi16,
    };

    use rten_simd::Isa;
    use rten_simd::isa::{Avx2Isa, Avx512Isa, GenericIsa};

    use super::{Job, Machine, Plain, Simd};

    pub(super) fn run<J: Job>(simd: Simd, job: J) -> J::Output {
        match (Avx512Isa::new(), Avx2Isa::new()) {
            (Some(isa), _) if simd == Simd::Avx512Vnni && is_x86_feature_detected!("avx512vnni") => {
                // SAFETY: the isa exists only if the CPU has its features, and VNNI was asked for.
                unsafe { with_vnni(job, Vnni(isa)) }
            }
            // SAFETY: the isa exists only if the CPU has its features.
            (Some(isa), _) if simd == Simd::Avx512 => unsafe { with_avx512(job, Wide(isa)) },
            // SAFETY: the isa exists only if the CPU has its features.
            (_, Some(isa)) if simd == Simd::Avx2 => unsafe { with_avx2(job, Narrow(isa)) },
            _ => job.run(Plain(GenericIsa::new())),
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,f16c,fma")]
    unsafe fn with_vnni<J: Job>(job: J, machine: Vnni) -> J::Output {
        job.run(machine)
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,f16c,fma")]
    unsafe fn with_avx512<J: Job>(job: J, machine: Wide) -> J::Output {
        job.run(machine)
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn with_avx2<J: Job>(job: J, machine: Narrow) -> J::Output {
        job.run(machine)
    }

    /// A machine: its instruction set, registers, and byte product.
    macro_rules! machine {
        ($(#[$doc:meta])* $name:ident, $isa:ty, $many:literal, |$sum:ident, $a:ident, $b:ident| $dot:expr) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub(super) struct $name($isa);

            impl Machine for $name {
                type Isa = $isa;
                const MANY_REGISTERS: bool = $many;

                #[inline(always)]
                #[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
                fn isa(self) -> $isa {
                    self.0
                }

                #[inline(always)]
                #[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
                fn dot(
                    self,
                    $sum: <$isa as Isa>::I32,
                    $a: <$isa as Isa>::I32,
                    $b: <$isa as Isa>::I32,
                ) -> <$isa as Isa>::I32 {
                    // SAFETY: a machine exists only where `run` found its instructions.
                    unsafe { $dot.into() }
                }
            }
        };
    }

    machine! {
        /// `vpdpbusd` sums four products in 32 bits.
        Vnni, Avx512Isa, true, |sum, a, b| _mm512_dpbusd_epi32(sum.0, a.0, b.0)
    }

    machine! {
        /// `vpmaddubsw` sums two products in 16 bits, saturating; then those by twos in 32 bits.
        Wide, Avx512Isa, true, |sum, a, b| _mm512_add_epi32(
            sum.0,
            _mm512_madd_epi16(_mm512_maddubs_epi16(a.0, b.0), _mm512_set1_epi16(1)),
        )
    }

    machine! {
        /// As [`Wide`], on 256 bits.
        Narrow, Avx2Isa, false, |sum, a, b| _mm256_add_epi32(
            sum.0,
            _mm256_madd_epi16(_mm256_maddubs_epi16(a.0, b.0), _mm256_set1_epi16(1)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneDot<'a>(&'a [u8], &'a [i8], i32);

    impl Job for OneDot<'_> {
        type Output = Vec<i32>;

        fn run<M: Machine>(self, machine: M) -> Vec<i32> {
            let ints = machine.isa().i32();
            let words = |bytes: Vec<u8>| -> Vec<i32> {
                bytes.as_chunks().0.iter().map(|&b| i32::from_le_bytes(b)).collect()
            };
            let a = words(self.0.to_vec());
            let b = words(self.1.iter().map(|b| b.cast_unsigned()).collect());
            let sum = machine.dot(ints.splat(self.2), ints.load(&a), ints.load(&b));
            sum.to_array().as_ref().to_vec()
        }
    }

    #[test]
    fn every_machine_sums_byte_products_exactly_up_to_its_weight_limit() {
        for simd in Simd::ALL.iter().copied().filter(|s| s.is_available()) {
            let limit = i32::from(simd.weight_limit());
            let a: Vec<u8> = (0..64).map(|i| [255, 0, 255, 17][i % 4]).collect();
            let b: Vec<i8> = (0..64).map(|i| [limit, -limit, limit, -3][i % 4] as i8).collect();
            let got = simd.run(OneDot(&a, &b, 1000));
            assert!(got.iter().all(|&s| s == 1000 + 2 * 255 * limit - 17 * 3), "{}: {got:?}", simd.name());
            assert_eq!(got.len(), simd.lanes());
        }
    }
}
