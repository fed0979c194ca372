//! One file of the hub → one file on disk: continued where it broke off, checked, then named.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::digest::Digests;
use crate::error::PullError;
use crate::hub::Hub;
use crate::name::Wanted;
use crate::record::FileRecord;
use crate::wire::{Answer, Failure};

/// Who wants to see how a transfer goes on.
pub trait Watch {
    /// A file begins; `done` of its `total` bytes are here already.
    fn file(&self, name: &str, done: u64, total: Option<u64>);
    /// So many bytes more.
    fn advance(&self, bytes: u64);
    /// The file is whole and checked.
    fn finished(&self);
}

/// Tries without a byte of progress before giving up; the pauses between them double.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Fetches `file` of a commit into `folder`. What is left of an earlier try (`file.part`) is continued.
pub(crate) fn fetch(
    hub: &Hub,
    wanted: &Wanted,
    commit: &str,
    file: &str,
    folder: &Path,
    watch: &dyn Watch,
) -> Result<FileRecord, PullError> {
    let part = folder.join(format!("{file}.part"));
    let mut failed = 0;
    let etag = loop {
        let have = fs::metadata(&part).map_or(0, |m| m.len());
        let (size, why) = match hub.open(&wanted.name, commit, file, have) {
            Ok(answer) => {
                let (etag, size) = (answer.etag.clone(), answer.size);
                match receive(answer, &part, file, watch)? {
                    Received::All => break etag,
                    Received::Broken(why) => (size, why),
                }
            }
            // What is here is as long as the file, or longer: fetch it anew; the checksum could not
            // be asked for otherwise.
            Err(Failure::Status { status: 416, .. }) if have > 0 => {
                fs::remove_file(&part).map_err(|e| PullError::write(&part, e))?;
                continue;
            }
            Err(failure) if failure.may_pass() && (have > 0 || matches!(failure, Failure::Status { .. })) => {
                let why = hub.refusal(failure, wanted, file).to_string();
                (None, why)
            }
            Err(failure) => return Err(hub.refusal(failure, wanted, file)),
        };
        let now = fs::metadata(&part).map_or(0, |m| m.len());
        failed = if now > have { 1 } else { failed + 1 };
        if failed >= ATTEMPTS {
            let of = size.map_or_else(|| "an unknown number of".to_owned(), |s| s.to_string());
            return Err(PullError::Interrupted {
                file: file.to_owned(),
                have: now,
                of,
                attempts: failed,
                why,
            });
        }
        sleep(FIRST_PAUSE * 2_u32.pow(failed - 1));
    };
    let record = checked(&part, file, etag)?;
    fs::rename(&part, folder.join(file)).map_err(|e| PullError::write(folder.join(file), e))?;
    watch.finished();
    Ok(record)
}

enum Received {
    All,
    Broken(String),
}

/// Writes the body behind what is there; from the start, if the server sends it from the start.
fn receive(answer: Answer, part: &Path, file: &str, watch: &dyn Watch) -> Result<Received, PullError> {
    let failed = |e| PullError::write(part, e);
    let out = OpenOptions::new().create(true).append(true).open(part).map_err(failed)?;
    let mut out = at(out, answer.start).map_err(failed)?;
    let (mut have, size) = (answer.start, answer.size);
    watch.file(file, have, size);
    let mut body = answer.into_body();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = match body.read(&mut buffer) {
            Ok(n) => n,
            Err(error) => return Ok(Received::Broken(error.to_string())),
        };
        if n == 0 {
            break;
        }
        out.write_all(&buffer[..n]).map_err(failed)?;
        have += n as u64;
        watch.advance(n as u64);
    }
    if size.is_some_and(|size| have < size) {
        return Ok(Received::Broken("the server closed the connection".to_owned()));
    }
    // A device that is no file cannot be synced, and needs not to be.
    out.sync_all().or_else(|e| if e.raw_os_error() == Some(22) { Ok(()) } else { Err(failed(e)) })?;
    Ok(Received::All)
}

/// The file, cut to `start` bytes; appending goes on there.
fn at(file: File, start: u64) -> std::io::Result<File> {
    if file.metadata()?.len() > start {
        file.set_len(start)?;
    }
    Ok(file)
}

/// The record of a whole file, if it is what the hub's `ETag` names. Thrown away if not. Without an
/// `ETag` that is a checksum (some mirrors have none) the size and the loader must do.
pub(crate) fn checked(path: &Path, name: &str, etag: Option<String>) -> Result<FileRecord, PullError> {
    let read = |e: std::io::Error| PullError::Read { file: path.to_owned(), why: e.to_string() };
    let digests = Digests::of(path).map_err(read)?;
    if let Some(expected) = etag.as_deref().filter(|etag| digests.agrees(etag) == Some(false)) {
        let _ = fs::remove_file(path); // if it cannot be removed, the next try continues and fails again
        let found = if expected.len() == 40 { digests.git_sha1 } else { digests.sha256 };
        return Err(PullError::Checksum { file: name.to_owned(), expected: expected.to_owned(), found });
    }
    Ok(FileRecord { name: name.to_owned(), size: digests.size, sha256: digests.sha256, etag })
}
