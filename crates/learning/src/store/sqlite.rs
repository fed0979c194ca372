//! Reports in a SQLite file.

use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ash_analysis::Level;
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::migrations::{LATEST, is_ours, migrate};
use super::{Added, Store, StoreError, Tally};
use crate::feedback::Kind;
use crate::moment::Moment;
use crate::record::Record;

/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

const COLUMNS: &str = "id, kind, given, correct, score, text_hash, text, context, at";

/// Reports in a SQLite file: write-ahead log, every record synced to the disk before it is acknowledged.
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens a file, or makes it, readable by its owner alone; `:memory:` keeps nothing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let is_memory = path == Path::new(":memory:");
        if !is_memory {
            claim(path).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        }
        Self::connect(path)
    }

    /// Opens a file, and makes none if there is none: for whoever only wants to look.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        path.metadata().map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        Self::connect(path)
    }

    fn connect(path: &Path) -> Result<Self, StoreError> {
        let told = |error| told(&error, path);
        let mut connection = Connection::open(path).map_err(told)?;
        connection.busy_timeout(PATIENCE).map_err(told)?;
        // First of all: of a file that is not ours nothing is changed.
        if !is_ours(&connection).map_err(told)? {
            return Err(StoreError::Corrupt { path: path.to_owned() });
        }
        // What is deleted is overwritten; what is acknowledged is on the disk.
        let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";
        connection.execute_batch(pragmas).map_err(told)?;
        match migrate(&mut connection).map_err(told)? {
            Ok(()) => Ok(SqliteStore { connection, path: path.to_owned() }),
            Err(found) => Err(StoreError::TooNew { path: path.to_owned(), found, known: LATEST }),
        }
    }

    fn told(&self, error: &rusqlite::Error) -> StoreError {
        told(error, &self.path)
    }

    fn of_id(&self, id: &str) -> rusqlite::Result<Option<Record>> {
        let query = format!("SELECT {COLUMNS} FROM record WHERE id = ?1");
        self.connection.query_row(&query, [id], read).optional()
    }
}

impl Store for SqliteStore {
    fn add(&mut self, record: &Record) -> Result<Added, StoreError> {
        let context = serde_json::to_string(&record.context).map_err(|e| StoreError::Other(e.to_string()))?;
        let statement = format!(
            "INSERT INTO record ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING"
        );
        let values = params![
            record.id.as_str(),
            record.kind.as_str(),
            record.given.as_str(),
            record.correct.as_str(),
            record.score,
            record.text_hash,
            record.text,
            context,
            record.at.0,
        ];
        let changed = self.connection.execute(&statement, values).map_err(|e| self.told(&e))?;
        if changed == 1 {
            return Ok(Added::New);
        }
        let known = self.of_id(record.id.as_str()).map_err(|e| self.told(&e))?;
        known.map(Added::Known).ok_or_else(|| StoreError::Other("a record vanished".to_owned()))
    }

    fn for_each(&self, visit: &mut dyn FnMut(Record) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut all = || -> rusqlite::Result<()> {
            let query = format!("SELECT {COLUMNS} FROM record ORDER BY arrival");
            let mut statement = self.connection.prepare(&query)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if visit(read(row)?).is_break() {
                    break;
                }
            }
            Ok(())
        };
        all().map_err(|e| self.told(&e))
    }

    fn tally(&self) -> Result<Tally, StoreError> {
        let query = "SELECT count(*), count(*) FILTER (WHERE kind = 'false_positive'), max(at) FROM record";
        let row = self.connection.query_row(query, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
        });
        let (total, false_positives, last) = row.map_err(|e| self.told(&e))?;
        let (total, false_positives) = (total.unsigned_abs(), false_positives.unsigned_abs());
        let false_negatives = total.saturating_sub(false_positives);
        Ok(Tally { total, false_positives, false_negatives, last: last.map(Moment) })
    }

    fn reset(&mut self) -> Result<u64, StoreError> {
        let removed = self.connection.execute("DELETE FROM record", []).map_err(|e| self.told(&e))?;
        // The write-ahead log remembers what was deleted until it is folded back.
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.query_row(fold, [], |_| Ok(())).map_err(|e| self.told(&e))?;
        Ok(removed as u64)
    }

    fn version(&self) -> Result<i64, StoreError> {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(|e| self.told(&e))
    }
}

