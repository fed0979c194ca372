//! What a caller may do, in three steps.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What a caller may do; a later one may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look: state, figures, label sets.
    Read,
    /// Have messages judged.
    Analyze,
    /// Change how messages are judged.
    Admin,
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is read, analyze or admin")]
pub struct UnknownRole;

impl Role {
    /// All roles, the smallest first.
    pub const ALL: [Role; 3] = [Role::Read, Role::Analyze, Role::Admin];

    /// The name in the key file, on the command line and in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Analyze => "analyze",
            Role::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
