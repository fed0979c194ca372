//! How long a batch should take, by what the warm-up measured.

use std::time::Duration;

/// A straight line: a batch costs something by itself, and something for every token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    fixed_ms: f64,
    ms_per_token: f64,
}

impl Baseline {
    /// The line nearest to the measurements (tokens of a batch, milliseconds it took) by least squares,
    /// among those on which neither an empty batch nor a further token costs less than nothing.
    /// `None` without a usable measurement, or if they say that a batch takes no time.
    pub fn fit(measured: &[(usize, f64)]) -> Option<Baseline> {
        let points: Vec<(f64, f64)> = measured
            .iter()
            .filter(|(_, ms)| ms.is_finite() && *ms >= 0.0)
            .map(|&(tokens, ms)| (tokens as f64, ms))
            .collect();
        if points.is_empty() {
            return None;
        }
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let about = |of: fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
        let (spread, together) = (about(|dx, _| dx * dx), about(|dx, dy| dx * dy));

        // Bounds hold at the optimum or at one of the two borders: a level line, or one through the origin.
        let slope = if spread > 0.0 { together / spread } else { 0.0 };
        let (slope, fixed) = match (slope, y - slope * x) {
            (slope, _) if slope < 0.0 => (0.0, y),
            // Below zero at the origin: the tokens are not all 0.
            (_, fixed) if fixed < 0.0 => (mean(|p| p.0 * p.1) / mean(|p| p.0 * p.0), 0.0),
            line => line,
        };
        let line = Baseline { fixed_ms: fixed, ms_per_token: slope };
        (fixed > 0.0 || slope > 0.0).then_some(line)
    }

    /// Its two parts by name, in seconds: of a batch by itself, and of a token.
    pub(super) fn parts(&self) -> [(&'static str, f64); 2] {
        [("batch", self.fixed_ms / 1e3), ("token", self.ms_per_token / 1e3)]
    }

    /// How long a batch of so many tokens should take.
    pub fn expected(&self, tokens: usize) -> Duration {
        let ms = self.fixed_ms + self.ms_per_token * tokens as f64;
        Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expected_ms(line: Baseline, tokens: usize) -> f64 {
        line.expected(tokens).as_secs_f64() * 1e3
    }

    #[test]
    fn points_on_a_line_give_that_line() {
        let line = Baseline::fit(&[(10, 3.0), (110, 13.0), (510, 53.0)]).unwrap();
        assert!((expected_ms(line, 0) - 2.0).abs() < 1e-6);
        assert!((expected_ms(line, 1000) - 102.0).abs() < 1e-6);
    }

    #[test]
    fn one_length_gives_a_level_line_and_nothing_gives_none() {
        let line = Baseline::fit(&[(64, 4.0), (64, 6.0)]).unwrap();
        assert!((expected_ms(line, 64) - 5.0).abs() < 1e-6);
        assert!((expected_ms(line, 640) - 5.0).abs() < 1e-6);
        assert_eq!(Baseline::fit(&[]), None);
        assert_eq!(Baseline::fit(&[(10, f64::NAN), (10, -1.0), (10, f64::INFINITY)]), None);
        assert_eq!(Baseline::fit(&[(10, 0.0), (20, 0.0)]), None, "no ratio to nothing");
    }

    #[test]
    fn longer_batches_that_were_faster_do_not_promise_still_faster_ones() {
        let line = Baseline::fit(&[(10, 9.0), (500, 3.0)]).unwrap();
        assert!((expected_ms(line, 100_000) - 6.0).abs() < 1e-6);
    }

    #[test]
    fn a_line_that_would_begin_below_zero_begins_at_zero() {
        let line = Baseline::fit(&[(10, 0.1), (100, 10.0), (200, 40.0)]).unwrap();
        assert!(line.expected(0).is_zero());
        assert!(expected_ms(line, 100) > 10.0);
    }

    proptest! {
        #[test]
        fn no_allowed_line_is_nearer_than_the_fitted_one(
            points in prop::collection::vec((0_usize..2000, 0.0_f64..500.0), 1..20),
            fixed in 0.0_f64..600.0,
            slope in 0.0_f64..2.0,
        ) {
            let error = |fixed: f64, slope: f64| -> f64 {
                points.iter().map(|(t, ms)| (fixed + slope * *t as f64 - ms).powi(2)).sum()
            };
            if let Some(line) = Baseline::fit(&points) {
                prop_assert!(line.fixed_ms >= 0.0 && line.ms_per_token >= 0.0);
                let (ours, other) = (error(line.fixed_ms, line.ms_per_token), error(fixed, slope));
                prop_assert!(ours <= other * (1.0 + 1e-9) + 1e-6, "{line:?}: {ours} > {other}");
            }
        }
    }
}
