//! How urgent a message is, and what the team is advised to do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a trained responder would do with the message alone; ordered, `None < … < Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everything else, including jokes, games, quotes, news, support given, recovery told from safety.
    None,
    /// Mild or specific difficulty, still functioning.
    Low,
    /// Serious distress without a death wish.
    Medium,
    /// Ideation or a wish to be dead or gone, current self-harm, finality, a friend at risk right now.
    High,
    /// Danger to life now: intent with plan, means, time or preparation; goodbye; attempt.
    Critical,
}

impl Level {
    /// All levels, from `None` to `Critical`.
    pub const ALL: [Level; 5] = [Level::None, Level::Low, Level::Medium, Level::High, Level::Critical];

    /// The name used on the wire, in configuration and in the corpus.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }

    /// 0 for `None` … 4 for `Critical`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// High or critical: a human is needed now.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Level::High | Level::Critical)
    }

    /// What the team is advised to do at this level.
    pub const fn action(self) -> Action {
        match self {
            Level::None => Action::None,
            Level::Low => Action::PassiveMonitoring,
            Level::Medium => Action::StandardMonitoring,
            Level::High => Action::PriorityResponse,
            Level::Critical => Action::ImmediateOutreach,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown level {0:?}: expected none, low, medium, high or critical")]
pub struct UnknownLevel(pub String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Level::ALL.into_iter().find(|l| l.as_str() == s).ok_or_else(|| UnknownLevel(s.to_owned()))
    }
}

/// The advice that goes with a level. The service suggests; it never contacts anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing to do.
    None,
    /// Keep an eye on how the conversation goes.
    PassiveMonitoring,
    /// Look in when there is time.
    StandardMonitoring,
    /// A human should check in soon.
    PriorityResponse,
    /// A human should check in now.
    ImmediateOutreach,
}
