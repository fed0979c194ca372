//! `[learning]`: whether staff's feedback is kept, and how far it may go.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ash_analysis::Offsets;
use serde::{Deserialize, Serialize};

/// `[learning]`: whether staff's feedback is kept, and how far it may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningSettings {
    /// Whether it is.
    pub enabled: bool,
    /// The SQLite file; ":memory:" forgets everything at the end of the process.
    pub path: PathBuf,
    /// Whether the text of a message that was reported is kept too.
    pub keep_text: bool,
    /// How far one report shifts a cut; 0.001 to 0.1.
    pub step: f64,
    /// How far all reports together may shift a cut; 0 to 0.1.
    pub max_adjustment: f64,
    /// How many reports of one day (UTC) count, at most half of them false alarms; 1 to 50.
    pub max_per_day: u32,
    /// Before so many reports nothing is shifted; 5 to 1000.
    pub min_records: u32,
    /// After so many days a report counts half; 1 to 3650.
    pub half_life_days: u32,
}

impl LearningSettings {
    /// The most that `max_per_day` may be.
    pub const MOST_PER_DAY: u32 = 50;

    /// How many false alarms of one day count: half, so that they cannot use up the day for misses.
    pub const fn max_raises_per_day(&self) -> u32 {
        self.max_per_day / 2
    }
}

/// The furthest that settings may let a cut be shifted.
const FURTHEST: f64 = Offsets::MAX as f64;

impl Default for LearningSettings {
    fn default() -> Self {
        LearningSettings {
            enabled: true,
            path: "ash-learning.db".into(),
            keep_text: false,
            step: 0.01,
            max_adjustment: 0.1,
            max_per_day: 50,
            min_records: 5,
            half_life_days: 30,
        }
    }
}

/// A key below `[learning]`, its value, and what is allowed.
pub(crate) type Fault = (String, String, String);

impl LearningSettings {
    /// The first key that is wrong.
    pub fn fault(&self) -> Option<Fault> {
        // 0.1 is a little more than the f32 next to it.
        let furthest = |max: f64| if max <= 0.1 { max.min(FURTHEST) } else { max };
        let empty = || ("path".to_owned(), "empty".to_owned(), "the path of a file, or :memory:".to_owned());
        out_of("step", furthest(self.step), 0.001..=FURTHEST, "0.001 to 0.1")
            .or_else(|| out_of("max_adjustment", furthest(self.max_adjustment), 0.0..=FURTHEST, "0 to 0.1"))
            .or_else(|| out_of("max_per_day", self.max_per_day, 1..=Self::MOST_PER_DAY, "1 to 50"))
            .or_else(|| out_of("min_records", self.min_records, 5..=1000, "5 to 1000"))
            .or_else(|| out_of("half_life_days", self.half_life_days, 1..=3650, "1 to 3650"))
            .or_else(|| self.path.as_os_str().is_empty().then(empty))
    }
}

fn out_of<T: PartialOrd + Display + Copy>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
    allowed: &str,
) -> Option<Fault> {
    // A NaN lies in no range.
    (!range.contains(&value)).then(|| (key.to_owned(), value.to_string(), allowed.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named_with_what_is_allowed() {
        let fault = |spoil: fn(&mut LearningSettings)| {
            let mut settings = LearningSettings::default();
            spoil(&mut settings);
            settings.fault().map(|(key, value, allowed)| format!("{key} is {value}: {allowed}"))
        };
        assert_eq!(fault(|_| {}), None);
        assert_eq!(fault(|s| s.step = 0.1), None);
        assert_eq!(fault(|s| s.step = 0.2).unwrap(), "step is 0.2: 0.001 to 0.1");
        assert_eq!(fault(|s| s.max_adjustment = f64::NAN).unwrap(), "max_adjustment is NaN: 0 to 0.1");
        assert_eq!(fault(|s| s.max_per_day = 51).unwrap(), "max_per_day is 51: 1 to 50");
        assert_eq!(fault(|s| s.min_records = 4).unwrap(), "min_records is 4: 5 to 1000");
        assert_eq!(fault(|s| s.half_life_days = 0).unwrap(), "half_life_days is 0: 1 to 3650");
        assert!(fault(|s| s.path = PathBuf::new()).unwrap().starts_with("path is empty"));
    }
}
