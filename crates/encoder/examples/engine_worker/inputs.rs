//! The file of models and token ids that every engine reads.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// All that there is to run.
#[derive(Deserialize)]
pub(crate) struct Inputs {
    pub models: Vec<Source>,
    pub cases: Vec<Case>,
}

/// One model and its directory, relative to the file, by precision.
#[derive(Deserialize)]
pub(crate) struct Source {
    pub name: String,
    pub huggingface: BTreeMap<String, String>,
}

/// What is timed as one.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub name: String,
    pub parts: Vec<Part>,
}

/// The pairs that one model gets; `ids` and `types` have a row a pair.
#[derive(Deserialize)]
pub(crate) struct Part {
    pub model: String,
    pub ids: Vec<Vec<u32>>,
    pub types: Vec<Vec<u8>>,
}

impl Inputs {
    /// Read the file.
    pub(crate) fn read(file: &Path) -> crate::Result<Self> {
        let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}
