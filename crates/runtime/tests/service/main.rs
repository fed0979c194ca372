//! The service over a model that a test commands.

mod exchange;
mod fake;
mod memory;
mod promises;
