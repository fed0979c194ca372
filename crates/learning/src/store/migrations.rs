//! The schema, one step a version: `PRAGMA user_version` says how many were taken. A step that was released is never
//! changed; the next one is added.

use rusqlite::{Connection, TransactionBehavior};

/// Marks a file as ours: `AshL`.
const APPLICATION: i64 = 0x4173_684C;

/// The steps. The first makes version 1.
const STEPS: [&str; 1] = ["
    CREATE TABLE record (
        arrival   INTEGER PRIMARY KEY,
        id        TEXT NOT NULL UNIQUE,
        kind      TEXT NOT NULL CHECK (kind IN ('false_positive', 'false_negative')),
        given     TEXT NOT NULL,
        correct   TEXT NOT NULL,
        score     REAL,
        text_hash TEXT NOT NULL,
        text      TEXT,
        context   TEXT NOT NULL,
        at        INTEGER NOT NULL
    ) STRICT;
"];

/// The version that this program makes and knows.
#[expect(clippy::cast_possible_wrap, reason = "a handful")]
pub(super) const LATEST: i64 = STEPS.len() as i64;

/// Whether the database is ours, or empty and so may become it.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    Ok(match number("PRAGMA application_id")? {
        0 => number("PRAGMA user_version")? == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0,
        application => application == APPLICATION,
    })
}

/// Takes the steps that are missing, all or none. `Err` of the version if it is a later one than is known.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    let version = |c: &Connection| c.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let found = version(connection)?;
    if found > LATEST {
        return Ok(Err(found));
    }
    if found == LATEST {
        return Ok(Ok(()));
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Somebody else may have been quicker.
    let found = usize::try_from(version(&transaction)?).unwrap_or_default();
    for step in STEPS.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", LATEST)?;
    transaction.commit()?;
    Ok(Ok(()))
}
