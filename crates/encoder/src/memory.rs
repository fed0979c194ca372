//! What loading leaves behind.

/// Give memory that loading used and freed back to the system.
///
/// Weights pass through several forms before they are packed, on every thread, and the C library keeps
/// what was freed for later: some 20 MB a model that nobody will need again. Worth a few
/// milliseconds, once, after all models are loaded. Does nothing where the C library is not glibc.
pub fn release_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointers, and is safe to call at any time from any thread (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}
