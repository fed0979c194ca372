//! The file of models and token ids that every engine reads.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// All that there is to run.
#[derive(Deserialize)]
pub(crate) struct Inputs {
    #[serde(skip)]
    folder: PathBuf,
    pub models: Vec<Source>,
    pub cases: Vec<Case>,
}

/// One model and where its ONNX files lie, by precision.
#[derive(Deserialize)]
pub(crate) struct Source {
    pub name: String,
    pub onnx: HashMap<String, String>,
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
    pub ids: Vec<Vec<i32>>,
    pub types: Vec<Vec<i32>>,
}

impl Inputs {
    /// Read the file.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        let inputs: Inputs = serde_json::from_slice(&bytes)?;
        Ok(Inputs { folder: file.parent().map(Path::to_owned).unwrap_or_default(), ..inputs })
    }

    /// A path of the file, which is relative to its own folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }
}
