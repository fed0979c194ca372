//! Joins the store with what follows from it.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ash_analysis::Offsets;
use serde::Serialize;

use crate::adjust::{History, Report};
use crate::feedback::{Feedback, Kind};
use crate::moment::Moment;
use crate::record::{Record, RecordId};
use crate::secret::{Secret, SecretError};
use crate::settings::LearningSettings;
use crate::store::{Added, SqliteStore, Store, StoreError, Tally};

/// Nothing was learnt, and nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no secret to hash by.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// What staff said, and what it comes to.
pub struct Learning {
    settings: LearningSettings,
    secret: Secret,
    store: Box<dyn Store>,
    /// What of the records moves the cuts: levels and times, no more than 50 of a day.
    history: History,
    /// [`Store::version`] when they were read.
    version: i64,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// Under which it is kept.
    pub id: RecordId,
    /// Whether it was not known before.
    pub is_new: bool,
    /// How far it shifted the cut of its level.
    pub adjustment: f64,
    /// How far all cuts are shifted now.
    pub offsets: Offsets,
    /// Why it shifted nothing, if it did not.
    pub why_not: Option<String>,
}

/// Figures of what is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// How many records.
    #[serde(flatten)]
    pub tally: Tally,
    /// How many came today (UTC); of those that shift anything the first `max_per_day` count.
    pub today: u32,
    /// How far the cuts are shifted.
    pub offsets: Offsets,
}

impl Learning {
    /// Opens what `settings` name, or makes it.
    pub fn open(settings: LearningSettings) -> Result<Self, LearnError> {
        let is_memory = settings.path == Path::new(":memory:");
        let secret = if is_memory { Secret::random()? } else { Secret::of_file(&key_file(&settings.path))? };
        let store = Box::new(SqliteStore::open(&settings.path)?);
        Self::over(settings, secret, store)
    }

    /// The same with a store of another kind.
    pub fn over(
        settings: LearningSettings,
        secret: Secret,
        store: Box<dyn Store>,
    ) -> Result<Self, LearnError> {
        let mut learning = Learning { settings, secret, store, history: History::default(), version: 0 };
        learning.read()?;
        Ok(learning)
    }

    /// Keeps what staff said, and says what follows. Once this returns it is on the disk.
    pub fn learn(&mut self, feedback: &Feedback, now: Moment) -> Result<Learnt, LearnError> {
        self.refresh()?;
        let record = Record::of(feedback, &self.secret, self.settings.keep_text, now);
        let before = self.offsets(now);
        let added = self.store.add(&record)?;
        let is_new = added == Added::New;
        let used_up = self.history.is_used_up(&record.report(), now, &self.settings);
        if is_new {
            self.history.push(record.report());
        }
        let offsets = self.offsets(now);
        let level = record.report().level();
        let adjustment = f64::from(offsets.of(level)) - f64::from(before.of(level));
        let moved = adjustment.abs() > 1e-9;
        let why_not = (!moved).then(|| self.why_not(&record.report(), is_new, used_up));
        Ok(Learnt { id: record.id, is_new, adjustment, offsets, why_not })
    }

    fn why_not(&self, report: &Report, is_new: bool, used_up: bool) -> String {
        let (records, settings) = (self.history.records(), &self.settings);
        if !is_new {
            "this report was stored before".to_owned()
        } else if report.kind == Kind::FalsePositive && report.given.is_urgent() {
            "the cuts of high and critical are never raised by feedback".to_owned()
        } else if records < u64::from(settings.min_records) {
            format!(
                "{records} of {} records: before there are so many nothing is shifted",
                settings.min_records
            )
        } else if used_up {
            let most = match report.kind {
                Kind::FalsePositive => settings.max_raises_per_day(),
                Kind::FalseNegative => settings.max_per_day,
            };
            format!("the {most} reports of today that may shift anything are used up")
        } else {
            format!("the cut is shifted as far as it may be ({})", settings.max_adjustment)
        }
    }

    /// How far the cuts are shifted at `now`.
    pub fn offsets(&self, now: Moment) -> Offsets {
        self.history.offsets(now, &self.settings)
    }

    /// Reads again what is stored, if another program has changed it.
    pub fn refresh(&mut self) -> Result<(), LearnError> {
        if self.store.version()? != self.version {
            self.read()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<(), LearnError> {
        let version = self.store.version()?;
        let mut history = History::default();
        self.store.for_each(&mut |record| {
            history.push(record.report());
            ControlFlow::Continue(())
        })?;
        (self.history, self.version) = (history, version);
        Ok(())
    }

    /// Figures of what is kept.
    pub fn statistics(&self, now: Moment) -> Result<Statistics, LearnError> {
        Ok(Statistics {
            tally: self.store.tally()?,
            today: self.history.today(now),
            offsets: self.offsets(now),
        })
    }

    /// What is kept, for export.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Forgets everything that staff said; returns how many records that were.
    pub fn reset(&mut self) -> Result<u64, LearnError> {
        let removed = self.store.reset()?;
        self.read()?;
        Ok(removed)
    }
}

/// `ash-learning.db` → `ash-learning.db.key`.
fn key_file(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".key");
    name.into()
}
