//! The three ways to make one verdict of many models.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the models are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The weighted mean, and models that differ ask for a human.
    Consensus,
    /// The mean of those who voted for the level with the most weight behind it.
    Majority,
    /// The weighted mean of all.
    #[default]
    Weighted,
}

impl Mode {
    /// All modes.
    pub const ALL: [Mode; 3] = [Mode::Consensus, Mode::Majority, Mode::Weighted];

    /// The name used on the wire and in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Consensus => "consensus",
            Mode::Majority => "majority",
            Mode::Weighted => "weighted",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown ensemble mode {0:?}: expected consensus, majority or weighted")]
pub struct UnknownMode(pub String);

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Mode::ALL.into_iter().find(|m| m.as_str() == s).ok_or_else(|| UnknownMode(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_the_names_of_the_wire() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
            assert_eq!(serde_json::to_string(&mode).expect("json"), format!("\"{mode}\""));
        }
        assert_eq!("best".parse::<Mode>(), Err(UnknownMode("best".into())));
        assert_eq!(Mode::default(), Mode::Weighted);
    }
}
