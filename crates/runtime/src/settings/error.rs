//! Why a configuration cannot be used, in words that lead to the line to be changed.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::{Profile, SettingOrigin};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Keys or values are wrong: everything that was found, in the order of the file.
    #[error("configuration: {}", lines(.0))]
    Faulty(Vec<Fault>),
    /// A value lies outside its range. What checks a section says this; [`super::Settings::load`] adds where the
    /// value was set and answers [`SettingsError::Faulty`].
    #[error("configuration: {key} is {value}, allowed is {allowed}")]
    OutOfRange {
        /// The dotted key.
        key: String,
        /// What was set.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
    /// The thresholds of another profile would judge.
    #[error(
        "configuration: [analysis] holds what was fitted to the compact models, but models.profile is {profile}; \
         leave those tables out, or begin with `ash-nlp config default --profile {profile}`"
    )]
    OfAnotherProfile {
        /// The profile that is chosen.
        profile: Profile,
    },
    /// The configuration file cannot be read.
    #[error("configuration: cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl SettingsError {
    /// The wrong keys and values, if that is what it is about.
    pub fn faults(&self) -> &[Fault] {
        match self {
            SettingsError::Faulty(faults) => faults,
            _ => &[],
        }
    }
}

/// One wrong key or value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The dotted key; none if the text is no TOML.
    pub key: Option<String>,
    /// Where it was set.
    pub origin: Option<SettingOrigin>,
    /// What is wrong with it and what is allowed, one sentence.
    pub problem: String,
    /// A known key that was probably meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default is no place that somebody could go to; the problem says that it is one.
        if let Some(origin) = self.origin.as_ref().filter(|origin| origin.is_set()) {
            write!(f, "{origin}: ")?;
        }
        f.write_str(&self.problem)?;
        match &self.suggestion {
            Some(meant) => write!(f, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

/// One fault on the line of the error, several below it.
fn lines(faults: &[Fault]) -> String {
    match faults {
        [fault] => fault.to_string(),
        faults => {
            faults.iter().fold(format!("{} faults", faults.len()), |said, fault| format!("{said}\n  {fault}"))
        }
    }
}
