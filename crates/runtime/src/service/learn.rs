//! What staff say of verdicts, and what follows from it. All of it blocks on the disk.

use std::sync::PoisonError;

use ash_analysis::Offsets;
use ash_learning::{Feedback, Learnt, Statistics};

use super::Service;
use crate::learner::FeedbackError;
use crate::telemetry::{FeedbackGiven, FeedbackOutcome};

impl Service {
    /// Stores what staff said of a verdict, and shifts the cuts by it from the next message on. Once this returns
    /// it is on the disk; on an error nothing was stored, and messages are judged as before.
    pub fn learn(&self, feedback: &Feedback) -> Result<Learnt, FeedbackError> {
        let learnt = self.learner.learn(feedback);
        let outcome = match &learnt {
            Ok(learnt) if learnt.is_new => FeedbackOutcome::Stored,
            Ok(_) => FeedbackOutcome::Known,
            Err(_) => FeedbackOutcome::Failed,
        };
        self.telemetry.emit(&FeedbackGiven { outcome });
        let learnt = learnt?;
        // Asked again, while nobody else shifts: of two reports at once the older state must not win.
        if let Err(error) = self.relearn() {
            tracing::warn!(%error, "a report is stored, but not weighed yet");
        }
        Ok(learnt)
    }

    /// Shifts the cuts by what is stored, as it counts by now: reports fade, and other programs may have changed what
    /// is stored.
    pub fn relearn(&self) -> Result<Offsets, FeedbackError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let offsets = self.learner.offsets()?;
        if let Err(error) = self.shift_cuts(offsets) {
            tracing::error!(%error, "the cuts could not be shifted; messages are judged by those before");
        }
        Ok(offsets)
    }

    /// What is stored, in figures.
    pub fn learning_statistics(&self) -> Result<Statistics, FeedbackError> {
        self.learner.statistics()
    }

    /// What was learnt in an earlier life. A store that cannot be read is no reason not to judge.
    pub(super) fn remember(&self) {
        if let Err(error) = self.relearn() {
            tracing::error!(%error, "what staff said cannot be read; messages are judged as configured");
        }
    }
}
