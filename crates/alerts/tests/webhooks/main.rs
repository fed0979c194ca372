//! Alerts through their real doors: the crate's own [`Alerts`](ash_alerts::Alerts), a file, and sockets of receivers.
//!
//! Nothing here asserts how long something takes; what is waited for must happen some time.

mod delivery;
mod docs;
mod floods;
mod formats;
mod harness;
mod outbox;
mod privacy;
mod restart;
