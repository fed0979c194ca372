//! What a team would see in life, where nearly all messages are none; in a test set every level is frequent.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Confusion;
use crate::level::Level;

/// How many messages of a community are of each level, as shares that sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prevalence([f64; 5]);

/// Shares that are no prevalence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PrevalenceError {
    /// A part that is not `LEVEL=SHARE` with a known level and a share within 0 to 1.
    #[error("{0:?} is not LEVEL=SHARE, such as high=0.005")]
    Part(String),
    /// A level that is named twice.
    #[error("{0} is named twice")]
    Twice(Level),
    /// Shares that do not sum to 1.
    #[error("the shares sum to {0:.4}, not to 1")]
    Sum(f64),
}

impl Prevalence {
    /// Of 1,000 messages 930 none, 45 low, 18 medium, 5 high, 2 critical: an assumption about a support-friendly
    /// community, not a measurement. Teams who know theirs should use that.
    pub const ASSUMED: Prevalence = Prevalence([0.93, 0.045, 0.018, 0.005, 0.002]);

    /// How far the shares may be from summing to 1.
    const TOLERANCE: f64 = 1e-3;

    /// The share of messages of `level`.
    pub const fn of(&self, level: Level) -> f64 {
        self.0[level.index()]
    }
}

impl FromStr for Prevalence {
    type Err = PrevalenceError;

    /// `none=0.93,low=0.045,…`; a level that is not named has none.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let mut shares = [None; 5];
        for part in s.split(',') {
            let wrong = || PrevalenceError::Part(part.trim().to_owned());
            let (level, share) = part.split_once('=').ok_or_else(wrong)?;
            let level: Level = level.trim().parse().map_err(|_| wrong())?;
            let share: f64 = share.trim().parse().map_err(|_| wrong())?;
            if !(0.0..=1.0).contains(&share) {
                return Err(wrong());
            }
            if shares[level.index()].replace(share).is_some() {
                return Err(PrevalenceError::Twice(level));
            }
        }
        let shares = shares.map(|share| share.unwrap_or(0.0));
        let sum: f64 = shares.iter().sum();
        if (sum - 1.0).abs() > Self::TOLERANCE {
            return Err(PrevalenceError::Sum(sum));
        }
        Ok(Self(shares))
    }
}

impl fmt::Display for Prevalence {
    /// As [`FromStr`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = Level::ALL.map(|level| format!("{level}={}", self.of(level)));
        f.write_str(&parts.join(","))
    }
}

impl Serialize for Prevalence {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(Level::ALL.map(|level| (level, self.of(level))))
    }
}

/// What a team would see of 1,000 messages of a community.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtPrevalence {
    /// Messages judged high or critical: `1000 · Σ π_l · P(judged ≥ high | l)`.
    pub alarms_per_1000: f64,
    /// The share of them that are truly high or critical; `None` if there are no alarms.
    pub true_share: Option<f64>,
    /// Truly high or critical messages that are judged lower.
    pub missed_per_1000: f64,
}

impl Confusion {
    /// What a team would see of 1,000 messages. `None` if a level that occurs in the community does not occur in
    /// these verdicts: nobody knows how it would be judged.
    pub fn at_prevalence(&self, prevalence: &Prevalence) -> Option<AtPrevalence> {
        let mut called = [0.0; 5];
        for level in Level::ALL {
            let (support, share) = (self.of(level).support, prevalence.of(level));
            if support == 0 && share > 0.0 {
                return None;
            }
            let judged_urgent = self.count(level, Level::High) + self.count(level, Level::Critical);
            called[level.index()] = 1000.0 * share * f64::from(judged_urgent) / f64::from(support.max(1));
        }
        let (alarms, found) = (called.iter().sum::<f64>(), called[3] + called[4]);
        let urgent = 1000.0 * (prevalence.of(Level::High) + prevalence.of(Level::Critical));
        Some(AtPrevalence {
            alarms_per_1000: alarms,
            true_share: (alarms > 0.0).then(|| found / alarms),
            missed_per_1000: urgent - found,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Critical, High, Low, None};

    #[test]
    fn rare_levels_make_alarms_rarer_and_less_often_true() {
        // One of four none and three of four high are judged high.
        let c: Confusion = [(None, None); 3]
            .into_iter()
            .chain([(None, High)])
            .chain([(High, High), (High, Critical), (High, High)])
            .chain([(High, Low)])
            .collect();
        let seen = c.at_prevalence(&"none=0.992,high=0.008".parse().expect("shares")).expect("both occur");
        assert!((seen.alarms_per_1000 - (248.0 + 6.0)).abs() < 1e-9, "{seen:?}");
        assert!((seen.true_share.expect("alarms") - 6.0 / 254.0).abs() < 1e-9, "{seen:?}");
        assert!((seen.missed_per_1000 - 2.0).abs() < 1e-9, "{seen:?}");
        assert_eq!(c.at_prevalence(&Prevalence::ASSUMED), Option::None, "how low is judged is unknown");
    }

    #[test]
    fn no_alarms_have_no_true_share() {
        let calm: Confusion = [(None, None)].into_iter().collect();
        let seen = calm.at_prevalence(&"none=1".parse().expect("shares")).expect("none occurs");
        assert_eq!((seen.alarms_per_1000, seen.true_share, seen.missed_per_1000), (0.0, Option::None, 0.0));
    }

    #[test]
    fn shares_read_back_as_they_are_written_and_mistakes_are_named() {
        let written = Prevalence::ASSUMED.to_string();
        assert_eq!(written.parse(), Ok(Prevalence::ASSUMED));
        let error = |s: &str| s.parse::<Prevalence>().expect_err(s).to_string();
        assert!(error("none=0.9").contains("sum to 0.9000"));
        assert!(error("none=0.5,none=0.5").contains("none is named twice"));
        for wrong in ["high", "hi=1", "none=x", "none=NaN", "none=-1,low=2", ""] {
            assert!(error(wrong).contains("is not LEVEL=SHARE"), "{wrong}");
        }
    }
}
