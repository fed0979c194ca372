//! Where the files of a model live: a directory, or the binary itself.

use std::fs::File;
use std::ops::Deref;
use std::path::PathBuf;

use memmap2::Mmap;

use crate::error::EncoderError;
use crate::keep::Keep;

/// The place of one model's files, and which of its weights are to stay in f32 whatever the
/// precision asked for.
#[derive(Debug, Clone)]
pub struct Files {
    place: Place,
    keep: Vec<Keep>,
}

#[derive(Debug, Clone)]
enum Place {
    Directory(PathBuf),
    Embedded { name: &'static str, files: &'static [(&'static str, &'static [u8])] },
}

/// The content of a file, without a copy: mapped memory, or part of the binary.
#[derive(Debug)]
pub enum Bytes {
    /// A file mapped into memory.
    Mapped(Mmap),
    /// A part of the binary.
    Static(&'static [u8]),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Static(bytes) => bytes,
        }
    }
}

impl Files {
    /// Files in a directory of the file system.
    pub fn directory(path: impl Into<PathBuf>) -> Self {
        Files { place: Place::Directory(path.into()), keep: Vec::new() }
    }

    /// Files inside the binary: `(file name, content)`; `name` stands in error messages.
    pub fn embedded(name: &'static str, files: &'static [(&'static str, &'static [u8])]) -> Self {
        Files { place: Place::Embedded { name, files }, keep: Vec::new() }
    }

    /// The same files, with the matrices that `keep` matches left in f32 when the rest is loaded as
    /// int8 (or converted to it). Adds to what the weights file itself says.
    #[must_use]
    pub fn keeping_f32(mut self, keep: impl IntoIterator<Item = Keep>) -> Self {
        self.keep.extend(keep);
        self
    }

    /// What [`Files::keeping_f32`] was given.
    pub(crate) fn keep(&self) -> &[Keep] {
        &self.keep
    }

    /// How a file of this place is called in messages.
    pub fn describe(&self, file: &str) -> String {
        match &self.place {
            Place::Directory(path) => path.join(file).display().to_string(),
            Place::Embedded { name, .. } => format!("embedded:{name}/{file}"),
        }
    }

    /// The content of `file`.
    pub fn read(&self, file: &str) -> Result<Bytes, EncoderError> {
        match &self.place {
            Place::Directory(path) => {
                let error = |source| EncoderError::Read { file: self.describe(file), source };
                let handle = File::open(path.join(file)).map_err(error)?;
                if handle.metadata().map_err(error)?.len() == 0 {
                    return Ok(Bytes::Static(&[])); // an empty file cannot be mapped
                }
                // SAFETY: the map is only read. A file that another process shortens meanwhile
                // would fault; model files are replaced by renaming, as every deployment does.
                let map = unsafe { Mmap::map(&handle) }.map_err(error)?;
                Ok(Bytes::Mapped(map))
            }
            Place::Embedded { files, .. } => files
                .iter()
                .find(|(name, _)| *name == file)
                .map(|(_, bytes)| Bytes::Static(bytes))
                .ok_or_else(|| EncoderError::Missing { file: self.describe(file) }),
        }
    }
}
