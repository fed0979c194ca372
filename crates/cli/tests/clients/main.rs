//! Clients of other people against the real program: they know nothing of how it is tested.
//!
//! `peers` finds what `tests/clients/install` has installed and runs it; each other file is one client. Without an
//! installation a test says so and passes, unless `ASH_CLIENTS` is `required`, as in `.ci/run`.

#[path = "../program/serve/client.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod client;
mod examples;
#[path = "../program/harness.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod harness;
mod old;
mod openai;
mod peers;
mod schemathesis;
#[path = "../program/serve/served.rs"]
#[allow(dead_code, reason = "shared with the tests of the program, which need more of it")]
mod served;
