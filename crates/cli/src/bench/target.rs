//! The server that is measured: one that runs already, or one started for this.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;

use super::client::{Connection, Endpoint, Failure};
use super::interrupt::{ends_from_now_on, unless_interrupted};
use super::latency::milliseconds;
use super::spawn::{Spawned, this_program};
use crate::args::Global;

/// Loading and warming up the largest models takes less.
const PATIENCE: Duration = Duration::from_secs(600);
/// What a request should take at most, where neither the server nor the user says.
const ASSUMED_MS: f64 = 50.0;
/// Names a file with an API key where `--key-file` does not.
const KEY_FILE: &str = "ASH_KEY_FILE";

/// Which server; common to `bench validate` and `bench load`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// The server to measure
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8881")]
    url: String,
    /// Start a server for the measurement, with this configuration, and stop it afterwards
    #[arg(long, conflicts_with = "url")]
    spawn: bool,
    /// A file with the API key to send [default: the file named by `ASH_KEY_FILE`]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Args {
    /// Whether the server shall be started for the measurement.
    pub(crate) fn spawn(&self) -> bool {
        self.spawn
    }
}

/// A server that is ready.
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) url: String,
    /// From the start of its process until /health said ready; of a server that was started here.
    pub(crate) start_to_ready_ms: Option<f64>,
    spawned: Option<Spawned>,
}

impl Target {
    /// Finds or starts it and waits until it is ready. Sends no message yet.
    pub(crate) async fn ready(global: &Global, args: &Args) -> Result<Self> {
        let key = args.key_file.as_deref();
        if args.spawn {
            Self::started(Spawned::start(this_program(global)?).await?, key).await
        } else {
            Self::running(&args.url, key).await
        }
    }

    /// A server that runs already.
    pub(crate) async fn running(url: &str, key_file: Option<&Path>) -> Result<Self> {
        Self::reached(url.to_owned(), None, key_file).await
    }

    /// A server that was started for this.
    pub(crate) async fn started(spawned: Spawned, key_file: Option<&Path>) -> Result<Self> {
        Self::reached(spawned.url(), Some(spawned), key_file).await
    }

    async fn reached(url: String, mut spawned: Option<Spawned>, key_file: Option<&Path>) -> Result<Self> {
        let key_file = key_file.map(Path::to_owned).or_else(|| std::env::var_os(KEY_FILE).map(PathBuf::from));
        let endpoint = Arc::new(Endpoint::parse(&url, key_file.as_deref())?);
        let mut health = Connection::new(Arc::clone(&endpoint));
        let asked = Instant::now();
        loop {
            if let Some(spawned) = &mut spawned {
                spawned.check()?;
            }
            let answer = health.get("/health").await.and_then(|reply| Ok((reply.status, reply.json()?)));
            let (status, health) = match answer {
                Ok(answer) => answer,
                Err(failure @ Failure::Connect) => {
                    bail!("{url}: {failure}; is `ash-nlp serve` running there?")
                }
                Err(failure) => bail!("{url}: GET /health: {failure}"),
            };
            let Some(ready) = health["ready"].as_bool() else {
                bail!("{url}: GET /health answered {status} without `ready`: this is no Ash-NLP")
            };
            if ready {
                break;
            }
            if asked.elapsed() > PATIENCE {
                bail!("{url} is not ready after {} s: status {}", PATIENCE.as_secs(), health["status"]);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let start_to_ready_ms = spawned.as_ref().map(|s| milliseconds(s.started().elapsed()));
        Ok(Target { endpoint, url, start_to_ready_ms, spawned })
    }

    /// A new connection to it.
    pub(crate) fn connection(&self) -> Connection {
        Connection::new(Arc::clone(&self.endpoint))
    }

    /// Its process, if it was started here.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.spawned.as_ref().map(Spawned::pid)
    }

    /// What GET /status says; null if it may not be read.
    pub(crate) async fn status(&self) -> Value {
        let reply = self.connection().get("/status").await;
        reply.ok().filter(|r| r.status.is_success()).and_then(|r| r.json().ok()).unwrap_or(Value::Null)
    }

    /// Stops it if it was started here; true if it ended with success.
    pub(crate) async fn stop(self) -> Result<Option<bool>> {
        let Some(spawned) = self.spawned else { return Ok(None) };
        Ok(Some(spawned.stop().await?.success()))
    }
}

/// The asynchronous part of a measurement, on one thread: the cores belong to the server. Given up if this process is asked to
/// end.
pub(crate) fn measured<T>(measure: impl Future<Output = Result<T>>) -> Result<T> {
    let found = block_on(unless_interrupted(measure));
    ends_from_now_on();
    found
}

/// The same for what goes on beside a measurement, and ends with it.
pub(crate) fn block_on<T>(measure: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the measurement")?;
    runtime.block_on(measure)
}

/// One message that no report counts: a server that refuses all of them need not be measured.
pub(crate) async fn admitted(connection: &mut Connection, url: &str, text: &str) -> Result<()> {
    let reply = connection.analyze(text).await.with_context(|| format!("{url}: POST /analyze"))?;
    refused(connection, url, reply.status.as_u16())
}

/// The error of a request on `connection` that is wrong however often it is sent.
pub(crate) fn refused(connection: &Connection, url: &str, status: u16) -> Result<()> {
    let why = match (status, connection.endpoint().key_file()) {
        (401, None) => "name a file with a key by --key-file".to_owned(),
        (401, Some(file)) => format!("the key in {} is not known there", file.display()),
        (403, None) => "without a key it takes no messages; name a file with one by --key-file".to_owned(),
        (403, Some(file)) => format!("the key in {} has not the role analyze", file.display()),
        (404 | 405, _) => "this is no Ash-NLP".to_owned(),
        _ => return Ok(()),
    };
    bail!("{url}: POST /analyze answered {status}: {why}")
}

/// What a request should take at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Limit {
    #[serde(rename = "target_ms")]
    pub(crate) ms: f64,
    /// Neither the user nor the server said it.
    #[serde(rename = "target_assumed")]
    pub(crate) assumed: bool,
}

impl Limit {
    /// As asked for, else as GET /status says, else 50 ms.
    pub(crate) fn of(asked: Option<f64>, status: &Value) -> Self {
        let told = asked.or(status["performance"]["target_ms"].as_f64());
        Limit { ms: told.unwrap_or(ASSUMED_MS), assumed: told.is_none() }
    }
}
