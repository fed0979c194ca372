//! What became of each variable of the old service: the one table.
//!
//! Of 2.x (names without a prefix), 3.x (`NLP_…`, `GLOBAL_…`) and 5.x (`NLP_API_…`, `NLP_MODEL_…`). A name stands
//! in [`SETTINGS`] if one of our settings means the same, and else in [`ABSENT`] with the reason.

use super::convert::Reading;

/// Old names of one thing, and the setting that means it.
#[derive(Debug)]
pub(super) struct Mapped {
    /// The old names; if several are set, the first of them counts.
    pub(super) names: &'static [&'static str],
    /// The setting.
    pub(super) key: &'static str,
    /// How a value is read.
    pub(super) reading: Reading,
}

/// Old names of what has no equivalent.
#[derive(Debug)]
pub(super) struct Absent {
    /// What they were about, in a few words.
    pub(super) about: &'static str,
    /// Names, and beginnings of names, which end in `*`. Exact names win, then the longest beginning.
    pub(super) names: &'static [&'static str],
    /// Why there is none, and what to do instead if anything.
    pub(super) why: &'static str,
}

const fn mapped(names: &'static [&'static str], key: &'static str, reading: Reading) -> Mapped {
    Mapped { names, key, reading }
}

/// What is taken over.
pub(super) const SETTINGS: &[Mapped] = &[
    mapped(
        &["NLP_SERVER_HOST", "NLP_API_HOST", "NLP_SERVICE_HOST", "NLP_HOST"],
        "server.bind",
        Reading::Host,
    ),
    mapped(
        &["GLOBAL_NLP_API_PORT", "NLP_API_PORT", "NLP_SERVICE_PORT", "NLP_SERVER_PORT", "NLP_PORT"],
        "server.bind",
        Reading::Port,
    ),
    mapped(&["NLP_LOG_LEVEL", "GLOBAL_LOG_LEVEL", "LOG_LEVEL"], "log.level", Reading::LogLevel),
    mapped(&["NLP_LOG_FORMAT"], "log.format", Reading::LogFormat),
    mapped(&["NLP_ENSEMBLE_MODE"], "analysis.ensemble.mode", Reading::Mode),
    mapped(&["NLP_CONSENSUS_ALGORITHM"], "analysis.ensemble.mode", Reading::Algorithm),
    mapped(&["NLP_FEATURE_PATTERN_ANALYSIS"], "patterns.enabled", Reading::Flag),
    mapped(&["NLP_CONTEXT_ANALYSIS_ENABLED"], "conversation.enabled", Reading::Flag),
    mapped(&["NLP_ESCALATION_DETECTION_ENABLED"], "conversation.may_raise", Reading::Flag),
    mapped(
        &["NLP_CACHE_ENABLED", "NLP_PERFORMANCE_CACHE_ENABLED", "NLP_STORAGE_ENABLE_ANALYSIS_CACHE"],
        "cache.enabled",
        Reading::Flag,
    ),
    mapped(
        &["NLP_CACHE_TTL", "NLP_PERFORMANCE_CACHE_TTL", "NLP_PERFORMANCE_ANALYSIS_CACHE_TTL"],
        "cache.ttl_seconds",
        Reading::Whole,
    ),
    mapped(&["NLP_CACHE_MAX_SIZE_MB"], "cache.max_mib", Reading::HalfMib),
    mapped(
        &["NLP_API_RATE_LIMIT_ENABLED", "NLP_SERVER_SECURITY_RATE_LIMIT_ENABLE", "RATE_LIMIT_ENABLED"],
        "limits.requests_per_second_per_key",
        Reading::LimitUnlessOff,
    ),
    mapped(
        &["NLP_API_RATE_LIMIT_ENABLED", "NLP_SERVER_SECURITY_RATE_LIMIT_ENABLE", "RATE_LIMIT_ENABLED"],
        "limits.requests_per_second_per_address",
        Reading::LimitUnlessOff,
    ),
    mapped(&["GLOBAL_CORS_ALLOWED_ORIGINS"], "cors.allowed_origins", Reading::Origins),
    mapped(
        &["NLP_MODEL_DEPRESSION_NAME", "NLP_DEPRESSION_MODEL"],
        "models.zero_shot.depression.name",
        Reading::Model,
    ),
    mapped(
        &["NLP_MODEL_SENTIMENT_NAME", "NLP_SENTIMENT_MODEL"],
        "models.zero_shot.sentiment.name",
        Reading::Model,
    ),
    mapped(
        &["NLP_MODEL_DISTRESS_NAME", "NLP_EMOTIONAL_DISTRESS_MODEL"],
        "models.zero_shot.emotional_distress.name",
        Reading::Model,
    ),
    mapped(
        &["NLP_ZERO_SHOT_LABEL_SET", "NLP_ZERO_SHOT_DEFAULT_LABEL_SET"],
        "models.zero_shot.label_set",
        Reading::LabelSet,
    ),
    mapped(
        &["GLOBAL_LEARNING_SYSTEM_ENABLED", "GLOBAL_ENABLE_LEARNING_SYSTEM", "ENABLE_LEARNING_SYSTEM"],
        "learning.enabled",
        Reading::Flag,
    ),
    mapped(
        &[
            "NLP_ANALYSIS_LEARNING_MAX_ADJUSTMENTS_PER_DAY",
            "NLP_MAX_LEARNING_ADJUSTMENTS_PER_DAY",
            "MAX_LEARNING_ADJUSTMENTS_PER_DAY",
        ],
        "learning.max_per_day",
        Reading::Whole,
    ),
    mapped(&["NLP_ANALYSIS_LEARNING_MIN_SAMPLES"], "learning.min_records", Reading::Whole),
    mapped(&["NLP_ANALYSIS_LEARNING_MAX_DRIFT"], "learning.max_adjustment", Reading::Fraction),
];

