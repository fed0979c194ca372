//! The store: a directory with a folder a model.

use std::fs;
use std::path::{Path, PathBuf};

use ash_encoder::weights::Weights;
use ash_encoder::{Config, EncoderError, Files};
use serde::Serialize;

use crate::error::ModelError;
use crate::name::ModelName;
use crate::record::Record;

/// The files that a model needs, in the order in which they are fetched.
pub const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// A directory with a folder a model.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

/// A model of the store, or one that is missing from it.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// `owner/name`, or the folder's name if it is no name of a repository.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Is it there?
    pub state: State,
    /// `model_type` of its config.
    pub model_type: Option<String>,
    /// Why this version cannot run it, if it cannot.
    pub unusable: Option<String>,
    /// How its weights are stored: `f32`, `f16`, `bf16`, `int8`, or `int8+f32`.
    pub precision: Option<String>,
    /// Bytes of its files.
    pub bytes: Option<u64>,
    /// The commit of the hub.
    pub revision: Option<String>,
    /// Are the files what they were?
    pub verified: Verified,
}

/// Is a model there?
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// All files.
    Present,
    /// Not all files; these are missing.
    Incomplete(Vec<&'static str>),
    /// No folder.
    Missing,
}

/// Are the files what they were? Found out without reading them: `verify` reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
    /// Content and model were checked at this time, and sizes are the same since.
    At(String),
    /// Fetched with checksums at this time, never run.
    Fetched(String),
    /// A file has another size than it had.
    Changed,
    /// There is no record of what they were.
    Unknown,
}

impl Store {
    /// The store in `directory`, which need not exist yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Store(directory.into())
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.0
    }

    /// The folder that a model has or would have.
    pub fn folder(&self, name: &ModelName) -> PathBuf {
        self.0.join(name.folder())
    }

    /// The models `named`, there or not, and then whatever else lies in the directory.
    pub fn entries(&self, named: &[ModelName]) -> Vec<Entry> {
        let mut entries: Vec<Entry> =
            named.iter().map(|name| entry(name.to_string(), self.folder(name))).collect();
        let known: Vec<String> = named.iter().map(ModelName::folder).collect();
        let mut others: Vec<String> = fs::read_dir(&self.0)
            .into_iter()
            .flatten()
            .filter_map(|item| item.ok()?.file_name().into_string().ok())
            .filter(|folder| !folder.starts_with('.') && !known.contains(folder))
            .filter(|folder| self.0.join(folder).join("config.json").is_file())
            .collect();
        others.sort();
        let named_as = |folder: &String| {
            ModelName::of_folder(folder).map_or_else(|| folder.clone(), |name| name.to_string())
        };
        entries.extend(others.iter().map(|folder| entry(named_as(folder), self.0.join(folder))));
        entries
    }

    /// A model by name, by the name of its folder, or a directory anywhere.
    pub fn find(&self, text: &str) -> Result<Entry, ModelError> {
        let in_store = text.parse::<ModelName>().ok().map(|name| self.folder(&name)).filter(|f| f.is_dir());
        if let Some(folder) = in_store {
            return Ok(entry(text.to_owned(), folder));
        }
        let is_model = |folder: &Path| folder.join("config.json").is_file();
        [self.0.join(text), PathBuf::from(text)]
            .into_iter()
            .find(|folder| !text.is_empty() && is_model(folder))
            .map(|folder| entry(text.to_owned(), folder))
            .ok_or_else(|| ModelError::NotThere { name: text.to_owned(), directory: self.0.clone() })
    }
}

impl Entry {
    /// The files, for the loader.
    pub fn files(&self) -> Files {
        Files::directory(&self.folder)
    }
}

fn entry(name: String, folder: PathBuf) -> Entry {
    let missing: Vec<&'static str> = FILES.into_iter().filter(|f| !folder.join(f).is_file()).collect();
    let state = match missing.len() {
        0 => State::Present,
        _ if folder.is_dir() => State::Incomplete(missing),
        _ => State::Missing,
    };
    let sizes: Vec<u64> =
        FILES.iter().filter_map(|f| Some(fs::metadata(folder.join(f)).ok()?.len())).collect();
    let record = Record::read(&folder);
    let verified = match &record {
        None => Verified::Unknown,
        Some(record) if !record.sizes_agree(&folder) => Verified::Changed,
        Some(Record { verified_at: Some(at), .. }) => Verified::At(at.clone()),
        Some(record) => Verified::Fetched(record.pulled_at.clone()),
    };
    let files = Files::directory(&folder);
    let config = (state != State::Missing).then(|| Config::read(&files));
    Entry {
        name,
        state,
        model_type: model_type(&folder),
        unusable: config.and_then(Result::err).map(|error| error.to_string()),
        precision: precision(&folder).ok(),
        bytes: (!sizes.is_empty()).then(|| sizes.iter().sum()),
        revision: record.and_then(|r| r.revision),
        verified,
        folder,
    }
}

/// As the config says it, whether this version knows it or not.
fn model_type(folder: &Path) -> Option<String> {
    let config = fs::read(folder.join("config.json")).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&config).ok()?;
    Some(config.get("model_type")?.as_str()?.to_owned())
}

/// How the weights in a folder are stored.
pub(crate) fn precision(folder: &Path) -> Result<String, EncoderError> {
    Ok(Weights::open(&Files::directory(folder))?.stored_precision())
}
