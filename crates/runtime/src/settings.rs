//! Every setting of the service, one file's worth: `config/ash.toml` is the documented default.
//!
//! Layers, later wins: the embedded default → what the profile needs otherwise (`config/zero-shot.toml`) →
//! a file → the environment (`ASH_SECTION__KEY`) → overrides (command-line flags). Unknown keys and bad values refuse to start; the error names
//! the key, where it was set, and what is allowed.
//!
//! Below: `models` (one file a section as they grow) · `layers`, `load` (from files to settings) · `error`,
//! `faults`, `place`, `nearest` (what is wrong, and where) · `documented`, `allowed`, `explain`, `page`, `reload`
//! (what can be said about a key), `hidden` (what is not). Only `hidden` knows keys by name: the others ask
//! config/ash.toml and the types.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ash_alerts::AlertSettings;
use ash_analysis::{AnalyzerSettings, ConversationSettings, Level, MessageText};
use ash_learning::LearningSettings;
use figment::Figment;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

mod allowed;
mod auth;
mod cors;
mod documented;
mod error;
mod explain;
mod faults;
mod hidden;
mod layers;
mod limits;
mod load;
mod models;
mod nearest;
mod network;
mod page;
mod performance;
mod place;
mod reload;
mod service;

pub use allowed::Allowed;
pub use auth::AuthSettings;
pub use cors::{CorsSettings, NotAnOrigin, Origin};
pub use error::{Fault, SettingsError};
pub use explain::{Explanation, UnknownKey};
pub use limits::LimitSettings;
pub use load::Configuration;
pub use models::{ModelChoice, ModelSettings, Profile, ZeroShotSettings, folder_name};
pub use network::{Network, NotANetwork};
pub use page::configuration_tables;
pub use performance::PerformanceSettings;
pub use place::{SettingOrigin, variable};
pub use reload::reloadable;
pub use service::{CacheSettings, QueueSettings};

/// The default configuration, with every key and its range commented.
pub const DEFAULT_TOML: &str = include_str!("../../../config/ash.toml");

/// What the profile zero-shot needs otherwise: a layer over [`DEFAULT_TOML`], and a file that chooses
/// that profile.
pub const ZERO_SHOT_TOML: &str = include_str!("../../../config/zero-shot.toml");

impl Profile {
    /// The layer that lies over the default when this profile is chosen.
    const fn layer(self) -> Option<&'static str> {
        match self {
            Profile::Compact => None,
            Profile::ZeroShot => Some(ZERO_SHOT_TOML),
        }
    }
}

/// All settings, valid by construction: [`Settings::load`] is the only door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which models, and how they run.
    pub models: ModelSettings,
    /// Which patterns are looked for.
    pub patterns: PatternSettings,
    /// How signals and findings become a level.
    pub analysis: AnalyzerSettings,
    /// What earlier messages may do to a verdict.
    pub conversation: ConversationSettings,
    /// What staff's feedback may do.
    pub learning: LearningSettings,
    /// Who is told of verdicts that cannot wait.
    pub alerts: AlertSettings,
    /// The HTTP server.
    pub server: ServerSettings,
    /// Concessions to old clients.
    pub compat: CompatSettings,
    /// The queue before the models.
    pub queue: QueueSettings,
    /// What is remembered.
    pub cache: CacheSettings,
    /// The log.
    pub log: LogSettings,
    /// What answers are measured against.
    pub performance: PerformanceSettings,
    /// Who may ask.
    pub auth: AuthSettings,
    /// How much one client may ask for.
    pub limits: LimitSettings,
    /// Which web pages may read answers.
    pub cors: CorsSettings,
}

/// `[patterns]`: the wordings that are looked for beside the models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternSettings {
    /// Whether any are.
    pub enabled: bool,
    /// A directory of packs instead of the embedded ones.
    pub path: Option<PathBuf>,
}

/// `[server]`: the HTTP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// The address to listen on; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// The longest request body.
    pub max_body_bytes: usize,
    /// The longest message.
    pub max_message_bytes: usize,
    /// A request that takes longer is answered 504.
    pub request_timeout_ms: u64,
    /// How long it still answers after it said that it is going.
    pub shutdown_grace_ms: u64,
    /// How long what was accepted may take after that.
    pub shutdown_deadline_ms: u64,
    /// The lowest level that sets `needs_response`.
    pub needs_response_from: Level,
}

/// `[compat]`: concessions to old clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompatSettings {
    /// Send `crisis_level: "high"` for critical; `level` and `severity` keep the truth.
    pub critical_as_high: bool,
}

/// `[log]`: the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least severe events that are written.
    pub level: LogLevel,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The least severe events that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs a human.
    Error,
    /// What may need one.
    Warn,
    /// One line a request and lifecycle events.
    Info,
    /// What helps to follow a problem.
    Debug,
    /// Everything.
    Trace,
}

