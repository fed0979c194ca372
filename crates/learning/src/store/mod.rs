//! Where reports are kept: a trait, and the `SQLite` that ships. PostgreSQL is to be the next; what both promise is
//! asked by one suite (`tests/learning/promises.rs`).

mod error;
mod migrations;
mod sqlite;

use std::ops::ControlFlow;

pub use error::StoreError;
use serde::Serialize;
pub use sqlite::SqliteStore;

use crate::moment::Moment;
use crate::record::Record;

/// What became of a record.
#[derive(Clone, PartialEq)]
pub enum Added {
    /// It is stored.
    New,
    /// One with this id was stored before, and stays as it was.
    Known(Record),
}

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// All records.
    pub total: u64,
    /// Verdicts that were too high.
    pub false_positives: u64,
    /// Verdicts that were too low.
    pub false_negatives: u64,
    /// When the last record came.
    pub last: Option<Moment>,
}

/// A place where reports are kept for good. One writer: whoever holds it.
///
/// After an error nothing of the call has happened, and the store works again once the cause is gone.
pub trait Store: Send {
    /// Keeps a record, once for each id. When it returns, the record survives the end of the process and of the
    /// machine's power.
    fn add(&mut self, record: &Record) -> Result<Added, StoreError>;

    /// Shows all records in order of arrival, until `visit` breaks.
    fn for_each(&self, visit: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), StoreError>;

    /// Counts them.
    fn tally(&self) -> Result<Tally, StoreError>;

    /// Removes all, and says how many there were.
    fn reset(&mut self) -> Result<u64, StoreError>;

    /// A number that changes when somebody else has changed what is stored.
    fn version(&self) -> Result<i64, StoreError>;
}
