//! The model hub as its own tools see it: same environment, same cache, same addresses.
//!
//! The `hf-hub` crate knows the addresses, the default endpoint and the cache layout, and they are
//! taken from it. The transfer itself is ours (`wire`, [`crate::download`]), because that
//! crate (0.5) checks no checksum, appends a whole file to a partial one when a server ignores
//! `Range`, and panics on some broken answers; its version 1.0 brings 90 crates more.

use std::env;
use std::path::{Path, PathBuf};

use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{Api, ApiBuilder};
use hf_hub::{Cache, Repo, RepoType};
use ureq::Agent;

use crate::error::PullError;
use crate::name::{ModelName, Wanted, is_commit};
use crate::token::Token;
use crate::wire::{self, Answer, Failure};

/// What the command line adds to the environment.
#[derive(Debug, Clone, Default)]
pub struct HubOptions {
    /// A file with the access token.
    pub token_file: Option<PathBuf>,
    /// Use no network.
    pub offline: bool,
}

/// The hub, or what is left of it offline: the cache.
///
/// Read from the environment: `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `HF_HUB_CACHE`,
/// `HF_HUB_OFFLINE`, and the proxies (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).
pub struct Hub {
    api: Api,
    endpoint: String,
    cache: Cache,
    token: Option<Token>,
    agent: Agent,
    offline: bool,
}

impl Hub {
    /// Reads the environment. Connects to nothing.
    pub fn from_env(options: &HubOptions) -> Result<Self, PullError> {
        let cache = cache();
        let mut builder = ApiBuilder::from_cache(cache.clone()).with_token(None).with_progress(false);
        if let Some(endpoint) = env::var("HF_ENDPOINT").ok().filter(|e| !e.is_empty()) {
            if !(endpoint.starts_with("https://") || endpoint.starts_with("http://")) {
                return Err(PullError::Endpoint(endpoint));
            }
            builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
        }
        let broken = |why: String| PullError::Protocol { host: "the configured hub".to_owned(), why };
        let api = builder.build().map_err(|e| broken(e.to_string()))?;
        // The crate tells its endpoint only as part of an address.
        let address = api.repo(Repo::new("x".to_owned(), RepoType::Model)).url("");
        let endpoint = address.strip_suffix("/x/resolve/main/").unwrap_or(&address).to_owned();
        Ok(Hub {
            token: Token::find(options.token_file.as_deref(), &cache)?,
            offline: options.offline || env::var("HF_HUB_OFFLINE").is_ok_and(|v| is_true(&v)),
            agent: wire::agent(),
            api,
            endpoint,
            cache,
        })
    }

    /// May the network be used?
    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// What the hub says of a revision: its commit and its files.
    pub(crate) fn info(&self, wanted: &Wanted) -> Result<RepoInfo, PullError> {
        let repo = repo(&wanted.name, wanted.revision.as_deref().unwrap_or("main"));
        let url = format!("{}/api/{}", self.endpoint, repo.api_url());
        let answer = wire::get(&self.agent, &url, self.token.as_ref(), 0);
        let mut answer = answer.map_err(|failure| self.refusal(failure, wanted, "its description"))?;
        let host = answer.host.clone();
        let broken = |why: String| PullError::Protocol { host: host.clone(), why };
        let bytes = answer.bytes(16 << 20).map_err(|e| broken(format!("its answer breaks off ({e})")))?;
        let info: RepoInfo = serde_json::from_slice(&bytes)
            .map_err(|_| broken("its description of the model is not understood".to_owned()))?;
        // The hash becomes part of a path and of addresses.
        if is_commit(&info.sha) { Ok(info) } else { Err(broken(format!("{:?} is no commit hash", info.sha))) }
    }

    /// Opens one file of a commit from byte `start` on.
    pub(crate) fn open(
        &self,
        name: &ModelName,
        commit: &str,
        file: &str,
        start: u64,
    ) -> Result<Answer, Failure> {
        let url = self.api.repo(repo(name, commit)).url(file);
        wire::get(&self.agent, &url, self.token.as_ref(), start)
    }

    /// The sentence for an answer that is not the file.
    pub(crate) fn refusal(&self, failure: Failure, wanted: &Wanted, file: &str) -> PullError {
        let (host, status, code) = match failure {
            Failure::Unreachable { host, why } => return PullError::Unreachable { host, why },
            Failure::Protocol { host, why } => return PullError::Protocol { host, why },
            Failure::Status { host, status, code } => (host, status, code),
        };
        let what = wanted.to_string();
        match (status, code.as_str(), &self.token) {
            (401 | 403, "GatedRepo", _) | (403, ..) => PullError::Gated { what },
            (401, "RepoNotFound", _) | (401, _, None) => PullError::NoRepository { what },
            (401, _, Some(token)) => PullError::TokenRefused { what, origin: token.origin.clone() },
            (404, "RevisionNotFound", _) => PullError::NoRevision {
                name: wanted.name.to_string(),
                revision: wanted.revision.clone().unwrap_or_else(|| "main".to_owned()),
            },
            (404, "EntryNotFound", _) => {
                PullError::NoFile { what, missing: file.to_owned(), found: String::new() }
            }
            (404, ..) => PullError::NoRepository { what },
            _ => PullError::Status { host, status, file: format!("{what} ({file})") },
        }
    }

    /// The commit that the hub's own tools last had for this revision on this machine.
    pub(crate) fn cached_commit(&self, wanted: &Wanted) -> Option<String> {
        let revision = wanted.revision.as_deref().unwrap_or("main");
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let folder = self.cache.path().join(repo(&wanted.name, revision).folder_name());
        let commit = std::fs::read_to_string(folder.join("refs").join(revision)).ok()?;
        Some(commit.trim().to_owned()).filter(|c| is_commit(c))
    }

    /// A file of a commit in the cache of the hub's own tools, and the `ETag` it was kept under.
    pub(crate) fn cached(&self, name: &ModelName, commit: &str, file: &str) -> Option<(PathBuf, String)> {
        let path = self.cache.repo(repo(name, commit)).pointer_path(commit).join(file);
        // The file there is a link to a blob, whose name is the ETag.
        let blob = path.canonicalize().ok()?;
        let etag = blob.file_name()?.to_str()?.to_owned();
        Some((path, etag))
    }
}

fn repo(name: &ModelName, revision: &str) -> Repo {
    Repo::with_revision(name.as_str().to_owned(), RepoType::Model, revision.to_owned())
}

/// Where the hub's own tools keep files. `Cache::from_env` panics for a user without a home.
fn cache() -> Cache {
    let named = |key| env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(path) = named("HF_HUB_CACHE") {
        return Cache::new(path);
    }
    let home = named("HF_HOME").or_else(|| Some(env::home_dir()?.join(".cache").join("huggingface")));
    Cache::new(home.unwrap_or_else(|| Path::new(".cache").join("huggingface")).join("hub"))
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}
