//! Who asks, and what they may do.
//!
//! `file` reads the key file and `edit` changes it (both for the command line too); `keyring` recognises a
//! presented key; `caller` is who that was; `exposure` decides where a service without keys may listen. What
//! a route demands stands in `routes/table.rs`, and `guard.rs` brings the two together. Keys and their hashes
//! are never logged and no error repeats one; names of keys may be.

mod caller;
mod edit;
mod error;
mod exposure;
mod file;
mod keyring;
mod presented;
mod role;
mod secret;

pub(crate) use caller::Caller;
pub use edit::{NewEntry, add_key, remove_key};
pub use error::KeyFileError;
pub(crate) use exposure::anonymous_role;
pub use exposure::{Exposed, may_listen};
pub use file::{KeyEntry, KeyFile};
pub(crate) use keyring::Keys;
pub(crate) use presented::{KEY_HEADER, KeyFault, presented};
pub use role::{Role, UnknownRole};
pub use secret::ApiKey;
