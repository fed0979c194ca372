//! Where a profile comes from: a directory, or the binary itself. Both have the same layout.

use std::path::{Path, PathBuf};

use ash_encoder::{Bytes, Files};

use crate::embedded::COMPACT;
use crate::error::LoadError;

/// The place of a profile: `profile.json`, a folder for the trunk and one a model.
#[derive(Debug, Clone)]
pub enum ProfileSource {
    /// The compact profile inside the binary.
    Embedded,
    /// A directory of the same layout.
    Directory(PathBuf),
}

impl ProfileSource {
    /// The directory if one is given, the embedded profile otherwise.
    pub fn new(path: Option<&Path>) -> Self {
        path.map_or(ProfileSource::Embedded, |p| ProfileSource::Directory(p.to_owned()))
    }

    /// The files of one folder of the profile; "" is its root.
    pub fn folder(&self, name: &str) -> Result<Files, LoadError> {
        match self {
            ProfileSource::Directory(path) => Ok(Files::directory(path.join(name))),
            ProfileSource::Embedded => COMPACT
                .iter()
                .find(|(folder, _)| *folder == name)
                .map(|(folder, files)| Files::embedded(folder, files))
                .ok_or(LoadError::NothingEmbedded),
        }
    }

    /// One file of one folder.
    pub(crate) fn read(&self, folder: &str, file: &str) -> Result<Bytes, LoadError> {
        Ok(self.folder(folder)?.read(file)?)
    }
}
