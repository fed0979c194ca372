//! What goes into the outbox, and what comes out.

use std::sync::Arc;

use ash_analysis::Level;

use crate::clock::Millis;
use crate::notice::Notice;

/// What goes in.
pub(crate) enum Entry {
    /// Something to tell at once.
    Tell { webhook: Arc<str>, notice: Box<Notice> },
    /// One message more for the summary that is told at `due`.
    Fold { webhook: Arc<str>, level: Level, at: Millis, due: Millis },
}

impl Entry {
    /// For whom.
    pub(crate) fn webhook(&self) -> &str {
        match self {
            Entry::Tell { webhook, .. } | Entry::Fold { webhook, .. } => webhook,
        }
    }
}

/// What comes out.
pub(crate) struct Row {
    pub(crate) id: RowId,
    pub(crate) level: Level,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// How often the receiver refused it.
    pub(crate) refusals: u32,
    pub(crate) notice: Notice,
}

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowId {
    pub(super) shelf: Shelf,
    pub(super) row: i64,
}

/// On disk or in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Disk,
    Memory,
}

impl Row {
    pub(super) fn put_on(self, place: Shelf) -> Self {
        Row { id: RowId { shelf: place, ..self.id }, ..self }
    }
}
