//! A folder of TOML files, as label sets and pattern packs are kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The ending of the files.
pub(crate) const EXTENSION: &str = "toml";

/// Not TOML, or with keys or values that do not belong there.
pub(crate) struct Syntax {
    /// The line that is to blame, from 1.
    pub(crate) line: Option<usize>,
    /// The parser's sentence, in one line.
    pub(crate) why: String,
}

/// The TOML files of a directory, by name.
pub(crate) fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|e| e == EXTENSION));
    files.sort();
    Ok(files)
}

/// What `text` says.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Syntax> {
    toml::from_str(text).map_err(|error| Syntax {
        line: error
            .span()
            .and_then(|span| text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1),
        why: error.message().replace('\n', "; "),
    })
}
