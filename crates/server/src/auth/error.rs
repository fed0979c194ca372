//! What can be wrong with a key file.

use std::path::PathBuf;

/// The key file cannot be used. No variant repeats a key or a hash.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error(
        "cannot read the key file {path}: {source}; `ash-nlp keys add NAME --role analyze` makes one (auth.keys_file)"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Its content breaks a rule.
    #[error("{path}:{line}: {what}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what is allowed.
        what: String,
    },
    /// A key of this name is there already.
    #[error("{path} has a key {name:?} already; choose another name, or remove that one first")]
    NameTaken {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// No key has this name.
    #[error("{path} has no key {name:?}; it has {}", if names.is_empty() { "none" } else { names })]
    NoSuchName {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// Those that there are.
        names: String,
    },
    /// The name is none.
    #[error("a name is 1 to 64 letters, digits, `-`, `_` and `.`; this is {0:?}")]
    BadName(String),
    /// The file cannot be written; the old one, if any, is as it was.
    #[error("cannot write the key file {path}: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}
