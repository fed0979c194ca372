//! Where alerts wait until a receiver took them.
//!
//! `table` is the database; [`Outbox`] has two of them: one on disk, and one in memory for as long as
//! the disk refuses. A full disk must not keep an alert from being told, only from surviving a crash.

mod entry;
mod table;

use std::collections::HashSet;
use std::path::Path;

use crate::clock::Millis;
use crate::error::OutboxError;
use crate::status::OutboxState;

use entry::Shelf;
pub(crate) use entry::{Entry, Row, RowId};
use table::Table;

/// How long it takes until a disk that refused is asked again, in milliseconds.
const MEND_AFTER: Millis = 5_000;

/// Where alerts wait until a receiver took them.
pub(crate) struct Outbox {
    disk: Table,
    memory: Table,
    /// Rows on disk that were told and could not be deleted: never told again by this process.
    told: HashSet<i64>,
    /// Whose rows could not be read and were deleted since that was last asked.
    unreadable: Vec<String>,
    state: OutboxState,
    mend_at: Option<Millis>,
    max_waiting: usize,
}

/// How many wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) by_webhook: Vec<(String, usize)>,
    pub(crate) in_memory: usize,
    pub(crate) oldest: Option<Millis>,
}

impl Outbox {
    /// Opens the file at `path`, or makes it, readable by its owner alone.
    pub(crate) fn open(path: &Path, max_waiting: usize) -> Result<Self, OutboxError> {
        let (disk, memory) = (Table::open(path)?, Table::in_memory()?);
        let (told, state) = (HashSet::new(), OutboxState::Ok);
        Ok(Outbox { disk, memory, told, unreadable: Vec::new(), state, mend_at: None, max_waiting })
    }

    /// Keeps entries, all in one commit. Answers the webhooks of the rows that had to go for them.
    pub(crate) fn add(&mut self, entries: &[Entry], now: Millis) -> Result<Vec<String>, OutboxError> {
        match self.disk.add(entries, now, self.max_waiting) {
            Ok(displaced) => Ok(displaced),
            Err(error) => {
                self.refused(&error, now);
                self.memory.add(entries, now, self.max_waiting)
            }
        }
    }

    /// What to tell a webhook now: the most urgent first, then what was tried least, then the oldest.
    pub(crate) fn next(&mut self, webhook: &str, now: Millis) -> Option<Row> {
        let on_disk = match self.disk.next(webhook, now, &self.told) {
            Ok((row, unreadable)) => {
                for row in unreadable {
                    tracing::error!("an alert in the outbox cannot be read: deleted");
                    self.remove(RowId { shelf: Shelf::Disk, row }, now);
                    self.unreadable.push(webhook.to_owned());
                }
                row
            }
            Err(error) => {
                self.refused(&error, now);
                None
            }
        };
        let (in_memory, _) = self.memory.next(webhook, now, &HashSet::new()).unwrap_or_default();
        match (on_disk, in_memory) {
            (Some(disk), Some(memory)) if memory.level > disk.level => Some(memory.put_on(Shelf::Memory)),
            (Some(disk), _) => Some(disk),
            (None, memory) => memory.map(|row| row.put_on(Shelf::Memory)),
        }
    }

