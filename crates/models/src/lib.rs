//! Models on disk: fetch, check, convert and measure them. What the service loads, it loads through
//! `ash-encoder`; nothing here runs while it answers.
//!
//! - [`name`], [`record`], [`store`]: what a model is called, what is known of it, where it lies
//! - [`hub`], `wire`, `token`, `download`, [`pull`](mod@pull): from the hub, its cache or a directory
//!   into the store, checked and whole
//! - [`run`], [`sentences`]: a model of any kind behind one door, and something to ask it
//! - [`verify`](mod@verify), [`quantise`](mod@quantise), [`drift`], [`speed`]: is it what it was,
//!   make it int8, what did that change, how fast is it
//! - [`error`]: what can go wrong, each in a sentence that says what to do
//!
//! Message texts that models are compared on pass through and are kept nowhere.

mod digest;
pub mod download;
pub mod drift;
pub mod error;
pub mod hub;
pub mod name;
pub mod pull;
pub mod quantise;
pub mod record;
pub mod run;
pub mod sentences;
pub mod speed;
pub mod store;
mod token;
pub mod verify;
mod wire;

pub use ash_encoder::{Keep, Precision};
pub use download::Watch;
pub use error::{ModelError, PullError};
pub use hub::{Hub, HubOptions};
pub use name::{ModelName, Wanted};
pub use store::{Entry, State, Store, Verified};
