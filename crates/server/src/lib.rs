//! The HTTP door of Ash-NLP. Thin: it reads requests, writes answers, and decides nothing.
//!
//! request → routes → [`ash_runtime::Service`] → [`Answer`]. Errors are one enum with one
//! table. The socket is bound before the models are loaded; until they are, /health says
//! "starting" and /analyze 503. Message text and user ids are never logged, and no error repeats
//! what was sent.

mod answer;
mod app;
mod auth;
mod body;
mod browser;
mod dialect;
mod door;
mod envelope;
mod error;
mod guard;
mod history;
mod limits;
mod listen;
mod log;
mod opening;
#[cfg(feature = "otlp")]
mod otlp;
mod place;
mod request;
mod routes;
mod server;
mod signals;
mod stamp;
mod trace;

pub use answer::{Answer, Verbosity, WireSettings};
pub use auth::{
    ApiKey, Exposed, KeyEntry, KeyFile, KeyFileError, NewEntry, Role, UnknownRole, add_key, may_listen,
    remove_key,
};
pub use door::DoorError;
pub use log::{init_log, quiet_panics};
pub use opening::Opening;
#[cfg(feature = "otlp")]
pub use otlp::{BadEndpoint, Traces, export_traces};
pub use routes::routes;
pub use server::{Reload, ServeError, Server, serve};
pub use signals::{Signal, Signals};
pub use stamp::{request_id, timestamp};
