//! The threads that models run on, and the walls around them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::LoadError;

/// Threads of a profile's own; 0 is one per available core.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool, LoadError> {
    let builder = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("ash-compute-{i}"));
    builder.build().map_err(|e| LoadError::Threads { threads, why: e.to_string() })
}

/// Runs a loader so that a panic in it is an error of that model only.
pub(crate) fn contained<T>(name: &str, load: impl FnOnce() -> Result<T, LoadError>) -> Result<T, LoadError> {
    catch_unwind(AssertUnwindSafe(load)).unwrap_or_else(|_| Err(LoadError::Panicked(name.to_owned())))
}