    /// Whose rows [`next`](Outbox::next) could not read, and deleted, since this was last asked.
    pub(crate) fn take_unreadable(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unreadable)
    }

    /// When there will be something to tell a webhook.
    pub(crate) fn soonest(&self, webhook: &str) -> Option<Millis> {
        let on_disk = self.disk.soonest(webhook, &self.told).unwrap_or_default();
        let in_memory = self.memory.soonest(webhook, &HashSet::new()).unwrap_or_default();
        [on_disk, in_memory].into_iter().flatten().min()
    }

    /// It was told, or will never be.
    pub(crate) fn remove(&mut self, id: RowId, now: Millis) {
        match id.shelf {
            Shelf::Memory => drop(self.memory.remove(&[id.row])),
            Shelf::Disk => {
                if let Err(error) = self.disk.remove(&[id.row]) {
                    self.told.insert(id.row);
                    self.refused(&error, now);
                }
            }
        }
    }

    /// It is to be tried again at `next_try`.
    pub(crate) fn postpone(&mut self, row: &Row, next_try: Millis, now: Millis) {
        let table = if row.id.shelf == Shelf::Disk { &mut self.disk } else { &mut self.memory };
        if let Err(error) = table.postpone(row.id.row, row.tries, row.refusals, next_try) {
            self.refused(&error, now);
        }
    }

    /// The receiver answers again: whatever waited for that is due.
    pub(crate) fn hurry(&mut self, webhook: &str, now: Millis) {
        let refused = self.disk.hurry(webhook, now);
        let _ = self.memory.hurry(webhook, now);
        if let Err(error) = refused {
            self.refused(&error, now);
        }
    }

    /// Gives up what waits since before `made`. Answers whose it was.
    pub(crate) fn expire(&mut self, made: Millis, now: Millis) -> Vec<String> {
        let mut whose = self.memory.expire(made).unwrap_or_default();
        match self.disk.expire(made) {
            Ok(more) => whose.extend(more),
            Err(error) => self.refused(&error, now),
        }
        whose
    }

    /// Drops what waits for webhooks that are no longer there. Answers whose it was.
    pub(crate) fn keep_only(&mut self, webhooks: &[&str]) -> Result<Vec<String>, OutboxError> {
        self.disk.keep_only(webhooks)
    }

    /// Asks a disk that refused again, when it is time: deletes what was told, and stores what only memory has,
    /// except for what is `in_flight`.
    pub(crate) fn mend(&mut self, in_flight: &[RowId], now: Millis) {
        if self.mend_at.is_none_or(|at| at > now && at - now <= MEND_AFTER) {
            return;
        }
        if let Err(error) = self.mended(in_flight) {
            self.refused(&error, now);
            return;
        }
        self.state = OutboxState::Ok;
        let all_moved = self.memory.count().is_ok_and(|count| count == 0);
        self.mend_at = if all_moved { None } else { Some(now + MEND_AFTER) };
    }

    fn mended(&mut self, in_flight: &[RowId]) -> Result<(), OutboxError> {
        let told: Vec<i64> = self.told.iter().copied().collect();
        self.disk.remove(&told)?;
        self.told.clear();
        let held = in_flight.iter().filter(|id| id.shelf == Shelf::Memory).map(|id| id.row);
        let moved = self.disk.take_over(&self.memory, &held.collect())?;
        self.memory.remove(&moved)
    }

    /// When [`mend`](Outbox::mend) has something to do.
    pub(crate) const fn mend_at(&self) -> Option<Millis> {
        self.mend_at
    }

    /// Whether the disk takes what it is given.
    pub(crate) const fn state(&self) -> OutboxState {
        self.state
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> Result<Waiting, OutboxError> {
        let (on_disk, in_memory) = (self.disk.waiting(&self.told)?, self.memory.waiting(&HashSet::new())?);
        let oldest = [on_disk.oldest, in_memory.oldest].into_iter().flatten().min();
        let count = in_memory.by_webhook.iter().map(|(_, count)| count).sum();
        let by_webhook = on_disk.by_webhook.into_iter().chain(in_memory.by_webhook).collect();
        Ok(Waiting { by_webhook, in_memory: count, oldest })
    }

    /// Leaves nothing of what was deleted in the files beside the database, if nothing waits.
    pub(crate) fn tidy(&self) {
        if self.disk.count().is_ok_and(|count| count == 0) {
            self.disk.checkpoint();
        }
    }

    /// Neither disk nor memory takes another row.
    #[cfg(test)]
    pub(crate) fn refuse_all(&self) {
        self.disk.refuse_all();
        self.memory.refuse_all();
    }

    /// Makes what waits on disk unreadable.
    #[cfg(test)]
    pub(crate) fn spoil(&self) {
        self.disk.spoil();
    }

    fn refused(&mut self, error: &OutboxError, now: Millis) {
        let word = error.word();
        let state = match word {
            "full" => OutboxState::Full,
            "locked" => OutboxState::Locked,
            _ => OutboxState::Failing,
        };
        if self.state != state {
            tracing::error!(outbox = word, "the outbox of alerts refuses: alerts are sent from memory");
        }
        self.state = state;
        self.mend_at = Some(now + MEND_AFTER);
    }
}

#[cfg(test)]
mod tests;
