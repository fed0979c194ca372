//! What `monitoring/` ships, against the real program: the rules are right, and ask for nothing that is not there.
//!
//! `promtool` runs the rules and their tests; the others compare rules and dashboard with the table of metrics, with the
//! page of a running server, and with the runbook in docs/monitoring.md.
#![cfg(unix)]

#[path = "../program/serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod client;
mod dashboard;
mod files;
#[path = "../program/harness.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod harness;
mod names;
mod promtool;
mod runbook;
mod selector;
#[path = "../program/serve/served.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod served;
