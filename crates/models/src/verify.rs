//! Is a model what it was when it came, and does it work?

use std::fs;
use std::time::Instant;

use ash_encoder::Precision;
use serde::Serialize;

use crate::digest::Digests;
use crate::error::ModelError;
use crate::record::{RECORD_FILE, Record, now};
use crate::run::Runner;
use crate::sentences::MESSAGES;
use crate::store::{Entry, FILES};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The model.
    pub name: String,
    /// Nothing is wrong.
    pub ok: bool,
    /// Files whose content was compared with the record; 0 without a record.
    pub files_compared: usize,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// Time to load it, in milliseconds, if it loads.
    pub load_ms: Option<f64>,
    /// Time of one message (with all hypotheses, if it takes them), in milliseconds, if it runs.
    pub run_ms: Option<f64>,
}

/// Reads every recorded file again, loads the model, and asks it something. If all is well and there
/// is a record, the record says so from now on.
pub fn verify(entry: &Entry, precision: Precision, threads: usize) -> Verdict {
    let record = Record::read(&entry.folder);
    let mut problems: Vec<String> = record
        .iter()
        .flat_map(|r| &r.files)
        .filter_map(|file| differs(entry, &file.name, file.size, &file.sha256))
        .collect();
    let missing = FILES.into_iter().filter(|file| !entry.folder.join(file).is_file());
    problems.extend(
        missing
            .filter(|file| record.as_ref().is_none_or(|r| r.file(file).is_none()))
            .map(|file| format!("{file} is missing")),
    );
    let (mut load_ms, mut run_ms) = (None, None);
    match run(entry, precision, threads) {
        Ok((load, run)) => (load_ms, run_ms) = (Some(load), Some(run)),
        // A file that is gone was named already.
        Err(_) if !problems.is_empty() => {}
        Err(error) => problems.push(error.to_string()),
    }
    let ok = problems.is_empty();
    let files_compared = record.as_ref().map_or(0, |r| r.files.len());
    if let Some(mut record) = record.filter(|_| ok) {
        record.verified_at = Some(now());
        // A store that may only be read is as good; then the date stays unknown.
        let _ = record.write(&entry.folder);
    }
    Verdict { name: entry.name.clone(), ok, files_compared, problems, load_ms, run_ms }
}

fn differs(entry: &Entry, name: &str, size: u64, sha256: &str) -> Option<String> {
    let path = entry.folder.join(name);
    match fs::metadata(&path) {
        Err(_) => Some(format!("{name} is missing; pull it again")),
        Ok(found) if found.len() != size => {
            Some(format!("{name} has {} bytes, {RECORD_FILE} says {size}; pull it again", found.len()))
        }
        Ok(_) => match Digests::of(&path) {
            Err(error) => Some(format!("{name} cannot be read: {error}")),
            Ok(digests) if digests.sha256 != sha256 => {
                Some(format!("{name} has changed: its SHA-256 is not that in {RECORD_FILE}; pull it again"))
            }
            Ok(_) => None,
        },
    }
}

fn run(entry: &Entry, precision: Precision, threads: usize) -> Result<(f64, f64), ModelError> {
    let start = Instant::now();
    let runner = Runner::load(&entry.files(), precision, threads)?;
    let loaded = start.elapsed();
    let start = Instant::now();
    runner.answers(&MESSAGES[..1])?;
    Ok((ms(loaded), ms(start.elapsed())))
}

/// In milliseconds, to the microsecond.
pub(crate) fn ms(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
