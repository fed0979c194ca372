//! Joins the models ([`ash_encoder`]) and the domain ([`ash_analysis`]) into a service.
//!
//! settings → source, manifest → model, compact (a profile of models) → coordinator, warmup →
//! queue, scheduler (who waits, who runs) → pipeline, timing → service. Every surface calls
//! [`Service`] and none goes around it, so all share one queue and one way of being measured.
//!
//! Message text passes through here and is never kept, logged, or put into an error.

mod compact;
mod coordinator;
mod embedded;
mod error;
mod hash;
mod health;
mod label_sets;
mod manifest;
mod model;
mod pipeline;
mod queue;
mod scheduler;
mod service;
mod settings;
mod source;
mod timing;
mod warmup;

pub use compact::CompactProfile;
pub use coordinator::{ModelCoordinator, ModelStatus};
pub use error::{AnalyzeError, LoadError, StartError};
pub use health::{Health, Status, VERSION};
pub use label_sets::{Examined, LabelSets, LabelsError};
pub use service::{Analyzed, Service};
pub use settings::{
    CompatSettings, DEFAULT_TOML, LogFormat, LogLevel, LogSettings, ModelChoice, ModelSettings, Overrides,
    Profile, QueueSettings, ServerSettings, Settings, SettingsError, ZERO_SHOT_TOML, ZeroShotSettings,
    folder_name,
};
pub use source::ProfileSource;
pub use timing::Timing;
pub use warmup::WarmupStatus;
