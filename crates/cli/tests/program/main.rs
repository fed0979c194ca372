//! The real program, as a shell runs it, on the models that are embedded in it.

mod alerts;
mod analyze;
mod architecture;
mod bench;
mod config;
mod config_import;
mod eval;
mod harness;
mod help;
mod hub;
mod keys;
mod labels;
mod learning;
mod measures;
mod models;
mod patterns;
mod profile;
mod pull;
#[cfg(unix)]
mod serve;
mod usage;
