//! The history as a file: one entry a line, only ever added to.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::entry::Entry;

/// What a file of entries holds.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Oldest first, as they stand.
    pub(crate) entries: Vec<Entry>,
    /// Lines that are none.
    pub(crate) broken: Vec<Broken>,
}

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Broken {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// Opens it to add to, and makes it if there is none; its folder must be there.
pub(crate) fn open(path: &Path) -> Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path).map_err(|error| {
        let hint = "; run this where the project lies, or name another file by --history";
        let told = format!("cannot add to the history {}{}", path.display(), if_missing(&error, hint));
        anyhow::Error::new(error).context(told)
    })
}

/// Adds one line in one write to a file that was opened by [`open`]: whoever else adds at the same moment, no line is torn.
pub(crate) fn append(file: &mut File, entry: &Entry) -> Result<()> {
    let mut line = String::new();
    // Somebody's editor may have left the last line without an end.
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.push('\n');
        }
    }
    line.push_str(&serde_json::to_string(entry)?);
    line.push('\n');
    file.write_all(line.as_bytes()).context("cannot add to the history")
}

/// Reads it; lines that are no entries are told, not fatal.
pub(crate) fn read(path: &Path) -> Result<History> {
    let text = fs::read(path).map_err(|error| {
        let hint = "; any `ash-nlp bench` with --record begins one";
        let told = format!("cannot read the history {}{}", path.display(), if_missing(&error, hint));
        anyhow::Error::new(error).context(told)
    })?;
    let mut history = History::default();
    for (n, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match parse(line) {
            Ok(entry) => history.entries.push(entry),
            Err(why) => history.broken.push(Broken { line: n + 1, why }),
        }
    }
    Ok(history)
}

/// A hint for who has no such file yet; it would mislead whoever named a folder.
fn if_missing<'a>(error: &std::io::Error, hint: &'a str) -> &'a str {
    if error.kind() == ErrorKind::NotFound { hint } else { "" }
}

fn parse(line: &[u8]) -> Result<Entry, String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("no entry: {error}"),
        _ => "not JSON".to_owned(),
    })?;
    if !(entry.baseline_ms.is_finite() && entry.baseline_ms > 0.0) {
        return Err("no entry: baseline_ms must be above 0".to_owned());
    }
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::trend::tests::entry;
    use super::*;

    #[test]
    fn what_was_added_is_read_and_broken_lines_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.jsonl");
        fs::write(&path, "{\"date\":1}\n\nnonsense\n{\"half\":").expect("written");
        append(&mut open(&path).expect("opened"), &entry("validate", 1.0, 2.0)).expect("added");
        let history = read(&path).expect("read");
        assert_eq!(history.entries, [entry("validate", 1.0, 2.0)]);
        let lines: Vec<usize> = history.broken.iter().map(|b| b.line).collect();
        assert_eq!(lines, [1, 3, 4], "{:?}", history.broken);
        assert!(history.broken[0].why.contains("no entry") && history.broken[1].why == "not JSON");
        let mut none = entry("validate", 1.0, 2.0);
        none.baseline_ms = 0.0;
        append(&mut open(&path).expect("opened"), &none).expect("added");
        assert_eq!(read(&path).expect("read").broken.len(), 4);
    }

    #[test]
    fn lines_that_are_added_at_once_are_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.jsonl");
        thread::scope(|scope| {
            for n in 0..4 {
                let path = &path;
                scope.spawn(move || {
                    for i in 0..100 {
                        let mut one = entry("load", f64::from(n), f64::from(i) + 1.0);
                        one.label = Some("x".repeat(2000));
                        append(&mut open(path).expect("opened"), &one).expect("added");
                    }
                });
            }
        });
        let history = read(&path).expect("read");
        assert_eq!((history.entries.len(), history.broken.len()), (400, 0));
    }

    #[test]
    fn a_history_that_cannot_be_is_told_with_a_hint() {
        let missing = Path::new("no/such/history.jsonl");
        assert!(format!("{:#}", open(missing).expect_err("no folder")).contains("--history"));
        assert!(format!("{:#}", read(missing).expect_err("no file")).contains("--record"));
        let folder = tempfile::tempdir().expect("a folder");
        let told = |error: &anyhow::Error| format!("{error:#}");
        assert!(!told(&open(folder.path()).expect_err("a folder")).contains("--history"));
        assert!(!told(&read(folder.path()).expect_err("a folder")).contains("--record"));
    }
}
