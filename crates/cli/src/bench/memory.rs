//! How much memory a process holds.

use std::fs;

/// Resident memory in mebibytes, as the kernel counts it. Absent where `/proc` is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Resident {
    /// `VmRSS`: now.
    pub(crate) now_mib: Option<f64>,
    /// `VmHWM`: the most it ever was.
    pub(crate) peak_mib: Option<f64>,
}

impl Resident {
    /// Of this process, at this moment.
    pub(crate) fn now() -> Self {
        Self::parse(&fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    /// Of another process, which must be running.
    pub(crate) fn of(pid: u32) -> Self {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default())
    }

    fn parse(status: &str) -> Self {
        let field = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))?;
            let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some((kibibytes / 1024.0 * 10.0).round() / 10.0)
        };
        Resident { now_mib: field("VmRSS"), peak_mib: field("VmHWM") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_figures_are_read_by_name() {
        let status = "Name:\tash-nlp\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t3\n";
        assert_eq!(Resident::parse(status), Resident { now_mib: Some(100.0), peak_mib: Some(200.0) });
    }

    #[test]
    fn elsewhere_memory_is_unknown_not_zero() {
        assert_eq!(Resident::parse(""), Resident { now_mib: None, peak_mib: None });
    }
}
