//! A model from the hub, the hub's cache or a directory → a folder of the store, all of it or nothing.
//!
//! Files are gathered in a folder beside (`.pull-…`, kept when something breaks, so that the next
//! try goes on there); then one rename puts the model in its place. A folder of the store never
//! holds the config of one revision and the weights of another.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ash_encoder::{Config, Files};

use crate::digest::is_checksum;
use crate::download::{Watch, checked, fetch};
use crate::error::PullError;
use crate::hub::Hub;
use crate::name::{ModelName, Wanted, is_commit};
use crate::record::{FileRecord, Record};
use crate::store::{FILES, Store};

/// What a pull did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The model's folder.
    pub folder: PathBuf,
    /// Its record.
    pub record: Record,
    /// Was it there already, in this revision?
    pub was_there: bool,
    /// Files that the hub gave no checksum for.
    pub unchecked: Vec<String>,
}

impl Pulled {
    fn new(folder: PathBuf, record: Record, was_there: bool) -> Self {
        let known = |file: &FileRecord| file.etag.as_deref().is_some_and(is_checksum);
        let unchecked = record.files.iter().filter(|f| record.revision.is_some() && !known(f));
        let unchecked = unchecked.map(|f| f.name.clone()).collect();
        Pulled { folder, record, was_there, unchecked }
    }
}

/// Pulls a repository.
pub fn pull(store: &Store, hub: &Hub, wanted: &Wanted, watch: &dyn Watch) -> Result<Pulled, PullError> {
    let folder = store.folder(&wanted.name);
    let there = Record::read(&folder).filter(|record| record.sizes_agree(&folder));
    let fixed = wanted.revision.as_deref().filter(|r| is_commit(r));
    let same = |record: &Record, commit: &str| {
        record.quantised_from.is_none() && record.revision.as_deref() == Some(commit)
    };
    if let Some(record) = &there
        && (fixed.is_some_and(|commit| same(record, commit)) || hub.is_offline() && fixed.is_none())
    {
        return Ok(Pulled::new(folder, record.clone(), true));
    }
    let commit = if hub.is_offline() {
        hub.cached_commit(wanted).ok_or_else(|| PullError::Offline { what: wanted.to_string() })?
    } else {
        let info = hub.info(wanted)?;
        if let Some(record) = there.filter(|record| same(record, &info.sha)) {
            return Ok(Pulled::new(folder, record, true));
        }
        let names: Vec<&str> = info.siblings.iter().map(|s| s.rfilename.as_str()).collect();
        complete(wanted, &names)?;
        info.sha
    };
    let staging = Staging::open(store, &wanted.name, &commit)?;
    let mut record = staging.record(wanted.name.to_string(), Some(commit.clone()));
    for file in FILES {
        if record.file(file).is_none() {
            let gathered = gather(hub, wanted, &commit, file, &staging.folder, watch)?;
            record.files.push(gathered);
            record.write(&staging.folder).map_err(|e| PullError::write(&staging.folder, e))?;
        }
        if file == "config.json" {
            // Before the large file: a model that cannot run needs no download.
            usable(&staging.folder, &wanted.to_string())?;
        }
    }
    let record = staging.install(record, &folder)?;
    Ok(Pulled::new(folder, record, false))
}

