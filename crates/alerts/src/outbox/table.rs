//! The database: one table of what waits.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use ash_analysis::Level;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::Waiting;
use super::entry::{Entry, Row, RowId, Shelf};
use crate::clock::Millis;
use crate::error::OutboxError;
use crate::notice::{Notice, Summary};
use crate::retry::LONGEST_WAIT;

/// How long another process may hold the database before it counts as locked.
const BUSY: Duration = Duration::from_millis(500);
/// How many rows that cannot be read are passed over at most.
const SPARE: usize = 16;
/// The version of the schema.
const VERSION: i64 = 1;
const SCHEMA: &str = "
    CREATE TABLE waiting (
        row      INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook  TEXT    NOT NULL,
        level    INTEGER NOT NULL, -- 0 none ... 4 critical
        made     INTEGER NOT NULL, -- milliseconds since 1970, as all times
        next_try INTEGER NOT NULL,
        tries    INTEGER NOT NULL DEFAULT 0,
        refusals INTEGER NOT NULL DEFAULT 0,
        is_fold  INTEGER NOT NULL, -- 1: a summary
        notice   TEXT    NOT NULL  -- JSON
    ) STRICT;
    CREATE INDEX waiting_by_webhook ON waiting (webhook, made);
    CREATE INDEX waiting_by_level ON waiting (level, row);
    PRAGMA user_version = 1;
";

/// The database.
pub(super) struct Table(Connection);

impl Table {
    /// Of the file at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, OutboxError> {
        if path == Path::new(":memory:") {
            return Table::in_memory();
        }
        make_private(path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // A commit is on the disk when it is acknowledged, and what is deleted is overwritten.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "secure_delete", "on")?;
        connection.pragma_update(None, "journal_size_limit", 0)?;
        Table::of(connection)
    }

    /// Of nothing but memory.
    pub(super) fn in_memory() -> Result<Self, OutboxError> {
        Table::of(Connection::open_in_memory()?)
    }

