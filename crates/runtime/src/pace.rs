//! What the pipeline takes for a message of a given length, by what the warm-up measured.

use std::sync::{PoisonError, RwLock};

/// A straight line through the warm-up's messages: milliseconds over tokens.
#[derive(Debug, Default)]
pub(crate) struct Pace(RwLock<Option<Line>>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    at_zero: f64,
    per_token: f64,
}

impl Pace {
    /// By these measurements from now on: tokens and milliseconds.
    pub(crate) fn set(&self, measured: &[(usize, f64)]) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = line(measured);
    }

    /// What a message of so many tokens should take; none before anything was measured.
    pub(crate) fn expected_ms(&self, tokens: usize) -> Option<f64> {
        let line = (*self.0.read().unwrap_or_else(PoisonError::into_inner))?;
        Some(line.at_zero + line.per_token * tokens as f64)
    }
}

/// Least squares, with neither part below zero: no message takes less than nothing, or less for being longer.
fn line(measured: &[(usize, f64)]) -> Option<Line> {
    let n = measured.len() as f64;
    let mean = |of: &dyn Fn(f64, f64) -> f64| measured.iter().map(|&(x, y)| of(x as f64, y)).sum::<f64>() / n;
    if measured.is_empty() {
        return None;
    }
    let (x, y) = (mean(&|x, _| x), mean(&|_, y| y));
    let (spread, common) = (mean(&|u, _| (u - x) * (u - x)), mean(&|u, v| (u - x) * (v - y)));
    let per_token = if spread > 0.0 { (common / spread).max(0.0) } else { 0.0 };
    let at_zero = y - per_token * x;
    if at_zero < 0.0 {
        // Through the origin then, in the same sense.
        let per_token = mean(&|u, v| u * v) / mean(&|u, _| u * u).max(f64::MIN_POSITIVE);
        return Some(Line { at_zero: 0.0, per_token });
    }
    Some(Line { at_zero, per_token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_through_what_was_measured() {
        let pace = Pace::default();
        assert_eq!(pace.expected_ms(10), None);
        pace.set(&[(10, 3.0), (20, 4.0), (100, 12.0)]);
        let expected = pace.expected_ms(50).unwrap();
        assert!((expected - 7.0).abs() < 1e-9, "{expected}");
        pace.set(&[(40, 6.0), (40, 8.0)]);
        assert_eq!(pace.expected_ms(500), Some(7.0), "one length tells nothing of another");
    }

    #[test]
    fn no_message_is_expected_to_take_less_than_nothing() {
        let pace = Pace::default();
        pace.set(&[(10, 1.0), (100, 100.0)]);
        assert!(pace.expected_ms(1).unwrap() > 0.0);
        pace.set(&[(10, 9.0), (100, 1.0)]);
        assert_eq!(pace.expected_ms(10_000), Some(5.0));
    }
}
