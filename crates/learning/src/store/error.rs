//! Why a store did not do something, with what helps. No message is ever part of it.

use std::io;
use std::path::PathBuf;

/// Why a store did not do something; nothing of it was done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else holds it.
    #[error("the learning database is locked by another program; try again in a moment")]
    Busy,
    /// There is no room.
    #[error("there is no room for the learning database; free some space on its disk")]
    Full,
    /// It may not be written.
    #[error("the learning database cannot be written; see who may write its file and its folder")]
    ReadOnly,
    /// It holds something else, or is broken.
    #[error("{} is no learning database, or is damaged; put a backup in its place, or move it away", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the program made it.
    #[error(
        "{} was made by a later version of this program (schema {found}, this one knows {known}); use that version",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest that is known here.
        known: i64,
    },
    /// The file cannot be opened or made.
    #[error("cannot open the learning database {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Anything else, in the words of the database.
    #[error("the learning database failed: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether trying again in a moment may help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, StoreError::Busy | StoreError::Full)
    }
}