    fn of(mut connection: Connection) -> Result<Self, OutboxError> {
        let made = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match made.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => made.execute_batch(SCHEMA)?,
            VERSION => {}
            newer => return Err(OutboxError::Newer(newer)),
        }
        made.commit()?;
        Ok(Table(connection))
    }

    /// Adds entries; then, while there are more than `max`, drops the oldest of the lowest level. Answers whose that
    /// was.
    pub(super) fn add(
        &mut self,
        entries: &[Entry],
        now: Millis,
        max: usize,
    ) -> Result<Vec<String>, OutboxError> {
        let adding = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for entry in entries {
            match entry {
                Entry::Tell { webhook, notice } => insert(&adding, webhook, notice, now, now)?,
                Entry::Fold { webhook, level, at, due } => fold(&adding, webhook, *level, *at, *due, now)?,
            }
        }
        let count: i64 = adding.query_row("SELECT COUNT(*) FROM waiting", [], |row| row.get(0))?;
        let displaced = match count.saturating_sub(number(max)) {
            ..=0 => Vec::new(),
            too_many => adding
                .prepare(
                    "DELETE FROM waiting WHERE row IN (SELECT row FROM waiting ORDER BY level, row LIMIT ?1)
                     RETURNING webhook",
                )?
                .query_map([too_many], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
        };
        adding.commit()?;
        Ok(displaced)
    }

    /// The first row of a webhook that is due and not among `except`; and the rows before it that cannot be read.
    pub(super) fn next(
        &self,
        webhook: &str,
        now: Millis,
        except: &HashSet<i64>,
    ) -> Result<(Option<Row>, Vec<i64>), OutboxError> {
        // What is due later than anything is ever postponed was written by a clock that was wrong.
        let mut due = self.0.prepare(
            "SELECT row, level, tries, refusals, notice FROM waiting
             WHERE webhook = ?1 AND (next_try <= ?2 OR next_try > ?3) ORDER BY level DESC, tries, row LIMIT ?4",
        )?;
        let most = number(except.len() + SPARE);
        let mut rows = due.query(params![webhook, now, now + LONGEST_WAIT, most])?;
        let mut unreadable = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if except.contains(&id) {
                continue;
            }
            let (level, notice): (i64, String) = (row.get(1)?, row.get(4)?);
            let level = usize::try_from(level).ok().and_then(|level| Level::ALL.get(level)).copied();
            let (Some(level), Ok(notice)) = (level, serde_json::from_str(&notice)) else {
                unreadable.push(id);
                continue;
            };
            let (tries, refusals) = (row.get(2)?, row.get(3)?);
            let id = RowId { shelf: Shelf::Disk, row: id };
            return Ok((Some(Row { id, level, tries, refusals, notice }), unreadable));
        }
        Ok((None, unreadable))
    }

    /// When the first row of a webhook is due that is not among `except`.
    pub(super) fn soonest(
        &self,
        webhook: &str,
        except: &HashSet<i64>,
    ) -> Result<Option<Millis>, OutboxError> {
        let mut all =
            self.0.prepare("SELECT row, next_try FROM waiting WHERE webhook = ?1 ORDER BY next_try, row")?;
        let mut rows = all.query([webhook])?;
        while let Some(row) = rows.next()? {
            if !except.contains(&row.get(0)?) {
                return Ok(Some(row.get(1)?));
            }
        }
        Ok(None)
    }

    /// Deletes rows, in one commit.
    pub(super) fn remove(&mut self, rows: &[i64]) -> Result<(), OutboxError> {
        if rows.is_empty() {
            return Ok(());
        }
        let removing = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for row in rows {
            removing.prepare("DELETE FROM waiting WHERE row = ?1")?.execute([row])?;
        }
        removing.commit()?;
        Ok(())
    }

    /// Sets how often a row was tried, and when it is tried again.
    pub(super) fn postpone(
        &mut self,
        row: i64,
        tries: u32,
        refusals: u32,
        next_try: Millis,
    ) -> Result<(), OutboxError> {
        self.0
            .prepare("UPDATE waiting SET tries = ?2, refusals = ?3, next_try = ?4 WHERE row = ?1")?
            .execute(params![row, tries, refusals, next_try])?;
        Ok(())
    }

    /// Makes all rows of a webhook due that were tried before.
    pub(super) fn hurry(&mut self, webhook: &str, now: Millis) -> Result<(), OutboxError> {
        self.0
            .prepare("UPDATE waiting SET next_try = ?2 WHERE webhook = ?1 AND tries > 0 AND next_try > ?2")?
            .execute(params![webhook, now])?;
        Ok(())
    }

    /// Deletes the rows made before `made`. Answers whose they were.
    pub(super) fn expire(&mut self, made: Millis) -> Result<Vec<String>, OutboxError> {
        let mut expired = self.0.prepare("DELETE FROM waiting WHERE made < ?1 RETURNING webhook")?;
        Ok(expired.query_map([made], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Deletes the rows of all other webhooks. Answers whose they were.
    pub(super) fn keep_only(&mut self, webhooks: &[&str]) -> Result<Vec<String>, OutboxError> {
        let all = serde_json::to_string(webhooks).unwrap_or_else(|_| "[]".into());
        let mut others = self.0.prepare(
            "DELETE FROM waiting WHERE webhook NOT IN (SELECT value FROM json_each(?1)) RETURNING webhook",
        )?;
        Ok(others.query_map([all], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Copies all rows of `other` but those `held`, in one commit. Answers which.
    pub(super) fn take_over(&mut self, other: &Table, held: &HashSet<i64>) -> Result<Vec<i64>, OutboxError> {
        let mut all = other.0.prepare(
            "SELECT row, webhook, level, made, next_try, tries, refusals, is_fold, notice FROM waiting
             ORDER BY row",
        )?;
        let mut rows = all.query([])?;
        let taking = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut taken = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if held.contains(&id) {
                continue;
            }
            let (webhook, notice): (String, String) = (row.get(1)?, row.get(8)?);
            let cell = |column: usize| row.get::<_, i64>(column);
            taking
                .prepare(
                    "INSERT INTO waiting (webhook, level, made, next_try, tries, refusals, is_fold, notice)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    webhook,
                    cell(2)?,
                    cell(3)?,
                    cell(4)?,
                    cell(5)?,
                    cell(6)?,
                    cell(7)?,
                    notice
                ])?;
            taken.push(id);
        }
        taking.commit()?;
        Ok(taken)
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> Result<i64, OutboxError> {
        Ok(self.0.query_row("SELECT COUNT(*) FROM waiting", [], |row| row.get(0))?)
    }

    /// How many wait for whom, and since when, without those `except`.
    pub(super) fn waiting(&self, except: &HashSet<i64>) -> Result<Waiting, OutboxError> {
        let except = serde_json::to_string(except).unwrap_or_else(|_| "[]".into());
        let mut all = self.0.prepare(
            "SELECT webhook, COUNT(*), MIN(made) FROM waiting
             WHERE row NOT IN (SELECT value FROM json_each(?1)) GROUP BY webhook",
        )?;
        let mut waiting = Waiting::default();
        let mut rows = all.query([except])?;
        while let Some(row) = rows.next()? {
            let made: Millis = row.get(2)?;
            let count = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
            waiting.by_webhook.push((row.get(0)?, count));
            waiting.oldest = Some(waiting.oldest.map_or(made, |oldest| oldest.min(made)));
        }
        Ok(waiting)
    }

    /// Empties the log beside the database; if somebody reads it, the next time will do.
    pub(super) fn checkpoint(&self) {
        let _ = self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }

    /// A database that takes no more rows.
    #[cfg(test)]
    pub(super) fn refuse_all(&self) {
        self.0
            .execute_batch(
                "CREATE TRIGGER refuse BEFORE INSERT ON waiting BEGIN SELECT RAISE(ABORT, 'refused'); END",
            )
            .unwrap();
    }

    /// A database whose notices are no JSON.
    #[cfg(test)]
    pub(super) fn spoil(&self) {
        self.0.execute("UPDATE waiting SET notice = 'spoilt'", []).unwrap();
    }

    /// A database that can grow by no more than `pages` pages: a disk that is full after them.
    #[cfg(test)]
    pub(super) fn fill_after(&self, pages: i64) {
        let now: i64 = self.0.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        self.0.query_row(&format!("PRAGMA max_page_count = {}", now + pages), [], |_| Ok(())).unwrap();
    }
}

/// Where the notice is a summary, it is told at `due`; else `due` is now.
fn insert(
    adding: &Transaction<'_>,
    webhook: &str,
    notice: &Notice,
    now: Millis,
    due: Millis,
) -> Result<(), OutboxError> {
    adding
        .prepare(
            "INSERT INTO waiting (webhook, level, made, next_try, is_fold, notice) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            webhook,
            number(notice.level().index()),
            now,
            due,
            matches!(notice, Notice::Summary(_)),
            json(notice)?
        ])?;
    Ok(())
}

/// Adds a message to the summary that is not due yet, or begins one.
fn fold(
    adding: &Transaction<'_>,
    webhook: &str,
    level: Level,
    at: Millis,
    due: Millis,
    now: Millis,
) -> Result<(), OutboxError> {
    let open: Option<(i64, String)> = adding
        .prepare(
            "SELECT row, notice FROM waiting WHERE webhook = ?1 AND is_fold = 1 AND tries = 0 AND next_try > ?2",
        )?
        .query_row(params![webhook, now], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let readable = open.and_then(|(row, notice)| match serde_json::from_str(&notice) {
        Ok(Notice::Summary(summary)) => Some((row, summary)),
        _ => None,
    });
    let Some((row, mut summary)) = readable else {
        let mut summary = Summary::new(webhook, at);
        summary.add(level, at);
        return insert(adding, webhook, &Notice::Summary(summary), now, due);
    };
    summary.add(level, at);
    let notice = Notice::Summary(summary);
    adding.prepare("UPDATE waiting SET level = ?2, notice = ?3 WHERE row = ?1")?.execute(params![
        row,
        number(notice.level().index()),
        json(&notice)?
    ])?;
    Ok(())
}

/// As the database has numbers.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn json(notice: &Notice) -> Result<String, OutboxError> {
    serde_json::to_string(notice).map_err(|error| OutboxError::File(error.into()))
}

/// Makes the file, for its owner alone; the database gives the files beside it the same rights.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
