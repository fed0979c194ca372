//! `ash-model.json`: what lies in a model's folder, where it came from, and what was checked.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Name of the record in a model's folder.
pub const RECORD_FILE: &str = "ash-model.json";

/// The format number that the file carries.
const FORMAT: u32 = 1;

/// What is known of a model in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(crate) format: u32,
    /// The repository, or the directory that it was taken from.
    pub source: String,
    /// The commit of the repository; none for a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How the weights are stored: `f32`, `f16`, `bf16`, `int8`, or `int8+f32` if layers are kept.
    pub precision: String,
    /// When the files came here, RFC 3339, UTC.
    pub pulled_at: String,
    /// When the files were last found to be what this record says, and the model to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
    /// The weights that these were converted from, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantised_from: Option<Quantised>,
    /// The files.
    pub files: Vec<FileRecord>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its name in the folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its content.
    pub sha256: String,
    /// The `ETag` under which the hub had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// Where int8 weights come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantised {
    /// SHA-256 of the source's `model.safetensors`.
    pub sha256: String,
    /// The patterns of `--keep-f32`.
    pub keep_f32: Vec<String>,
}

impl Record {
    /// A record without files.
    pub(crate) fn new(source: String, revision: Option<String>) -> Self {
        Record {
            format: FORMAT,
            source,
            revision,
            precision: String::new(),
            pulled_at: now(),
            verified_at: None,
            quantised_from: None,
            files: Vec::new(),
        }
    }

    /// The record in `folder`; none if there is none that this version understands.
    pub fn read(folder: &Path) -> Option<Self> {
        let bytes = fs::read(folder.join(RECORD_FILE)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|r: &Record| r.format == FORMAT)
    }

    /// Puts the record into `folder`, whole or not at all.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let part = folder.join(format!("{RECORD_FILE}.part"));
        let mut file = fs::File::create(&part)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(part, folder.join(RECORD_FILE))
    }

    /// The record of a file.
    pub(crate) fn file(&self, name: &str) -> Option<&FileRecord> {
        self.files.iter().find(|f| f.name == name)
    }

    /// Are all recorded files there, in the recorded size? Cheap; content is `verify`'s business.
    pub(crate) fn sizes_agree(&self, folder: &Path) -> bool {
        self.files.iter().all(|f| fs::metadata(folder.join(&f.name)).is_ok_and(|m| m.len() == f.size))
    }
}

/// Now, in UTC, as RFC 3339 with whole seconds.
pub(crate) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    // Formatting fails only for years beyond 9999.
    now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}