/// What has no equivalent.
pub(super) const ABSENT: &[Absent] = &[
    Absent {
        about: "thresholds",
        names: &[
            "NLP_THRESHOLD_*",
            "NLP_CONSENSUS_*",
            "NLP_ANALYSIS_CRISIS_THRESHOLD_*",
            "NLP_ENSEMBLE_*",
            "NLP_HIGH_CRISIS_THRESHOLD",
            "NLP_MEDIUM_CRISIS_THRESHOLD",
            "NLP_LOW_CRISIS_THRESHOLD",
            "NLP_MILD_CRISIS_THRESHOLD",
            "NLP_NEGATIVE_RESPONSE_THRESHOLD",
            "NLP_UNKNOWN_RESPONSE_THRESHOLD",
            "NLP_ENABLE_SAFETY_OVERRIDE",
            "NLP_DISAGREEMENT_THRESHOLD",
            "NLP_AUTO_FLAG_DISAGREEMENTS",
            "NLP_GAP_DETECTION_*",
            "NLP_STAFF_REVIEW_*",
            "NLP_CONFLICT_DETECTION_ENABLED",
            "NLP_CONFLICT_SCORE_THRESHOLD",
            "NLP_CONFLICT_RESOLUTION_STRATEGY",
            "NLP_IRONY_*",
            "NLP_FIGURATIVE_*",
            "CRISIS_HIGH_THRESHOLD",
            "CRISIS_MEDIUM_THRESHOLD",
            "CRISIS_LOW_THRESHOLD",
            "HIGH_CRISIS_THRESHOLD",
            "MEDIUM_CRISIS_THRESHOLD",
            "LOW_CRISIS_THRESHOLD",
        ],
        why: "the cuts are fitted to these models, and an old threshold means nothing to them; \
              `ash-nlp tune` fits others to labelled messages of yours",
    },
    Absent {
        about: "weights of models",
        names: &[
            "NLP_MODEL_DEPRESSION_WEIGHT",
            "NLP_MODEL_SENTIMENT_WEIGHT",
            "NLP_MODEL_DISTRESS_WEIGHT",
            "NLP_MODEL_BART_WEIGHT",
            "NLP_MODEL_IRONY_WEIGHT",
            "NLP_MODEL_EMOTIONS_WEIGHT",
            "NLP_MODEL_WEIGHT_*",
            "NLP_DEPRESSION_MODEL_WEIGHT",
            "NLP_SENTIMENT_MODEL_WEIGHT",
            "NLP_EMOTIONAL_DISTRESS_MODEL_WEIGHT",
            "NLP_ANALYSIS_ENSEMBLE_WEIGHT_*",
        ],
        why: "the weights are fitted to these models; to try others, POST /ensemble/set-weights changes them \
              while the service runs, and [analysis.ensemble.weights] for good",
    },
    Absent {
        about: "switching models off",
        names: &[
            "NLP_MODEL_DEPRESSION_ENABLED",
            "NLP_MODEL_SENTIMENT_ENABLED",
            "NLP_MODEL_DISTRESS_ENABLED",
            "NLP_MODEL_BART_ENABLED",
            "NLP_MODEL_IRONY_ENABLED",
            "NLP_MODEL_EMOTIONS_ENABLED",
            "NLP_MODEL_COORDINATION_*",
            "NLP_MODEL_ENSEMBLE_*",
            "NLP_FALLBACK_*",
        ],
        why: "every model takes part; a weight of 0 silences one, and a model that fails is told as degraded \
              and asks for a human",
    },
    Absent {
        about: "models of other kinds",
        names: &[
            "NLP_MODEL_BART_ID",
            "NLP_MODEL_SENTIMENT_ID",
            "NLP_MODEL_IRONY_ID",
            "NLP_MODEL_FIGURATIVE_ID",
            "NLP_MODEL_EMOTIONS_ID",
            "DEPRESSION_MODEL",
            "SENTIMENT_MODEL",
        ],
        why: "those models have other roles and labels than ours; the models in the program replace them",
    },
    Absent {
        about: "types and tasks of models",
        names: &["NLP_MODEL_*_TYPE", "NLP_MODEL_*_PIPELINE_TASK"],
        why: "the profile says it: `compact` classifies, `zero-shot` asks about labels",
    },
    Absent {
        about: "GPU and numbers",
        names: &[
            "NLP_HARDWARE_*",
            "NLP_DEVICE",
            "NLP_MODEL_DEVICE",
            "NLP_MODELS_DEVICE",
            "NLP_MODEL_PRECISION",
            "NLP_MAX_BATCH_SIZE",
            "NLP_INFERENCE_THREADS",
            "DEVICE",
            "MODEL_PRECISION",
            "MAX_BATCH_SIZE",
            "INFERENCE_THREADS",
            "GPU_MEMORY_FRACTION",
            "CUDA_*",
            "NVIDIA_*",
        ],
        why: "it runs on the CPU, with 8-bit integers, one thread per core and batches counted in tokens \
              (models.threads, models.precision, queue.max_batch_tokens)",
    },
    Absent {
        about: "where models are kept",
        names: &[
            "HF_HOME",
            "HF_DATASETS_CACHE",
            "TRANSFORMERS_*",
            "TORCH_HOME",
            "XDG_CACHE_HOME",
            "HUGGINGFACE_CACHE_DIR",
            "NLP_HUGGINGFACE_CACHE_DIR",
            "NLP_STORAGE_HUGGINGFACE_CACHE",
            "NLP_STORAGE_MODELS_DIR",
            "NLP_STORAGE_ENABLE_MODEL_CACHE",
            "NLP_STORAGE_MODEL_CACHE_SIZE_LIMIT",
            "NLP_MODEL_CACHE_DIR",
            "NLP_MODELS_DIR",
            "MODEL_CACHE_DIR",
            "MODELS_DIR",
            "ENABLE_MODEL_CACHING",
            "CACHE_SIZE_GB",
        ],
        why: "the models are inside the program, and nothing is downloaded; those of the profile zero-shot lie \
              in models.zero_shot.directory",
    },
    Absent {
        about: "warming up and loading",
        names: &["NLP_MODEL_WARMUP_ENABLED", "NLP_MODELS_WARMUP_ENABLED", "NLP_MODELS_LAZY_LOAD"],
        why: "all models are loaded and warmed up before /ready says yes",
    },
    Absent {
        about: "the longest message",
        names: &["NLP_MODEL_MAX_INPUT_TOKENS", "NLP_MODEL_TRUNCATION_STRATEGY"],
        why: "the models read the last 512 tokens of a message; server.max_message_bytes bounds what is accepted",
    },
    Absent {
        about: "the hypothesis template",
        names: &["NLP_ZERO_SHOT_HYPOTHESIS_TEMPLATE"],
        why: "each label of a set says its whole hypothesis; `ash-nlp labels show NAME` prints them",
    },
    Absent {
        about: "switching label sets",
        names: &[
            "NLP_ZERO_SHOT_ENABLE_LABEL_SET_SWITCHING",
            "NLP_ZERO_SHOT_TRACK_LABEL_PERFORMANCE",
            "NLP_ENABLE_LABEL_SET_SWITCHING",
            "NLP_TRACK_LABEL_PERFORMANCE",
        ],
        why: "whoever has an admin key may switch, with the profile zero-shot; `ash-nlp eval` measures a label set",
    },
    Absent {
        about: "weights of patterns",
        names: &[
            "NLP_ANALYSIS_*",
            "NLP_CONFIG_*",
            "NLP_IDENTITY_*",
            "NLP_EXPERIENCE_*",
            "NLP_COMMUNITY_*",
            "NLP_STRUGGLE_*",
            "NLP_QUESTIONING_WEIGHT",
            "NLP_HATE_CRIME_WEIGHT",
            "NLP_CONVERSION_THERAPY_WEIGHT",
            "NLP_TEMPORAL_*",
        ],
        why: "what patterns count for is fitted together with the models ([analysis.evidence]); an old factor \
              means nothing to them, and identity words count nothing at all",
    },
    Absent {
        about: "conversation",
        names: &["NLP_CONTEXT_*", "NLP_ESCALATION_*", "NLP_TREND_*"],
        why: "a history is judged by rules of its own, see [conversation] and docs/conversation.md",
    },
    Absent {
        about: "feature flags",
        names: &["NLP_FEATURE_*", "NLP_ENABLE_*", "NLP_FLIP_SENTIMENT_LOGIC", "NLP_SETTINGS_*"],
        why: "there are no feature flags: what is built in is tested and always on",
    },
    Absent {
        about: "timeouts",
        names: &[
            "GLOBAL_REQUEST_TIMEOUT",
            "NLP_REQUEST_TIMEOUT",
            "NLP_API_TIMEOUT",
            "NLP_PERFORMANCE_WORKER_TIMEOUT",
            "NLP_PERFORMANCE_ANALYSIS_TIMEOUT_MS",
            "NLP_ANALYSIS_TIMEOUT_MS",
            "REQUEST_TIMEOUT",
        ],
        why: "an answer takes milliseconds, and the newest bot gives up after 5 s and calls the message safe: \
              server.request_timeout_ms stays below that",
    },
    Absent {
        about: "rates and simultaneous requests",
        names: &[
            "NLP_API_RATE_LIMIT_RPM",
            "NLP_PERFORMANCE_RATE_LIMIT_*",
            "NLP_PERFORMANCE_MAX_CONCURRENT_REQUESTS",
            "NLP_PERFORMANCE_ANALYSIS_MAX_CONCURRENT",
            "NLP_MODEL_MAX_CONCURRENT",
            "NLP_MODELS_MAX_CONCURRENT",
            "NLP_SECURITY_BURST_LIMIT",
            "NLP_MAX_REQUESTS_PER_*",
            "NLP_MAX_CONCURRENT_REQUESTS",
            "NLP_ASYNC_INFERENCE",
            "NLP_PERFORMANCE_ASYNC_INFERENCE",
            "MAX_REQUESTS_PER_*",
            "MAX_CONCURRENT_REQUESTS",
            "RATE_LIMIT_*",
        ],
        why: "a bot that is refused treats the message as safe, so limits are for floods only: [limits] counts \
              requests a second of a key or an address, and [queue] what waits",
    },
    Absent {
        about: "worker processes",
        names: &[
            "NLP_PERFORMANCE_WORKERS",
            "NLP_SERVER_APPLICATION_*",
            "NLP_API_WORKERS",
            "NLP_UVICORN_WORKERS",
            "NLP_RELOAD_ON_CHANGES",
            "UVICORN_WORKERS",
            "RELOAD_ON_CHANGES",
        ],
        why: "one process uses all cores (models.threads); it reads its settings again on SIGHUP",
    },
    Absent {
        about: "health checks",
        names: &[
            "NLP_SERVER_ENABLE_HEALTH_CHECKS",
            "NLP_SERVER_HEALTH_CHECK_INTERVAL",
            "NLP_SERVER_LOG_HEALTH",
            "HEALTH_CHECK_INTERVAL",
        ],
        why: "/health, /live and /ready always answer, from the state that is there anyway",
    },
    Absent {
        about: "who may connect",
        names: &["GLOBAL_ALLOWED_IPS", "ALLOWED_IPS"],
        why: "keys decide who may ask (`ash-nlp keys add`); which addresses get through is a firewall's work",
    },
    Absent {
        about: "web pages of other sites",
        names: &[
            "GLOBAL_ENABLE_CORS",
            "GLOBAL_CORS_ALLOWED_METHODS",
            "GLOBAL_CORS_ALLOWED_HEADERS",
            "ENABLE_CORS",
        ],
        why: "pages named in cors.allowed_origins may read answers, with the methods and headers that this \
              service has; without names none may",
    },
    Absent {
        about: "log files and what is logged",
        names: &[
            "NLP_LOG_FILE",
            "NLP_LOG_CONSOLE",
            "NLP_LOGGING_*",
            "NLP_LOG_*",
            "NLP_INCLUDE_RAW_LABELS",
            "NLP_STORAGE_LOG_*",
            "NLP_STORAGE_LOGS_DIR",
            "NLP_LOGS_DIR",
            "GLOBAL_LOGGING_*",
            "LOG_FILE",
            "LOG_ROTATION_SIZE",
            "LOG_RETENTION_DAYS",
            "LOGS_DIR",
            "ENABLE_DEBUG_LOGGING",
        ],
        why: "the log goes to standard error, for journald or Docker to keep; it never holds messages or ids",
    },
    Absent {
        about: "folders, backups and cleaning up",
        names: &["NLP_STORAGE_*", "NLP_DATA_DIR", "DATA_DIR", "BACKUP_LEARNING_DATA"],
        why: "nothing is written but the two databases, at learning.path and alerts.outbox",
    },
    Absent {
        about: "the cache of settings",
        names: &["NLP_PERFORMANCE_ENABLE_CONFIG_CACHING", "NLP_CONFIG_CACHE_*"],
        why: "settings are read once, and again on SIGHUP",
    },
    Absent {
        about: "learning",
        names: &[
            "NLP_LEARNING_*",
            "NLP_ANALYSIS_LEARNING_*",
            "NLP_STORAGE_LEARNING_*",
            "NLP_MIN_CONFIDENCE_ADJUSTMENT",
            "NLP_MAX_CONFIDENCE_ADJUSTMENT",
            "LEARNING_*",
            "MAX_LEARNING_ADJUSTMENTS_PER_HOUR",
            "MIN_CONFIDENCE_ADJUSTMENT",
            "MAX_CONFIDENCE_ADJUSTMENT",
        ],
        why: "feedback moves the cuts by other rules, see [learning]; what the old service had learnt is not \
              taken over, for it learnt the wrong way round",
    },
    Absent {
        about: "alerts",
        names: &["NLP_CONFLICT_ALERT_*", "NLP_ESCALATION_ALERT_*"],
        why: "[alerts] tells webhooks of verdicts from a level on; their addresses lie in files",
    },
    Absent {
        about: "explanations",
        names: &["NLP_EXPLAINABILITY_*"],
        why: "every answer has its reason; a request asks for more by `include_explanation` and `verbosity`",
    },
    Absent { about: "a second service", names: &["NLP_VIGIL_*"], why: "this service asks no other one" },
    Absent {
        about: "kinds of environment",
        names: &["NLP_ENVIRONMENT"],
        why: "there is one file of settings; `--config` names it",
    },
    Absent {
        about: "analytics",
        names: &[
            "ENABLE_REAL_TIME_ANALYTICS",
            "ENABLE_ANALYTICS_EXPORT",
            "ANALYTICS_*",
            "PERFORMANCE_MONITORING",
        ],
        why: "GET /metrics has figures for Prometheus, GET /stats the rest",
    },
    Absent {
        about: "Python and the system",
        names: &["PYTHON*", "TZ", "PUID", "PGID", "FORCE_COLOR"],
        why: "there is no Python here, and all times are UTC",
    },
];

