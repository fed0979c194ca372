//! What can go wrong between a model's name and a model that works. Each message is one sentence
//! that says what to do. No message carries a token or a signed address.

use std::io;
use std::path::PathBuf;

use ash_encoder::EncoderError;
use ash_encoder::convert::ConvertError;

/// A model could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The network may not be used and nothing is here.
    #[error(
        "{what} is not on this machine and offline mode is on: pull it once without --offline and HF_HUB_OFFLINE, \
         or copy a directory with config.json, tokenizer.json and model.safetensors here and pull that"
    )]
    Offline {
        /// The model.
        what: String,
    },
    /// No connection.
    #[error(
        "cannot reach {host}: {why}; check the network, HF_ENDPOINT and the proxy (HTTPS_PROXY, NO_PROXY), or pull a directory"
    )]
    Unreachable {
        /// The host.
        host: String,
        /// The system's reason.
        why: String,
    },
    /// 401 without a token, or 404 with one: the hub does not tell the two apart.
    #[error(
        "{what} does not exist or is private: check the name, and for a private model set HF_TOKEN or --token-file"
    )]
    NoRepository {
        /// The model.
        what: String,
    },
    /// 404 for a revision.
    #[error("{name} has no revision {revision:?}: name a branch, a tag or a commit of it")]
    NoRevision {
        /// The repository.
        name: String,
        /// The revision.
        revision: String,
    },
    /// 401 with a token.
    #[error(
        "the hub does not accept the token from {origin} for {what}: make a new one that may read, or remove it for a public model"
    )]
    TokenRefused {
        /// The model.
        what: String,
        /// Where the token was found.
        origin: String,
    },
    /// 403: terms were not accepted, or the token may not read.
    #[error(
        "{what} is gated: accept its terms on its page, then pull with a token of the same account (HF_TOKEN or --token-file)"
    )]
    Gated {
        /// The model.
        what: String,
    },
    /// The repository has no weights that could be read.
    #[error("{what} has no {missing}, which is needed{found}")]
    NoFile {
        /// The model.
        what: String,
        /// The file that is needed.
        missing: String,
        /// What is there instead, and what to do about it.
        found: String,
    },
    /// A status that is not expected.
    #[error("{host} answered {status} for {file}: try again later")]
    Status {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What was asked for.
        file: String,
    },
    /// An answer that does not follow the protocol.
    #[error("{host} is no model hub, or a broken one: {why}; check HF_ENDPOINT")]
    Protocol {
        /// The host.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// The connection broke again and again.
    #[error(
        "the connection broke {attempts} times at {have} of {of} bytes of {file} ({why}); pull again to go on from there"
    )]
    Interrupted {
        /// The file.
        file: String,
        /// Bytes on disk.
        have: u64,
        /// The size, if it is known.
        of: String,
        /// Tries without a byte of progress.
        attempts: u32,
        /// The last reason.
        why: String,
    },
    /// The content is not what the hub says it is.
    #[error(
        "{file} arrived damaged: its checksum is {found}, the hub says {expected}; it was thrown away, pull again \
         (if it happens twice, a proxy in between or the hub's copy is broken)"
    )]
    Checksum {
        /// The file.
        file: String,
        /// The hub's checksum.
        expected: String,
        /// That of the content.
        found: String,
    },
    /// The disk is full.
    #[error("no space left for {}: free some, or choose another disk with --directory; what has arrived is kept and pull goes on from there", file.display())]
    DiskFull {
        /// The file that did not fit.
        file: PathBuf,
    },
    /// A file cannot be written or read.
    #[error("cannot write {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A directory to pull from that is none.
    #[error("cannot read {}: {why}", file.display())]
    Read {
        /// The file or directory.
        file: PathBuf,
        /// The reason.
        why: String,
    },
    /// The folder is somebody else's.
    #[error("{} exists and was not pulled by this program: move it away first", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process is at it.
    #[error("another ash-nlp is pulling {what} at this moment")]
    Busy {
        /// The model.
        what: String,
    },
    /// The token file cannot be used.
    #[error("cannot read the token file {}: {why}", file.display())]
    TokenFile {
        /// The file.
        file: PathBuf,
        /// The reason.
        why: String,
    },
    /// The token has characters that no token has.
    #[error("what {origin} holds is no token: it has spaces or control characters in it")]
    Token {
        /// Where it was found.
        origin: String,
    },
    /// `HF_ENDPOINT` is no address.
    #[error("HF_ENDPOINT is {0:?}; expected an address that starts with https:// or http://")]
    Endpoint(String),
    /// The model cannot be run by this version.
    #[error("{what} cannot be used: {source}")]
    Unusable {
        /// The model.
        what: String,
        /// The loader's sentence.
        source: EncoderError,
    },
}

impl PullError {
    /// A failed write, with the full disk told apart.
    pub(crate) fn write(file: impl Into<PathBuf>, source: io::Error) -> Self {
        let file = file.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PullError::DiskFull { file },
            _ => PullError::Write { file, source },
        }
    }
}

/// A model on disk could not be found, checked, converted or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is no such model.
    #[error("there is no model {name} in {}: `ash-nlp models list` shows what is there, `ash-nlp models pull` fetches it", directory.display())]
    NotThere {
        /// What was asked for.
        name: String,
        /// The store.
        directory: PathBuf,
    },
    /// A file or directory cannot be read or written.
    #[error("cannot use {}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The output directory has something in it.
    #[error("{} is not empty: choose a new directory", .0.display())]
    NotEmpty(PathBuf),
    /// The model cannot be loaded.
    #[error(transparent)]
    Load(#[from] EncoderError),
    /// The weights cannot be converted.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// A forward pass gave something that is no number.
    #[error("{0} gives outputs that are no numbers")]
    NotFinite(String),
    /// The inference threads could not be started.
    #[error("cannot start {threads} inference threads: {why}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The system's reason.
        why: String,
    },
}