/// Takes a model over from a directory, as `name`: copies its files, or links to them.
pub fn pull_directory(
    store: &Store,
    from: &Path,
    name: &ModelName,
    link: bool,
    watch: &dyn Watch,
) -> Result<Pulled, PullError> {
    let unreadable = |why: String| PullError::Read { file: from.to_owned(), why };
    let from = from.canonicalize().map_err(|e| unreadable(e.to_string()))?;
    let names: Vec<String> = fs::read_dir(&from)
        .map_err(|e| unreadable(e.to_string()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let what = from.display().to_string();
    let wanted = |file: &str| names.iter().any(|n| n == file);
    if let Some(missing) = FILES.into_iter().find(|file| !wanted(file)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        return Err(PullError::NoFile { what, missing: missing.to_owned(), found: instead(missing, &names) });
    }
    usable(&from, &what)?;
    let folder = store.folder(name);
    let staging = Staging::open(store, name, "directory")?;
    let mut record = staging.record(what, None);
    record.files.clear();
    for file in FILES {
        let to = staging.folder.join(file);
        if link {
            let _ = fs::remove_file(&to); // of an earlier try
            symlink(&from.join(file), &to).map_err(|e| PullError::write(&to, e))?;
        } else {
            copy(&from.join(file), &to, file, watch)?;
        }
        record.files.push(checked(&to, file, None)?);
    }
    let record = staging.install(record, &folder)?;
    Ok(Pulled::new(folder, record, false))
}

/// One file from the hub's cache if it is whole there, else from the hub.
fn gather(
    hub: &Hub,
    wanted: &Wanted,
    commit: &str,
    file: &str,
    staging: &Path,
    watch: &dyn Watch,
) -> Result<FileRecord, PullError> {
    if let Some((path, etag)) = hub.cached(&wanted.name, commit, file) {
        let to = staging.join(file);
        copy(&path, &to, file, watch)?;
        match checked(&to, file, Some(etag)) {
            Err(PullError::Checksum { .. }) if !hub.is_offline() => {} // the cache is broken, the hub is not
            done => return done,
        }
    }
    if hub.is_offline() {
        return Err(PullError::Offline { what: format!("{file} of {wanted}") });
    }
    fetch(hub, wanted, commit, file, staging, watch)
}

/// Does the repository have what a model needs?
fn complete(wanted: &Wanted, names: &[&str]) -> Result<(), PullError> {
    let missing = FILES.into_iter().find(|file| !names.contains(file));
    missing.map_or(Ok(()), |missing| {
        let found = instead(missing, names);
        Err(PullError::NoFile { what: wanted.to_string(), missing: missing.to_owned(), found })
    })
}

/// What is there instead of a missing file, and what to do about it.
fn instead(missing: &str, names: &[&str]) -> String {
    let has = |name: &str| names.contains(&name);
    let found = match missing {
        "model.safetensors" if has("model.safetensors.index.json") => {
            "; its weights are in several pieces: save the model in one file with transformers \
             (save_pretrained with a larger max_shard_size) and pull that directory"
        }
        "model.safetensors" if has("pytorch_model.bin") => {
            "; it has only pytorch_model.bin, a Python pickle, which is not read because it may run code: look for a \
             revision with model.safetensors (often REPO@refs/pr/1), or load and save it with transformers \
             (save_pretrained) and pull that directory"
        }
        "tokenizer.json" if has("spm.model") || has("vocab.txt") || has("sentencepiece.bpe.model") => {
            "; it has only the slow tokenizer's file: load and save it with transformers \
             (AutoTokenizer, save_pretrained) and pull that directory"
        }
        _ => "",
    };
    found.to_owned()
}

/// Can this version run a model of this config?
fn usable(folder: &Path, what: &str) -> Result<(), PullError> {
    let unusable = |source| PullError::Unusable { what: what.to_owned(), source };
    Config::read(&Files::directory(folder)).map(|_| ()).map_err(unusable)
}

/// The folder in which a pull gathers, held by one process at a time.
struct Staging {
    folder: PathBuf,
    store: PathBuf,
    _lock: File,
}

/// Locked while a process gathers.
const LOCK_FILE: &str = ".lock";

impl Staging {
    fn open(store: &Store, name: &ModelName, commit: &str) -> Result<Self, PullError> {
        let short = &commit[..commit.len().min(12)];
        let folder = store.directory().join(format!(".pull-{}-{short}", name.folder()));
        fs::create_dir_all(&folder).map_err(|e| PullError::write(&folder, e))?;
        let path = folder.join(LOCK_FILE);
        let lock = File::create(&path).map_err(|e| PullError::write(&path, e))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(PullError::Busy { what: name.to_string() }),
            // On a file system without locks nothing is held, and the checksums must do.
            Ok(()) | Err(TryLockError::Error(_)) => {
                Ok(Staging { folder, store: store.directory().to_owned(), _lock: lock })
            }
        }
    }

    /// The record of what an earlier try of the same revision has gathered, or an empty one.
    fn record(&self, source: String, revision: Option<String>) -> Record {
        let new = Record::new(source, revision);
        match Record::read(&self.folder) {
            Some(earlier) if earlier.revision == new.revision && earlier.sizes_agree(&self.folder) => {
                Record { files: earlier.files, ..new }
            }
            _ => new,
        }
    }

    /// Puts the gathered files in their place.
    fn install(self, mut record: Record, folder: &Path) -> Result<Record, PullError> {
        let failed = |e| PullError::write(folder, e);
        if fs::symlink_metadata(folder).is_ok() && Record::read(folder).is_none() {
            return Err(PullError::NotOurs { folder: folder.to_owned() });
        }
        let unusable = |source| PullError::Unusable { what: record.source.clone(), source };
        record.precision = crate::store::precision(&self.folder).map_err(unusable)?;
        record.write(&self.folder).map_err(failed)?;
        let _ = fs::remove_file(self.folder.join(LOCK_FILE)); // there is nothing more to hold
        let old = self.store.join(format!(".old-{}", std::process::id()));
        let replaced = fs::rename(folder, &old).is_ok();
        if let Err(error) = fs::rename(&self.folder, folder) {
            if replaced {
                let _ = fs::rename(&old, folder); // back to what was
            }
            return Err(failed(error));
        }
        if replaced {
            let _ = fs::remove_dir_all(&old);
        }
        Ok(record)
    }
}

fn copy(from: &Path, to: &Path, name: &str, watch: &dyn Watch) -> Result<(), PullError> {
    let unreadable = |e: io::Error| PullError::Read { file: from.to_owned(), why: e.to_string() };
    let mut source = File::open(from).map_err(unreadable)?;
    let size = source.metadata().map_err(unreadable)?.len();
    let mut target = File::create(to).map_err(|e| PullError::write(to, e))?;
    watch.file(name, 0, Some(size));
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = source.read(&mut buffer).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        target.write_all(&buffer[..n]).map_err(|e| PullError::write(to, e))?;
        watch.advance(n as u64);
    }
    target.sync_all().map_err(|e| PullError::write(to, e))?;
    watch.finished();
    Ok(())
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(windows)]
fn symlink(from: &Path, to: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(from, to)
}
