//! What staff say about verdicts: kept for good, and turned into small bounded shifts of the cuts.
//!
//! [`Feedback`] (parsed, with the text) → [`Record`] (what is kept: hashes, levels, no text unless the operator wants
//! it) → a [`Store`] → [`offsets`] (a pure function of what is stored and the time). [`Learning`] joins them.
//!
//! No HTTP, no threads, no clock but the [`Moment`] that is passed in. What reaches the disk is decided in one place,
//! [`Record::of`].

mod adjust;
mod context;
mod export;
mod feedback;
mod learning;
mod moment;
mod record;
mod secret;
mod settings;
pub mod store;

pub use adjust::{Report, offsets};
pub use export::export_line;
pub use feedback::{Feedback, FeedbackError, Kind};
pub use learning::{LearnError, Learning, Learnt, Statistics};
pub use moment::Moment;
pub use record::{Record, RecordId};
pub use secret::{Secret, SecretError};
pub use settings::LearningSettings;
pub use store::{Added, SqliteStore, Store, StoreError, Tally};