/// The rows that a name has in [`SETTINGS`]; several if it means several settings.
pub(super) fn mapped_by(name: &str) -> impl Iterator<Item = &'static Mapped> {
    SETTINGS.iter().filter(move |row| row.names.contains(&name))
}

/// The row that a name has in [`ABSENT`].
pub(super) fn absent_by(name: &str) -> Option<&'static Absent> {
    let pairs = || ABSENT.iter().flat_map(|row| row.names.iter().map(move |pattern| (*pattern, row)));
    let exact = pairs().find(|(pattern, _)| *pattern == name);
    let longest =
        || pairs().filter(|(pattern, _)| fits(name, pattern)).max_by_key(|(pattern, _)| pattern.len());
    exact.or_else(longest).map(|(_, row)| row)
}

/// Whether a name has the pattern's form; one `*` stands for anything but nothing.
fn fits(name: &str, pattern: &str) -> bool {
    pattern.split_once('*').is_some_and(|(begin, end)| {
        name.len() > begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ash_runtime::{Configuration, Overrides};

    use super::*;

    #[test]
    fn every_target_is_a_setting() {
        let configuration = Configuration::load(None, Overrides::default()).unwrap();
        let keys: BTreeSet<String> = configuration.explanations().into_iter().map(|said| said.key).collect();
        for row in SETTINGS {
            assert!(keys.contains(row.key), "{} is no setting", row.key);
        }
    }

    #[test]
    fn what_a_row_reads_is_a_value_that_its_setting_takes() {
        for row in SETTINGS {
            let text = match row.reading {
                Reading::Host => continue, // with its port, below
                Reading::Port => "9000",
                Reading::Flag | Reading::LimitUnlessOff => "false",
                Reading::Whole => "30",
                Reading::Fraction => "0.05",
                Reading::HalfMib => "100",
                Reading::LogLevel => "WARNING",
                Reading::LogFormat => "json",
                Reading::Mode => "majority",
                Reading::Algorithm => "conflict_aware",
                Reading::Origins => "https://team.example",
                Reading::Model => "somebody/a-model",
                Reading::LabelSet => "safety_first",
            };
            let value = row.reading.value(text).unwrap().unwrap();
            let value = match row.reading {
                Reading::Port => toml::Value::String(format!("0.0.0.0:{value}")),
                _ => value,
            };
            let loaded = Configuration::load(None, Overrides::default().set(row.key, &value)).unwrap();
            let said = loaded.explain(row.key).unwrap().remove(0);
            assert_eq!(said.value, Some(value), "{}", row.key);
            assert!(said.differs(), "{} is {text} anyway: the test shows nothing", row.key);
        }
    }

    #[test]
    fn no_name_has_two_fates() {
        let mut seen = BTreeSet::new();
        for name in ABSENT.iter().flat_map(|row| row.names) {
            assert!(seen.insert(name), "{name} stands twice in ABSENT");
            assert!(mapped_by(name).next().is_none(), "{name} stands in SETTINGS too");
            assert!(name.matches('*').count() <= 1, "{name}");
        }
        for row in SETTINGS {
            let again = SETTINGS.iter().filter(|other| other.key == row.key && other.reading == row.reading);
            assert_eq!(again.count(), 1, "{} is read twice in the same way", row.key);
        }
    }

    #[test]
    fn a_name_finds_its_nearest_row() {
        struct Case(&'static str, Option<&'static str>);
        for Case(name, about) in [
            Case("NLP_THRESHOLD_CONSENSUS_ENSEMBLE_HIGH", Some("thresholds")),
            Case("NLP_CONSENSUS_CRISIS_THRESHOLD", Some("thresholds")),
            Case("NLP_ANALYSIS_LEARNING_RATE", Some("learning")),
            Case("NLP_ANALYSIS_PATTERNS_CRISIS", Some("weights of patterns")),
            Case("NLP_MODEL_DISTRESS_TYPE", Some("types and tasks of models")),
            Case("NLP_STORAGE_LOG_FILE", Some("log files and what is logged")),
            Case("NLP_STORAGE_BACKUP_DIR", Some("folders, backups and cleaning up")),
            Case("NLP_ESCALATION_ALERT_ENABLED", Some("alerts")),
            Case("NLP_TURBO_MODE", None),
            Case("NLP_VIGIL_", None),
        ] {
            assert_eq!(absent_by(name).map(|row| row.about), about, "{name}");
        }
    }
}
