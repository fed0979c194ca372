//! `[performance]`: what answers are measured against.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{SettingsError, within};

/// `[performance]`: what answers are measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceSettings {
    /// The time in which an answer should be there, 1 to 60,000 ms. The share within it is reported;
    /// nothing is enforced.
    pub target_ms: u64,
}

impl PerformanceSettings {
    /// `target_ms` as a duration.
    pub fn target(self) -> Duration {
        Duration::from_millis(self.target_ms)
    }

    pub(super) fn check(self) -> Result<(), SettingsError> {
        within("performance.target_ms", self.target_ms, 1..=60_000)
    }
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment::Jail's signature")]
mod tests {
    use crate::settings::{Overrides, Settings};

    #[test]
    fn a_target_out_of_range_refuses_to_start() {
        figment::Jail::expect_with(|_| {
            for (target_ms, allowed) in [(0, false), (1, true), (60_000, true), (60_001, false)] {
                let overrides = Overrides::default().set("performance.target_ms", target_ms);
                let loaded = Settings::load(None, overrides).map(|s| s.performance.target_ms);
                assert_eq!(loaded.is_ok(), allowed, "{target_ms}: {loaded:?}");
                if let Err(error) = loaded {
                    let error = error.to_string();
                    let says = format!("performance.target_ms is {target_ms}");
                    assert!(error.contains(&says) && error.contains("1 to 60000"), "{error}");
                }
            }
            Ok(())
        });
    }
}
