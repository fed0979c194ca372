//! `[conversation]`: what earlier messages may do.

use serde::{Deserialize, Serialize};

use crate::rounded;

/// What earlier messages may do to a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationSettings {
    /// Read them at all.
    pub enabled: bool,
    /// Let them raise a level by one step.
    pub may_raise: bool,
    /// What the score must rise by within one hour; 0.05 to 1.
    #[serde(serialize_with = "rounded::number")]
    pub sudden_rise: f32,
    /// What it must rise by within four hours; from `sudden_rise` to 1.
    #[serde(serialize_with = "rounded::number")]
    pub rapid_rise: f32,
    /// What it must rise by within seven days; from `rapid_rise` to 1.
    #[serde(serialize_with = "rounded::number")]
    pub gradual_rise: f32,
}

impl ConversationSettings {
    /// The first key out of its range, its value, and what is allowed. The slower a rise, the more it must be:
    /// scores of single messages scatter, and a week has more of them than an hour.
    pub fn fault(&self) -> Option<(&'static str, f32, &'static str)> {
        let rises = [
            ("sudden_rise", self.sudden_rise, 0.05, "0.05 to 1"),
            ("rapid_rise", self.rapid_rise, self.sudden_rise, "sudden_rise to 1"),
            ("gradual_rise", self.gradual_rise, self.rapid_rise, "rapid_rise to 1"),
        ];
        let bad = rises.into_iter().find(|&(_, value, least, _)| !(least..=1.0).contains(&value));
        bad.map(|(key, value, _, allowed)| (key, value, allowed))
    }
}

impl Default for ConversationSettings {
    /// One level (0.2) within four hours, one and a half over days.
    fn default() -> Self {
        Self { enabled: true, may_raise: true, sudden_rise: 0.2, rapid_rise: 0.2, gradual_rise: 0.3 }
    }
}