/// Makes the file, if there is none, so that nobody else may read it: SQLite gives its companions the same rights.
fn claim(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Record> {
    fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        let text: String = row.get(column)?;
        text.parse().map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
    }
    let kind: String = row.get(1)?;
    let context: String = row.get(7)?;
    Ok(Record {
        id: parsed(row, 0)?,
        kind: if kind == Kind::FalsePositive.as_str() { Kind::FalsePositive } else { Kind::FalseNegative },
        given: parsed::<Level>(row, 2)?,
        correct: parsed::<Level>(row, 3)?,
        score: row.get(4)?,
        text_hash: row.get(5)?,
        text: row.get(6)?,
        context: serde_json::from_str(&context)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(7, Type::Text, Box::new(e)))?,
        at: Moment(row.get(8)?),
    })
}

/// The database's reason in a sentence that says what helps.
fn told(error: &rusqlite::Error, path: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => StoreError::ReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { path: path.to_owned() }
        }
        // Its kind only: a conversion may quote a value.
        Some(code) => StoreError::Other(format!("{code:?}")),
        None => StoreError::Corrupt { path: path.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use ash_analysis::MessageText;

    use super::*;
    use crate::feedback::Feedback;
    use crate::secret::Secret;

    const TEXT: &str = "nobody else may read this";

    fn record(id: usize) -> Record {
        let text = MessageText::parse(&TEXT.repeat(50)).unwrap();
        let feedback = Feedback::new(Kind::FalseNegative, Level::None, Level::High, text).unwrap();
        let id = format!("r{id}").parse().unwrap();
        Record { id, ..Record::of(&feedback, &Secret::random().unwrap(), true, Moment(0)) }
    }

    fn stored(store: &SqliteStore) -> Vec<String> {
        let mut ids = Vec::new();
        let read = store.for_each(&mut |record| {
            ids.push(record.id.to_string());
            ControlFlow::Continue(())
        });
        read.unwrap();
        ids
    }

    /// Hindered by one pragma the store refuses and keeps what it had; freed by the other it works again.
    fn refuses_and_recovers(hinder: &str, free: &str) -> StoreError {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("l.db")).unwrap();
        assert!(store.add(&record(0)).unwrap() == Added::New);
        // Some of them answer with a row, some do not.
        store.connection.query_row(hinder, [], |_| Ok(())).optional().unwrap();
        let mut acknowledged = vec!["r0".to_owned()];
        let refused = (1..1000).find_map(|id| match store.add(&record(id)) {
            Ok(_) => {
                acknowledged.push(format!("r{id}"));
                None
            }
            Err(error) => Some(error),
        });
        let refused = refused.unwrap();
        assert!(!format!("{refused} {refused:?}").contains("nobody"), "{refused}");
        assert_eq!(stored(&store), acknowledged);

        store.connection.query_row(free, [], |_| Ok(())).optional().unwrap();
        assert!(store.add(&record(1000)).unwrap() == Added::New);
        acknowledged.push("r1000".to_owned());
        assert_eq!(stored(&store), acknowledged);
        refused
    }

    #[test]
    fn a_full_disk_is_told_and_loses_nothing() {
        let error = refuses_and_recovers("PRAGMA max_page_count = 20", "PRAGMA max_page_count = 2000");
        assert!(matches!(error, StoreError::Full) && error.is_passing(), "{error}");
        assert!(error.to_string().contains("free some space"), "{error}");
    }

    #[test]
    fn a_database_that_may_only_be_read_is_told_and_loses_nothing() {
        let error = refuses_and_recovers("PRAGMA query_only = 1", "PRAGMA query_only = 0");
        assert!(matches!(error, StoreError::ReadOnly), "{error}");
    }

    #[test]
    fn what_is_acknowledged_is_synced_and_what_is_deleted_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("l.db")).unwrap();
        let number =
            |name: &str| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
        let journal =
            store.connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        assert_eq!(journal.unwrap(), "wal");
        assert_eq!((number("synchronous"), number("secure_delete"), number("busy_timeout")), (2, 1, 1000));
    }
}
