//! `ash-nlp bench`: what the models and the service cost on this machine.
//!
//! | file | what it measures |
//! |---|---|
//! | [`engine`] | `bench` alone: start, memory, latency and throughput in this process, no socket |
//! | [`validate`] | `bench validate`: a server, or the service in this process, one request after another: is it right, fast and warm? |
//! | [`load`] | `bench load`: a running server with more to do than it can, or with more and more |
//! | [`compare`] | `bench compare`: two servers in turn, which is faster? |
//! | [`history`] | `bench history`: what all of these recorded, over time |
//!
//! They know a server by its wire only ([`client`]), whether it runs already or is started for them ([`spawn`], [`target`]).
//! Texts are made here ([`chatter`], [`texts`]) and never shown. Reports go where [`output`] says; [`table`], [`sparkline`]
//! and [`page`] are what they look like.

mod aim;
mod chatter;
mod client;
mod compare;
mod engine;
mod histogram;
mod history;
mod interrupt;
mod latency;
mod load;
pub(crate) mod memory;
mod output;
mod page;
mod sparkline;
mod spawn;
mod table;
mod target;
mod texts;
mod timeline;
mod validate;
mod wire;

use anyhow::Result;

use crate::args::Global;
use crate::outcome::Outcome;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    engine: engine::Args,
}

/// What is measured instead of the engine in this process.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check that a server sees what is urgent, is fast enough and was warm: one request after another
    Validate(validate::Args),
    /// Measure a server under load: open loop (a rate, or one after another) or closed loop (a number of clients)
    Load(load::Args),
    /// Measure two servers, programs or configurations in turn, and tell which is faster
    Compare(compare::Args),
    /// Show what was recorded over time, and what became slower
    History(history::Args),
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench
  ash-nlp bench --messages 2000 --threads 1 --precision f32
  ash-nlp bench --json > bench.json
  ash-nlp --profile zero-shot --labels compact bench --messages 20
  ash-nlp bench validate --spawn
  ash-nlp bench load --spawn --ramp 20:200 --html ramp.html
  ash-nlp bench compare this one-thread.toml
  ash-nlp bench validate --spawn --record --label \"new kernel\" && ash-nlp bench history

Run it on an otherwise idle machine: the figures are those of the whole machine, not of the program
alone.";

/// Measures and prints a report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    match &args.what {
        None => engine::run(global, &args.engine),
        Some(What::Validate(args)) => validate::run(global, args),
        Some(What::Load(args)) => load::run(global, args),
        Some(What::Compare(args)) => compare::run(global, args),
        Some(What::History(args)) => history::run(args),
    }
}
