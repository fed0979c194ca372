//! The heart of every matrix product: a tile of sums that stays in registers.
//!
//! A tile is up to [`ROWS`] rows of the left matrix times [`VECTORS`] vectors of columns of the right
//! one. It runs over the whole inner dimension, so nothing is written before it is final: with 24
//! sums, one load of three vectors serves eight rows, and the multipliers never wait for memory (98 %
//! of the peak of both cores; docs/performance.md). Splitting the inner dimension, as general
//! libraries do for huge matrices, would only add passes over the output here.
//!
//! Every row of a result is computed by the same operations in the same order, whatever rows are
//! beside it: so a batch equals its members to the last bit.

use rten_simd::Isa;
use rten_simd::ops::{BitOps, NumOps};

use super::simd::{Machine, Simd};

/// Rows of a tile at most.
pub(crate) const ROWS: usize = 8;
/// Vectors of columns of a tile.
pub(crate) const VECTORS: usize = 3;

/// Columns of a tile with the instructions `simd`.
pub(crate) fn tile_columns(simd: Simd) -> usize {
    VECTORS * simd.lanes()
}

/// Rows of a tile on this machine: the sums, the columns and one number must fit its registers.
#[inline(always)]
#[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
pub(crate) fn tile_rows<M: Machine>() -> usize {
    if M::MANY_REGISTERS { ROWS } else { 4 }
}

/// What is multiplied and how it is summed.
pub(crate) trait Multiply<M: Machine>: Copy {
    /// One step along the inner dimension of a row: an f32, or four bytes.
    type Word: Copy;
    /// A vector of words, one a column.
    type Words: Copy;
    /// What is summed up: an f32 or an i32.
    type Sum: Copy;
    /// A vector of sums, one a column.
    type Sums: Copy;

    /// All sums 0.
    fn zero(machine: M) -> Self::Sums;
    /// The same word for every column.
    fn splat(machine: M, word: Self::Word) -> Self::Words;
    /// The words of neighbouring columns.
    ///
    /// # Safety
    /// A vector of words must be readable at `at`.
    unsafe fn load(machine: M, at: *const Self::Word) -> Self::Words;
    /// `sums + a · b`, column by column.
    fn add(machine: M, sums: Self::Sums, a: Self::Words, b: Self::Words) -> Self::Sums;
    /// Write a vector of sums.
    ///
    /// # Safety
    /// A vector of sums must be writable at `at`.
    unsafe fn store(machine: M, sums: Self::Sums, at: *mut Self::Sum);
}

/// f32 · f32, fused.
#[derive(Clone, Copy)]
pub(crate) struct Floats;

impl<M: Machine> Multiply<M> for Floats {
    type Word = f32;
    type Sum = f32;
    type Words = <M::Isa as Isa>::F32;
    type Sums = <M::Isa as Isa>::F32;

    #[inline(always)]
    fn zero(machine: M) -> Self::Sums {
        machine.isa().f32().zero()
    }

    #[inline(always)]
    fn splat(machine: M, word: f32) -> Self::Words {
        machine.isa().f32().splat(word)
    }

    #[inline(always)]
    unsafe fn load(machine: M, at: *const f32) -> Self::Words {
        // SAFETY: as the caller promises.
        unsafe { machine.isa().f32().load_ptr(at) }
    }

    #[inline(always)]
    fn add(machine: M, sums: Self::Sums, a: Self::Words, b: Self::Words) -> Self::Sums {
        machine.isa().f32().mul_add(a, b, sums)
    }

    #[inline(always)]
    unsafe fn store(machine: M, sums: Self::Sums, at: *mut f32) {
        // SAFETY: as the caller promises.
        unsafe { machine.isa().f32().store_ptr(sums, at) }
    }
}

/// Four u8 · i8 a word, summed in i32.
#[derive(Clone, Copy)]
pub(crate) struct ByteFours;

impl<M: Machine> Multiply<M> for ByteFours {
    type Word = i32;
    type Sum = i32;
    type Words = <M::Isa as Isa>::I32;
    type Sums = <M::Isa as Isa>::I32;

    #[inline(always)]
    fn zero(machine: M) -> Self::Sums {
        machine.isa().i32().zero()
    }

    #[inline(always)]
    fn splat(machine: M, word: i32) -> Self::Words {
        machine.isa().i32().splat(word)
    }

    #[inline(always)]
    unsafe fn load(machine: M, at: *const i32) -> Self::Words {
        // SAFETY: as the caller promises.
        unsafe { machine.isa().i32().load_ptr(at) }
    }

