//! `[models]`: which models, and how they run.

use std::fmt;
use std::path::PathBuf;

use ash_analysis::Role;
use ash_encoder::Precision;
use serde::{Deserialize, Serialize};

use super::{SettingsError, within};

/// `[models]`: which models, and how they run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// The kind of models.
    pub profile: Profile,
    /// A profile directory that replaces the embedded one; of [`Profile::Compact`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The precision of the weights in memory and of the matrix products.
    pub precision: Precision,
    /// Inference threads; 0 means one per available core.
    pub threads: usize,
    /// After how many seconds models that could not be loaded or warmed are tried again; twice as many each time.
    /// 0: never.
    pub retry_seconds: u64,
    /// Of [`Profile::ZeroShot`].
    pub zero_shot: ZeroShotSettings,
}

/// The kind of models that judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Three small models on one trunk, trained for this; embedded in the binary.
    Compact,
    /// Three NLI models that are asked about the labels of a set.
    ZeroShot,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Profile; 2] = [Profile::Compact, Profile::ZeroShot];

    /// The name in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Profile::Compact => "compact",
            Profile::ZeroShot => "zero-shot",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// `[models.zero_shot]`: the models of the profile zero-shot, and what they are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZeroShotSettings {
    /// Where the models lie, one folder each; see [`ModelChoice::folder`].
    pub directory: PathBuf,
    /// A directory of label sets that replaces the embedded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_path: Option<PathBuf>,
    /// The label set to begin with.
    pub label_set: String,
    /// Each label is true or not by itself; if not, exactly one of a role's labels is.
    pub multi_label: bool,
    /// How many tokens go through a model at once.
    pub max_batch_tokens: usize,
    /// The model that speaks as `depression`.
    pub depression: ModelChoice,
    /// The model that speaks as `sentiment`.
    pub sentiment: ModelChoice,
    /// The model that speaks as `emotional_distress`.
    pub emotional_distress: ModelChoice,
}

impl ZeroShotSettings {
    /// The model of a role.
    pub const fn model(&self, role: Role) -> &ModelChoice {
        match role {
            Role::Depression => &self.depression,
            Role::Sentiment => &self.sentiment,
            Role::EmotionalDistress => &self.emotional_distress,
        }
    }

    /// The ranges of config/ash.toml.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        within("models.zero_shot.max_batch_tokens", self.max_batch_tokens, 512..=1 << 20)?;
        Role::ALL.into_iter().try_for_each(|role| self.model(role).check(role))
    }
}

/// A model by its Hugging Face name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelChoice {
    /// The repository id, `owner/name`.
    pub name: String,
    /// The commit that the folder must hold, or its first digits; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl ModelChoice {
    /// The folder of the model below [`ZeroShotSettings::directory`].
    pub fn folder(&self) -> String {
        folder_name(&self.name)
    }

    fn check(&self, role: Role) -> Result<(), SettingsError> {
        let refuse = |key: &str, value: &str, allowed: &str| SettingsError::OutOfRange {
            key: format!("models.zero_shot.{role}.{key}"),
            value: format!("{value:?}"),
            allowed: allowed.to_owned(),
        };
        // A name becomes a folder, so it must not be able to leave the directory.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_name =
            |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain);
        let parts: Vec<&str> = self.name.split('/').collect();
        if parts.len() > 2 || !parts.into_iter().all(is_name) {
            let allowed = "owner/name of letters, digits, `-`, `_` and `.`";
            return Err(refuse("name", &self.name, allowed));
        }
        match &self.revision {
            Some(revision) if !is_commit(revision) => {
                let allowed = "a commit hash: 7 to 40 lower-case hexadecimal digits";
                Err(refuse("revision", revision, allowed))
            }
            _ => Ok(()),
        }
    }
}

fn is_commit(revision: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    (7..=40).contains(&revision.len()) && revision.chars().all(hex)
}

/// The folder of the repository `name`: `owner/name` lies in `owner--name`.
pub fn folder_name(name: &str) -> String {
    name.replace('/', "--")
}
