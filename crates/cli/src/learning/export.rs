//! `ash-nlp learning export`: the records, one JSON object a line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

use anstream::eprintln;
use anyhow::{Context, Result, bail};
use ash_learning::{Record, SqliteStore, Store, export_line};

use crate::outcome::Outcome;
use crate::terminal::{FAINT, styled};

/// Writes all records of the database, or those `with_text`, to `out` or standard output.
pub(super) fn run(path: &Path, out: Option<&Path>, with_text: bool) -> Result<Outcome> {
    let store = super::open(path)?;
    let (written, without) = match out {
        None => write(&store, io::stdout().lock(), with_text)?,
        Some(out) => {
            let file = create(out, path).with_context(|| format!("cannot write {}", out.display()))?;
            write(&store, file, with_text).with_context(|| format!("cannot write {}", out.display()))?
        }
    };
    let to = out.map(|out| format!(" to {}", out.display())).unwrap_or_default();
    eprintln!("{}", styled(FAINT, format!("{written} records written{to}")));
    if without > 0 {
        let told = format!(
            "{without} more were kept without their text and left out; the service keeps it with learning.keep_text"
        );
        eprintln!("{}", styled(FAINT, told));
    }
    Ok(Outcome::Done)
}

/// How many were written, and how many left out because they have no text.
fn write(store: &SqliteStore, to: impl Write, with_text: bool) -> Result<(u64, u64)> {
    let mut to = BufWriter::new(to);
    let (mut written, mut without, mut failed) = (0, 0, None);
    store.for_each(&mut |record: Record| {
        if with_text && record.text.is_none() {
            without += 1;
            return ControlFlow::Continue(());
        }
        match writeln!(to, "{}", export_line(&record, with_text)) {
            Ok(()) => {
                written += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    to.flush()?;
    Ok((written, without))
}

/// For its owner alone: there may be messages in it.
fn create(out: &Path, database: &Path) -> Result<File> {
    let same = |path: &Path| path.canonicalize().ok();
    if same(out).is_some_and(|out| Some(out) == same(database)) {
        bail!("it is the database itself");
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(out)?)
}
