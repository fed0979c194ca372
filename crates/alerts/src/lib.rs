//! Verdicts that cannot wait, told to a team by webhooks from an outbox that survives a restart.
//!
//! Whoever judges messages calls [`Alerts::raise`], which only puts the alert on a bounded channel: it never
//! waits for a disk or a network, and never fails. One thread, the keeper, takes alerts from there, leaves
//! out repetitions, folds what is too much into summaries, and commits the rest to the outbox; from that
//! moment an alert is *accepted* and survives the end of the process, however it ends. Each webhook has a thread
//! that does nothing but one HTTP request at a time, so that a receiver that hangs delays nobody else.
//!
//! [`settings`] (what an operator may say) · [`alert`] (what is told) · [`alerts`] (the door) · `keeper` (the thread:
//! intake, dispatch, settlement) · `outbox` (the database) · `retry` (what an answer means, and when to try again) ·
//! `sender` (HTTP) · `format` (Discord, Slack, JSON) · [`observer`], [`status`] (what can be seen of it).
//!
//! Nothing here knows a server, a queue or a model. Message text leaves only where the operator switched it on
//! twice, and never by a log line, an error or a `Debug`.

pub mod alert;
pub mod alerts;
mod clock;
pub mod error;
mod format;
mod keeper;
mod notice;
pub mod observer;
mod outbox;
mod retry;
mod secret;
mod sender;
pub mod settings;
mod signature;
pub mod status;
mod try_out;
pub mod url;

pub use alert::Alert;
pub use alerts::Alerts;
pub use error::{AlertError, TestError};
pub use observer::{Event, Lost, Observer};
pub use settings::{AlertSettings, Kind, WebhookSettings};
pub use status::{AlertStatus, OutboxState, WebhookStatus};
pub use try_out::send_test;
pub use url::WebhookUrl;