    #[inline(always)]
    fn add(machine: M, sums: Self::Sums, a: Self::Words, b: Self::Words) -> Self::Sums {
        machine.dot(sums, a, b)
    }

    #[inline(always)]
    unsafe fn store(machine: M, sums: Self::Sums, at: *mut i32) {
        // SAFETY: as the caller promises.
        unsafe { machine.isa().i32().store_ptr(sums, at) }
    }
}

/// Where the operands of a tile lie, in words.
#[derive(Clone, Copy)]
pub(crate) struct Operands<W> {
    /// The first row of the left matrix.
    pub(crate) a: *const W,
    /// From one of its rows to the next.
    pub(crate) a_stride: usize,
    /// The first column of the right matrix.
    pub(crate) b: *const W,
    /// From one of its rows to the next.
    pub(crate) b_stride: usize,
    /// The inner dimension.
    pub(crate) steps: usize,
}

/// Multiply `rows` (1 to [`tile_rows`]) rows by `vectors` (1 to [`VECTORS`]) vectors of columns, and write
/// the sums to `out`, rows `stride` apart.
///
/// # Safety
/// `rows` rows of `steps` words must be readable at `a`, and `steps` rows of `vectors` whole vectors
/// at `b`; `rows` rows of as many vectors must be writable at `out`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
pub(crate) unsafe fn tile<M: Machine, P: Multiply<M>>(
    machine: M,
    operands: Operands<P::Word>,
    rows: usize,
    vectors: usize,
    out: *mut P::Sum,
    stride: usize,
) {
    // SAFETY (all arms): rows and vectors are those that the caller promises to be readable.
    unsafe {
        match vectors {
            1 => by_rows::<M, P, 1>(machine, operands, rows, out, stride),
            2 => by_rows::<M, P, 2>(machine, operands, rows, out, stride),
            _ => by_rows::<M, P, 3>(machine, operands, rows, out, stride),
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
unsafe fn by_rows<M: Machine, P: Multiply<M>, const V: usize>(
    machine: M,
    operands: Operands<P::Word>,
    rows: usize,
    out: *mut P::Sum,
    stride: usize,
) {
    // SAFETY (all arms): as in `tile`.
    unsafe {
        match rows {
            1 => fixed::<M, P, 1, V>(machine, operands, out, stride),
            2 => fixed::<M, P, 2, V>(machine, operands, out, stride),
            3 => fixed::<M, P, 3, V>(machine, operands, out, stride),
            4 => fixed::<M, P, 4, V>(machine, operands, out, stride),
            // Machines with fewer registers never come here; the condition is known when compiling.
            5 if M::MANY_REGISTERS => fixed::<M, P, 5, V>(machine, operands, out, stride),
            6 if M::MANY_REGISTERS => fixed::<M, P, 6, V>(machine, operands, out, stride),
            7 if M::MANY_REGISTERS => fixed::<M, P, 7, V>(machine, operands, out, stride),
            8 if M::MANY_REGISTERS => fixed::<M, P, 8, V>(machine, operands, out, stride),
            _ => unreachable!("a tile has 1 to tile_rows() rows"),
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "only inlined does it get the instruction set of its caller")]
#[expect(clippy::needless_range_loop, reason = "indices of fixed arrays unroll into registers")]
unsafe fn fixed<M: Machine, P: Multiply<M>, const R: usize, const V: usize>(
    machine: M,
    operands: Operands<P::Word>,
    out: *mut P::Sum,
    stride: usize,
) {
    let lanes = machine.isa().f32().len();
    let Operands { a, a_stride, mut b, b_stride, steps } = operands;
    // Only constant places of this array are ever used, so that it never leaves the registers.
    let mut sums = [[P::zero(machine); V]; R];
    for step in 0..steps {
        // SAFETY: row `step` of b has V whole vectors, and each of the R rows of a has `steps` words.
        unsafe {
            let mut columns = [P::load(machine, b); V];
            for v in 1..V {
                columns[v] = P::load(machine, b.add(v * lanes));
            }
            for r in 0..R {
                let word = P::splat(machine, *a.add(r * a_stride + step));
                for v in 0..V {
                    sums[r][v] = P::add(machine, sums[r][v], word, columns[v]);
                }
            }
            b = b.add(b_stride);
        }
    }
    for r in 0..R {
        for v in 0..V {
            // SAFETY: the caller has room for V vectors in each of R rows.
            unsafe { P::store(machine, sums[r][v], out.add(r * stride + v * lanes)) };
        }
    }
}
