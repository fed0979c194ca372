//! Joins the models ([`ash_encoder`]) and the domain ([`ash_analysis`]) into a service.
//!
//! settings → one of two profiles of models: source, manifest → model → compact; or `label_sets`,
//! `zero_shot` → coordinator, warmup → queue, scheduler (who waits, who runs) → pipeline, timing → service. Every surface calls
//! [`Service`] and none goes around it, so all share one queue and one way of being measured.
//!
//! Message text passes through here and is never kept, logged, or put into an error.

mod adjustments;
mod announcer;
mod cache;
mod clock;
mod compact;
mod compute;
mod conversation;
mod coordinator;
mod embedded;
mod engine;
mod error;
mod hash;
mod health;
mod label_sets;
mod learner;
mod lexicon;
mod lifecycle;
mod manifest;
mod model;

mod pattern_packs;
mod pipeline;
mod provenance;
mod queue;
mod recorded;
mod report;
mod scheduler;
mod service;
mod settings;
mod source;
pub mod telemetry;
mod timing;
mod toml_folder;
mod warmup;
mod wording;
mod words;
mod zero_shot;

pub use adjustments::{EnsembleChange, EnsembleError};
pub use announcer::AlertReport;
pub use ash_alerts::{AlertError, AlertSettings};
pub use ash_encoder::recording::{
    Arithmetic, Level as PlaceLevel, Op, Place, Recording, Span, SpanKind, Work,
};
pub use ash_encoder::{Limits, kernel_name};
pub use ash_learning::{
    Feedback, FeedbackError as Implausible, Kind as FeedbackKind, LearnError, LearningSettings, Learnt,
    Moment, RecordId, SecretError, Statistics as LearningStatistics, StoreError,
};
pub use cache::CacheStatus;
pub use compact::CompactProfile;
pub use conversation::{History, PastMessage};
pub use coordinator::{ModelCoordinator, ModelStatus};
pub use error::{AnalyzeError, LoadError, StartError};
pub use health::{Health, LabelsInUse, Status, VERSION};
pub use label_sets::{Examined, LabelSets, LabelsError};
pub use learner::FeedbackError;
pub use lexicon::{LexiconFileError, load_lexicon};
pub use lifecycle::{Entered, Lifecycle, Part, PartState, Phase, Progress};
pub use pattern_packs::{PatternDrafts, PatternPackError, load_pattern_packs};
pub use provenance::{ClientId, Provenance};
pub use queue::{Priority, QueueStatus};
pub use recorded::Recorded;
pub use service::{Analyzed, JudgedBy, Request, Service};
pub use settings::{
    AuthSettings, CacheSettings, CompatSettings, CorsSettings, DEFAULT_TOML, LimitSettings, LogFormat,
    LogLevel, LogSettings, ModelChoice, ModelSettings, Network, NotANetwork, NotAnOrigin, Origin, Overrides,
    PatternSettings, PerformanceSettings, Profile, QueueSettings, ServerSettings, Settings, SettingsError,
    ZERO_SHOT_TOML, ZeroShotSettings, folder_name,
};
pub use source::ProfileSource;
pub use timing::{ByModel, Timing};
pub use warmup::{FirstLive, Pace, WarmupStatus};
pub use zero_shot::{SwitchError, ZeroShotProfile};

// Where settings come from, and what can be said about them.
pub use settings::{
    Allowed, Configuration, Explanation, Fault, SettingOrigin, UnknownKey, configuration_tables, reloadable,
    variable,
};
