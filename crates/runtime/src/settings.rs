//! Every setting of the service, one file's worth: `config/ash.toml` is the documented default.
//!
//! Layers, later wins: the embedded default → what the profile needs otherwise (`config/zero-shot.toml`) →
//! a file → the environment (`ASH_SECTION__KEY`) → overrides (command-line flags). Unknown keys and bad values refuse to start; the error names
//! the key, where it was set, and what is allowed.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ash_analysis::{AnalyzerSettings, ConversationSettings, Level, MessageText};
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Serialize};

mod auth;
mod cors;
mod limits;
mod models;
mod network;

pub use auth::AuthSettings;
pub use cors::{CorsSettings, NotAnOrigin, Origin};
pub use limits::LimitSettings;
pub use models::{ModelChoice, ModelSettings, Profile, ZeroShotSettings, folder_name};
pub use network::{Network, NotANetwork};

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
    /// The HTTP server.
    pub server: ServerSettings,
    /// Concessions to old clients.
    pub compat: CompatSettings,
    /// The queue before the models.
    pub queue: QueueSettings,
    /// The log.
    pub log: LogSettings,
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

/// `[queue]`: the queue before the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueSettings {
    /// How many messages may wait.
    pub capacity: usize,
    /// How many tokens one batch may hold (estimated before tokenisation).
    pub max_batch_tokens: usize,
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

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key is unknown or missing, or its value has the wrong type.
    #[error("configuration: {0}")]
    Invalid(Box<figment::Error>),
    /// A value lies outside its range.
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
    /// Default, then the profile's layer, then `file`, then the environment, then `overrides`; checked
    /// as a whole. The last three say which profile it is.
    ///
    /// Of the environment only names with a double underscore count (`ASH_SERVER__BIND`):
    /// orchestrators inject `ASH_PORT` and the like for a service that is called "ash".
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        let mut chosen = Figment::new();
        if let Some(path) = file {
            // Read here, not by figment, which takes a missing file for an empty one.
            std::fs::File::open(path)
                .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
            chosen = chosen.merge(Toml::file_exact(path));
        }
        let env = Env::prefixed("ASH_").filter(|key| key.as_str().contains("__")).split("__");
        let chosen = chosen.merge(env).merge(overrides.0);
        let invalid = |error| SettingsError::Invalid(Box::new(error));
        let default = Figment::from(Toml::string(DEFAULT_TOML));
        let profile: Profile =
            default.clone().merge(&chosen).extract_inner("models.profile").map_err(invalid)?;
        let layers = match profile.layer() {
            Some(layer) => default.clone().merge(Toml::string(layer)),
            None => default.clone(),
        };
        let settings: Settings = layers.merge(chosen).extract().map_err(invalid)?;
        settings.check()?;
        if profile != Profile::Compact {
            settings.is_not_judged_by(&default.extract().map_err(invalid)?)?;
        }
        Ok(settings)
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
        if let Some((key, value, allowed)) = self.conversation.fault() {
            return Err(SettingsError::OutOfRange {
                key: format!("conversation.{key}"),
                value: value.to_string(),
                allowed: allowed.to_owned(),
            });
        }
        within("models.threads", self.models.threads, 0..=1024)?;
        self.models.zero_shot.check()?;
        within("server.max_body_bytes", self.server.max_body_bytes, 1024..=64 << 20)?;
        within("server.max_message_bytes", self.server.max_message_bytes, 1..=MessageText::MAX_BYTES)?;
        within("server.request_timeout_ms", self.server.request_timeout_ms, 100..=600_000)?;
        within("queue.capacity", self.queue.capacity, 1..=1_000_000)?;
        within("queue.max_batch_tokens", self.queue.max_batch_tokens, 512..=1 << 20)?;
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

impl ServerSettings {
    /// `request_timeout_ms` as a duration.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
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
            jail.create_file("ash.toml", "[queue]\ncapacity = 7\n[server]\nbind = \"127.0.0.1:1111\"\n")?;
            jail.set_env("ASH_SERVER__BIND", "127.0.0.1:2222");
            jail.set_env("ASH_MODELS__PATH", "elsewhere");
            jail.set_env("ASH_ANALYSIS__ENSEMBLE__MODE", "majority");
            jail.set_env("ASH_PORT", "tcp://10.0.0.1:80");
            let load = |overrides| Settings::load(Some(Path::new("ash.toml")), overrides).unwrap();
            let settings = load(Overrides::default());
            assert_eq!(settings.queue, QueueSettings { capacity: 7, max_batch_tokens: 4096 });
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
            let layer: AnalyzerSettings =
                Figment::from(Toml::string(ZERO_SHOT_TOML)).extract_inner("analysis").unwrap();
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
            case("[queue]\ncapacity = 0", &["queue.capacity is 0", "1 to 1000000"]),
            case("[server]\nmax_message_bytes = 200000", &["server.max_message_bytes", "1 to 100000"]),
            case("[server]\nneeds_response_from = \"none\"", &["low, medium, high or critical"]),
            case("[server]\nport = 80", &["unknown field", "port", "bad.toml"]),
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
            case("[models.zero_shot.anger]\nname = \"a/b\"", &["unknown field", "anger"]),
            case("[models.zero_shot]\nmax_batch_tokens = 5", &["models.zero_shot.max_batch_tokens is 5"]),
            case("[auth]\nkeys_file = \"\"", &["auth.keys_file is empty"]),
            case("[auth]\nkey = \"x\"", &["unknown field", "keys_file"]),
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
