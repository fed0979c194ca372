//! What a figure should be, and whether it is.

use serde::Serialize;

/// An aim that a measured figure meets or misses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Aim {
    /// For people: "first request ≤ 1.25 × median + 5 ms".
    pub(crate) name: &'static str,
    /// What was measured, in the aim's unit; absent if nothing could be.
    pub(crate) measured: Option<f64>,
    /// The most it may be (or, where the aim says so, the least).
    pub(crate) limit: f64,
    /// Absent measurements meet nothing.
    pub(crate) met: bool,
}

impl Aim {
    /// Met if `measured` is not above `limit`.
    pub(crate) fn at_most(name: &'static str, measured: Option<f64>, limit: f64) -> Self {
        Aim { name, measured, limit, met: measured.is_some_and(|m| m <= limit) }
    }

    /// Met if `measured` is not below `limit`.
    pub(crate) fn at_least(name: &'static str, measured: Option<f64>, limit: f64) -> Self {
        Aim { name, measured, limit, met: measured.is_some_and(|m| m >= limit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert!(Aim::at_most("a", Some(1.0), 1.0).met);
        assert!(!Aim::at_most("a", Some(1.1), 1.0).met);
        assert!(Aim::at_least("a", Some(0.9), 0.9).met);
        assert!(!Aim::at_most("a", None, 1.0).met && !Aim::at_least("a", None, 0.0).met);
    }
}