/// Single values set from code: flags of the command line, tests.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Figment);

impl Overrides {
    /// Sets a dotted key, such as `server.bind`. A value that cannot be that key's is reported by
    /// [`Settings::load`].
    #[must_use]
    pub fn set(self, key: &str, value: impl Serialize) -> Self {
        Overrides(self.0.merge((key, value)))
    }
}

impl Settings {
    /// [`Configuration::load`] without where each value comes from.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        Configuration::load(file, overrides).map(Configuration::into_settings)
    }

    /// Thresholds that were fitted to one kind of models say nothing about another kind. They come in
    /// by a file that was made from the default before the profile was changed in it.
    fn is_not_judged_by(&self, compact: &Settings) -> Result<(), SettingsError> {
        if self.analysis.decision.model_tails == compact.analysis.decision.model_tails {
            return Err(SettingsError::OfAnotherProfile { profile: self.models.profile });
        }
        Ok(())
    }

    /// The ranges of config/ash.toml.
    fn check(&self) -> Result<(), SettingsError> {
        let conversation = self
            .conversation
            .fault()
            .map(|(key, value, allowed)| (format!("conversation.{key}"), value, allowed));
        let analysis =
            || self.analysis.fault().map(|(key, value, allowed)| (format!("analysis.{key}"), value, allowed));
        if let Some((key, value, allowed)) = conversation.or_else(analysis) {
            let (value, allowed) = (value.to_string(), allowed.to_owned());
            return Err(SettingsError::OutOfRange { key, value, allowed });
        }
        let learning =
            || self.learning.fault().map(|(key, value, allowed)| (format!("learning.{key}"), value, allowed));
        let alerts =
            || self.alerts.fault().map(|(key, value, allowed)| (format!("alerts.{key}"), value, allowed));
        if let Some((key, value, allowed)) = learning().or_else(alerts) {
            return Err(SettingsError::OutOfRange { key, value, allowed });
        }
        within("models.threads", self.models.threads, 0..=1024)?;
        within("models.retry_seconds", self.models.retry_seconds, 0..=3600)?;
        self.performance.check()?;
        self.models.zero_shot.check()?;
        within("server.max_body_bytes", self.server.max_body_bytes, 1024..=64 << 20)?;
        within("server.max_message_bytes", self.server.max_message_bytes, 1..=MessageText::MAX_BYTES)?;
        within("server.request_timeout_ms", self.server.request_timeout_ms, 100..=600_000)?;
        within("server.shutdown_grace_ms", self.server.shutdown_grace_ms, 0..=60_000)?;
        within("server.shutdown_deadline_ms", self.server.shutdown_deadline_ms, 100..=600_000)?;
        self.queue.check()?;
        self.cache.check()?;
        if self.queue.max_wait_ms >= self.server.request_timeout_ms {
            return Err(SettingsError::OutOfRange {
                key: "queue.max_wait_ms".into(),
                value: self.queue.max_wait_ms.to_string(),
                allowed: format!(
                    "less than server.request_timeout_ms ({}), or nobody would wait for the answer",
                    self.server.request_timeout_ms
                ),
            });
        }
        self.auth.check()?;
        self.limits.check()?;
        self.cors.check()?;
        if self.server.needs_response_from == Level::None {
            return Err(SettingsError::OutOfRange {
                key: "server.needs_response_from".into(),
                value: "none".into(),
                allowed: "low, medium, high or critical".into(),
            });
        }
        Ok(())
    }
}

impl Settings {
    /// Which configuration this is, in 16 hexadecimal digits: equal fingerprints, equal settings.
    pub fn fingerprint(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let hash = Sha256::digest(json);
        let first = hash.iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        format!("{first:016x}")
    }

    /// How long an answer of the models is waited for: what is left of a request's time must be enough for a
    /// verdict by words.
    pub(crate) fn patience(&self) -> Duration {
        self.server.request_timeout() * 9 / 10
    }
}

impl ServerSettings {
    /// `request_timeout_ms` as a duration.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// `shutdown_grace_ms` as a duration.
    pub fn shutdown_grace(&self) -> Duration {
        Duration::from_millis(self.shutdown_grace_ms)
    }

    /// `shutdown_deadline_ms` as a duration.
    pub fn shutdown_deadline(&self) -> Duration {
        Duration::from_millis(self.shutdown_deadline_ms)
    }
}

fn within<T: PartialOrd + Display + Copy>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), SettingsError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(SettingsError::OutOfRange {
        key: key.to_owned(),
        value: value.to_string(),
        allowed: format!("{} to {}", range.start(), range.end()),
    })
}

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment::Jail's signature")]
mod tests;
