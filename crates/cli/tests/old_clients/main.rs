//! The clients of the replaced service (tests/clients/old), run over the libraries that the originals use against the
//! real program: each starts, asks, reads and reports as its original does, and says what it saw.
//!
//! They need what `tests/clients/install` installs. Without it these tests say so and pass, unless ASH_CLIENTS is
//! `required`.
#![cfg(unix)]

mod asked;
mod ends;
mod peer;
mod service;
mod starts;
