//! Intermediate results that reuse memory.
//!
//! A layer writes megabytes that live for a millisecond. Asked from the system each time they come
//! as fresh pages, and touching those costs as much as a tenth of the arithmetic; so every thread keeps
//! the few buffers that it used last.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Buffers that a thread keeps at most: a layer needs some fifteen at a time, most of them small.
const KEPT: usize = 24;
/// A larger buffer (in bytes) is not kept: long batches are rare and should not hold memory.
const LARGEST: usize = 16 << 20;

/// A slice from the thread's stock, given back when dropped. Its content is unspecified at first.
pub(crate) struct Buffer<T: Pooled> {
    /// As long as it ever was: shortening it would mean to fill it again.
    vec: Vec<T>,
    len: usize,
}

impl<T: Pooled> Buffer<T> {
    /// A buffer of `len` numbers, whatever they are.
    pub(crate) fn of(len: usize) -> Self {
        let vec = T::pool(|pool| {
            // The smallest that fits, so that large ones stay for large needs.
            let fits = (0..pool.len()).filter(|&i| pool[i].len() >= len).min_by_key(|&i| pool[i].len());
            fits.map_or_else(|| vec![T::default(); len], |i| pool.swap_remove(i))
        });
        Buffer { vec, len }
    }
}

impl<T: Pooled> Drop for Buffer<T> {
    fn drop(&mut self) {
        let vec = std::mem::take(&mut self.vec);
        if vec.len() * size_of::<T>() <= LARGEST {
            T::pool(|pool| {
                pool.push(vec);
                if pool.len() > KEPT {
                    pool.remove(0);
                }
            });
        }
    }
}

impl<T: Pooled> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.vec[..self.len]
    }
}

impl<T: Pooled> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.vec[..self.len]
    }
}

/// A number of which there is a stock.
pub(crate) trait Pooled: Copy + Default + 'static {
    /// Work on this thread's stock.
    fn pool<R>(f: impl FnOnce(&mut Vec<Vec<Self>>) -> R) -> R;
}

macro_rules! pooled {
    ($type:ty) => {
        impl Pooled for $type {
            fn pool<R>(f: impl FnOnce(&mut Vec<Vec<$type>>) -> R) -> R {
                thread_local!(static POOL: RefCell<Vec<Vec<$type>>> = const { RefCell::new(Vec::new()) });
                POOL.with_borrow_mut(f)
            }
        }
    };
}

pooled!(f32);
pooled!(i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_two_at_a_time_are_apart() {
        let first = Buffer::<f32>::of(1000);
        let address = first.as_ptr();
        drop(first);
        let mut again = Buffer::<f32>::of(900);
        assert_eq!(again.as_ptr(), address);
        let mut other = Buffer::<f32>::of(900);
        again[0] = 1.0;
        other[0] = 2.0;
        assert!(again[0] < other[0] && again.len() == 900);
    }
}
