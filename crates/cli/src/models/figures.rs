//! How sizes, times and names of models are written.

/// Bytes in mebibytes.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Milliseconds with as many digits as say something.
pub(crate) fn ms(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2} ms"),
        ms if ms < 100.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.0} ms"),
    }
}

/// The start of a commit hash, as git shortens it.
pub(crate) fn short(revision: &str) -> &str {
    revision.get(..10).unwrap_or(revision)
}

/// The day of an RFC 3339 time.
pub(crate) fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(mib(3 * 1024 * 1024 / 2), "1.5 MiB");
        assert_eq!([ms(1.234), ms(12.34), ms(1234.5)], ["1.23 ms", "12.3 ms", "1234 ms"]);
        assert_eq!(short("0123456789abcdef"), "0123456789");
        assert_eq!(short("main"), "main");
        assert_eq!(day("2026-11-25T21:00:00Z"), "2026-11-25");
    }
}
