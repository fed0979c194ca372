//! What staff said of verdicts, for a service. Opened when there is something to read or write, so that a service whose
//! staff say nothing makes no file, and one whose file is locked, full or broken goes on judging.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ash_analysis::Offsets;
use ash_learning::{Feedback, LearnError, Learning, LearningSettings, Learnt, Moment, Statistics, Tally};

/// Feedback cannot be taken, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The operator turned it off.
    #[error("feedback is turned off (learning.enabled)")]
    Off,
    /// It could not be stored or read.
    #[error(transparent)]
    Failed(#[from] LearnError),
}

/// The one who learns. All of it blocks on the disk.
pub(crate) struct Learner {
    settings: LearningSettings,
    /// None until it was needed.
    learning: Mutex<Option<Learning>>,
}

impl Learner {
    pub(crate) fn new(settings: LearningSettings) -> Self {
        Learner { settings, learning: Mutex::default() }
    }

    /// Keeps what staff said. Once it returns, it is on the disk.
    pub(crate) fn learn(&self, feedback: &Feedback) -> Result<Learnt, FeedbackError> {
        self.with(|learning| learning.learn(feedback, Moment::now()))
    }

    /// How far the cuts are to be shifted now.
    pub(crate) fn offsets(&self) -> Result<Offsets, FeedbackError> {
        if !self.settings.enabled || self.is_untouched() {
            return Ok(Offsets::NONE);
        }
        self.with(|learning| {
            learning.refresh()?;
            Ok(learning.offsets(Moment::now()))
        })
    }

    /// Figures of what is kept.
    pub(crate) fn statistics(&self) -> Result<Statistics, FeedbackError> {
        if self.settings.enabled && self.is_untouched() {
            let tally = Tally { total: 0, false_positives: 0, false_negatives: 0, last: None };
            return Ok(Statistics { tally, today: 0, offsets: Offsets::NONE });
        }
        self.with(|learning| {
            learning.refresh()?;
            learning.statistics(Moment::now())
        })
    }

    /// Nobody has ever said anything.
    fn is_untouched(&self) -> bool {
        let path = &self.settings.path;
        self.lock().is_none() && (path == Path::new(":memory:") || !path.exists())
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Learning) -> Result<T, LearnError>) -> Result<T, FeedbackError> {
        if !self.settings.enabled {
            return Err(FeedbackError::Off);
        }
        let mut learning = self.lock();
        let opened = match &mut *learning {
            Some(opened) => opened,
            none => none.insert(Learning::open(self.settings.clone())?),
        };
        Ok(ask(opened)?)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Learning>> {
        self.learning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
