//! What can go wrong between a setting and an answer. No message text is ever part of an error.

use std::time::Duration;

use ash_alerts::AlertError;
use ash_encoder::EncoderError;

use crate::label_sets::LabelsError;
use crate::lexicon::LexiconFileError;
use crate::pattern_packs::PatternPackError;
use crate::settings::SettingsError;
use crate::zero_shot::SwitchError;

/// A profile or a model of it could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The binary was built without models.
    #[error("no models are embedded in this binary; set models.path to a profile directory")]
    NothingEmbedded,
    /// `profile.json` or `model.json` is not usable.
    #[error("{file}: {why}")]
    Manifest {
        /// The file, relative to the profile.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The folder of a model is missing.
    #[error("{repository} is not in {folder}; `ash-nlp models pull` puts it there")]
    NotThere {
        /// The model's name on the hub.
        repository: String,
        /// Where it was looked for.
        folder: String,
    },
    /// The folder of a model holds another commit than the settings ask for.
    #[error(
        "{repository} must be at commit {wanted}, its folder has {found}; `ash-nlp models pull` puts it right"
    )]
    Revision {
        /// The model's name on the hub.
        repository: String,
        /// The commit of the settings.
        wanted: String,
        /// What is there.
        found: String,
    },
    /// The label sets, which all models need.
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// The manifest and the weights do not fit together.
    #[error("{model}: head {head:?} {why}")]
    Head {
        /// The model's name.
        model: String,
        /// The head that the manifest names.
        head: String,
        /// What does not fit.
        why: String,
    },
    /// The weights could not be loaded.
    #[error(transparent)]
    Weights(#[from] EncoderError),
    /// The loader panicked; a bug, contained.
    #[error("{0}: the loader panicked")]
    Panicked(String),
    /// The inference threads could not be started.
    #[error("cannot start {threads} inference threads: {why}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The system's reason.
        why: String,
    },
}

/// The service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The pattern packs cannot be used.
    #[error(transparent)]
    Patterns(#[from] PatternPackError),
    /// The lexicon cannot be used.
    #[error(transparent)]
    Lexicon(#[from] LexiconFileError),
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The `[analysis]` settings do not fit the models.
    #[error("configuration: analysis: {0}")]
    Analysis(#[from] ash_analysis::SettingsError),
    /// Nothing that could answer was loaded.
    #[error("cannot load the models: {0}")]
    Load(#[from] LoadError),
    /// Every model of the profile failed; there is nothing that could answer.
    #[error("none of the {configured} models could be loaded; the first says: {first}")]
    NoModel {
        /// How many the profile names.
        configured: usize,
        /// Why the first of them failed.
        first: String,
    },
    /// The webhooks cannot be used as they are configured.
    #[error(transparent)]
    Alerts(#[from] AlertError),
    /// The label set cannot be asked.
    #[error(transparent)]
    Labels(SwitchError),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// A part panicked while it was made ready; a bug, contained.
    #[error("{0}: panicked while it was made ready")]
    Panicked(String),
}

/// A message got no assessment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnalyzeError {
    /// There is no room, or no time, for the message; trying again after `retry_after` is likely to work.
    #[error("too many messages are waiting; try again in {} s", retry_after.as_secs())]
    Overloaded {
        /// How long the waiting messages need, at the recent pace, rounded up to a second.
        retry_after: Duration,
    },
    /// The message waited longer than `queue.max_wait_ms`, or the models took longer than a request may.
    #[error("the message waited too long for the models")]
    Late,
    /// The service is shutting down and takes nothing new.
    #[error("the service is shutting down")]
    Closed,
    /// The pipeline failed on this message; a bug, contained.
    #[error("the analysis of this message failed")]
    Failed,
}
