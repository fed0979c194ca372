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
mod tests {
    use super::*;
    use figment::Jail;

    #[test]
    fn the_shipped_default_loads_and_is_valid() {
        // In a jail, like its neighbours: the environment is shared by all tests of a process.
        Jail::expect_with(|_| {
            let settings = Settings::load(None, Overrides::default()).expect("config/ash.toml");
            assert_eq!(settings.models.profile, Profile::Compact);
            assert_eq!(settings.server.bind.to_string(), "127.0.0.1:8881");
            assert_eq!(settings.models.path, None);
            Ok(())
        });
    }

    #[test]
    fn later_layers_win_and_leave_the_rest() {
        Jail::expect_with(|jail| {
            jail.create_file(
                "ash.toml",
                "[queue]\ncapacity_tokens = 777\n[server]\nbind = \"127.0.0.1:1111\"\n",
            )?;
            jail.set_env("ASH_SERVER__BIND", "127.0.0.1:2222");
            jail.set_env("ASH_MODELS__PATH", "elsewhere");
            jail.set_env("ASH_ANALYSIS__ENSEMBLE__MODE", "majority");
            jail.set_env("ASH_PORT", "tcp://10.0.0.1:80");
            let load = |overrides| Settings::load(Some(Path::new("ash.toml")), overrides).unwrap();
            let settings = load(Overrides::default());
            assert_eq!(settings.queue.capacity_tokens, 777);
            assert_eq!(settings.queue.max_batch_tokens, 2048);
            assert_eq!(settings.server.bind.port(), 2222);
            assert_eq!(settings.models.path.as_deref(), Some(Path::new("elsewhere")));
            assert_eq!(settings.analysis.ensemble.mode, ash_analysis::Mode::Majority);
            let settings = load(Overrides::default().set("server.bind", "127.0.0.1:3333"));
            assert_eq!(settings.server.bind.port(), 3333);
            Ok(())
        });
    }

    #[test]
    fn another_profile_is_judged_by_its_own_layer_and_by_nothing_that_was_fitted_to_the_first() {
        Jail::expect_with(|jail| {
            let zero_shot = || Overrides::default().set("models.profile", "zero-shot");
            let settings = Settings::load(None, zero_shot()).unwrap();
            let layer: AnalyzerSettings = toml::from_str::<toml::Table>(ZERO_SHOT_TOML).unwrap()["analysis"]
                .clone()
                .try_into()
                .unwrap();
            assert_eq!(settings.analysis, layer, "the layer leaves nothing of the default");
            let weights =
                ["depression", "sentiment", "emotional_distress"].map(|m| layer.ensemble.weights[m]);
            assert_eq!(weights.map(|w| format!("{w}")), ["0.4", "0.3", "0.3"]);

            jail.create_file("mine.toml", "[analysis.ensemble.weights]\nsentiment = 0.5\n")?;
            let settings = Settings::load(Some(Path::new("mine.toml")), zero_shot()).unwrap();
            assert!((settings.analysis.ensemble.weights["sentiment"] - 0.5).abs() < 1e-6, "a file wins");

            jail.create_file("chooses.toml", ZERO_SHOT_TOML)?;
            let chosen = Settings::load(Some(Path::new("chooses.toml")), Overrides::default()).unwrap();
            assert_eq!(chosen.models.profile, Profile::ZeroShot);
            jail.set_env("ASH_MODELS__PROFILE", "zero-shot");
            assert_eq!(Settings::load(None, Overrides::default()).unwrap(), chosen);

            jail.create_file("old.toml", DEFAULT_TOML)?;
            let error = Settings::load(Some(Path::new("old.toml")), zero_shot()).unwrap_err().to_string();
            assert!(error.contains("fitted to the compact models"), "{error}");
            Ok(())
        });
    }

    #[test]
    fn a_bad_setting_is_refused_with_its_key_and_what_is_allowed() {
        struct Case {
            toml: &'static str,
            says: &'static [&'static str],
        }
        let case = |toml, says| Case { toml, says };
        let cases = [
            case("[queue]\ncapacity_tokens = 0", &["queue.capacity_tokens is 0", "512 to 16777216"]),
            case(
                "[queue]\nmax_wait_ms = 4500",
                &["queue.max_wait_ms is 4500", "server.request_timeout_ms (4500)"],
            ),
            case("[cache]\nmax_entries = 0", &["cache.max_entries is 0", "1 to 10000000"]),
            case("[server]\nmax_message_bytes = 200000", &["server.max_message_bytes", "1 to 100000"]),
            case("[server]\nneeds_response_from = \"none\"", &["low, medium, high or critical"]),
            case("[server]\nport = 80", &["bad.toml:2", "server.port", "unknown key"]),
            case("[models]\nprecision = \"int4\"", &["int4", "models.precision", "bad.toml"]),
            case("[server]\nbind = \"localhost\"", &["server.bind", "bad.toml"]),
            case(
                "[analysis.decision.cuts.weighted]\nlow = 0.9",
                &["do not ascend", "analysis.decision.cuts"],
            ),
            case("[conversation]\nrapid_rise = 0.1", &["conversation.rapid_rise is 0.1", "sudden_rise to 1"]),
            case("[queue", &["bad.toml"]),
            case("[models]\nprofile = \"tiny\"", &["tiny", "compact", "zero-shot", "bad.toml"]),
            case(
                "[models.zero_shot.sentiment]\nname = \"../../etc\"",
                &["models.zero_shot.sentiment.name is \"../../etc\"", "owner/name"],
            ),
            case(
                "[models.zero_shot.depression]\nrevision = \"main\"",
                &["models.zero_shot.depression.revision is \"main\"", "a commit hash"],
            ),
            case("[models.zero_shot.anger]\nname = \"a/b\"", &["unknown key", "anger"]),
            case("[models.zero_shot]\nmax_batch_tokens = 5", &["models.zero_shot.max_batch_tokens is 5"]),
            case("[auth]\nkeys_file = \"\"", &["auth.keys_file is empty"]),
            case("[auth]\nkey = \"x\"", &["unknown key", "keys_file"]),
            case("[limits]\nburst_per_key = 0", &["limits.burst_per_key is 0", "1 to 1000000"]),
            case("[limits]\nmax_connections = 0", &["limits.max_connections is 0", "1 to 65536"]),
            case(
                "[limits]\ntrusted_proxies = [\"10.0.0.0/40\"]",
                &["10.0.0.0/40", "limits.trusted_proxies", "bad.toml"],
            ),
            case("[cors]\nallowed_origins = [\"*\"]", &["no origin", "cors.allowed_origins", "bad.toml"]),
        ];
        Jail::expect_with(|jail| {
            for Case { toml, says } in cases {
                jail.create_file("bad.toml", toml)?;
                let error = Settings::load(Some(Path::new("bad.toml")), Overrides::default())
                    .unwrap_err()
                    .to_string();
                for part in says {
                    assert!(error.contains(part), "{toml:?}: {error}");
                }
            }
            let missing = Settings::load(Some(Path::new("none.toml")), Overrides::default()).unwrap_err();
            assert!(missing.to_string().contains("none.toml"), "{missing}");
            Ok(())
        });
    }
}
