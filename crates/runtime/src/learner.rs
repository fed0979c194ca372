//! What staff said of verdicts, for a service. Opened when there is something to read or write, so that a service whose
//! staff say nothing makes no file, and one whose file is locked, full or broken goes on judging.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use ash_analysis::Offsets;
use ash_learning::{
    Feedback, LearnError, Learning, LearningSettings, Learnt, Moment, Statistics, StoreError, Tally,
};

/// How long one report waits for those before it.
const PATIENCE: Duration = Duration::from_secs(1);

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
        if !self.settings.enabled || self.is_untouched()? {
            return Ok(Offsets::NONE);
        }
        self.with(|learning| {
            learning.refresh()?;
            Ok(learning.offsets(Moment::now()))
        })
    }

    /// Figures of what is kept.
    pub(crate) fn statistics(&self) -> Result<Statistics, FeedbackError> {
        if self.settings.enabled && self.is_untouched()? {
            let tally = Tally { total: 0, false_positives: 0, false_negatives: 0, last: None };
            return Ok(Statistics { tally, today: 0, offsets: Offsets::NONE });
        }
        self.with(|learning| {
            learning.refresh()?;
            learning.statistics(Moment::now())
        })
    }

    /// Nobody has ever said anything.
    fn is_untouched(&self) -> Result<bool, FeedbackError> {
        Ok(self.lock()?.is_none() && !self.has_file())
    }

    fn has_file(&self) -> bool {
        self.settings.path.exists()
    }

    fn with<T>(&self, ask: impl FnOnce(&mut Learning) -> Result<T, LearnError>) -> Result<T, FeedbackError> {
        if !self.settings.enabled {
            return Err(FeedbackError::Off);
        }
        let mut learning = self.lock()?;
        if self.settings.path != Path::new(":memory:") && !self.has_file() {
            // Somebody removed it: what was written to it would be gone with the process.
            *learning = None;
        }
        let opened = match &mut *learning {
            Some(opened) => opened,
            none => none.insert(Learning::open(self.settings.clone())?),
        };
        Ok(ask(opened)?)
    }

    /// Waits its turn, but not for long: whoever holds it may be waiting for another program's lock.
    fn lock(&self) -> Result<MutexGuard<'_, Option<Learning>>, FeedbackError> {
        let since = Instant::now();
        loop {
            match self.learning.try_lock() {
                Ok(learning) => return Ok(learning),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(FeedbackError::Failed(LearnError::Store(StoreError::Busy)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ash_analysis::{Level, MessageText};
    use ash_learning::Kind;

    use super::*;

    fn feedback() -> Feedback {
        let text = MessageText::parse("a text").unwrap();
        Feedback::new(Kind::FalsePositive, Level::Low, Level::None, text).unwrap()
    }

    #[test]
    fn whoever_would_wait_too_long_is_told_to_come_back() {
        let learner =
            Learner::new(LearningSettings { path: ":memory:".into(), ..LearningSettings::default() });
        let held = learner.lock().unwrap();
        std::thread::scope(|scope| {
            let told = scope.spawn(|| learner.learn(&feedback()).unwrap_err()).join().unwrap();
            assert!(matches!(told, FeedbackError::Failed(LearnError::Store(StoreError::Busy))), "{told}");
        });
        drop(held);
        assert!(learner.learn(&feedback()).unwrap().is_new);
    }

    #[test]
    fn a_database_that_was_removed_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("learning.db");
        let learner = Learner::new(LearningSettings { path: path.clone(), ..LearningSettings::default() });
        assert!(learner.learn(&feedback()).unwrap().is_new);
        for file in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        assert!(learner.learn(&feedback()).unwrap().is_new, "nothing of the old one is acknowledged");
        assert!(path.exists());
        assert_eq!(learner.statistics().unwrap().tally.total, 1);
    }
}
