//! The HTTP door, through a real socket and the real router, with a classifier that costs nothing.

mod analyze;
mod embedded;
mod errors;
mod harness;
mod history;
mod lifecycle;
mod zero_shot;
