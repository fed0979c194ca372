//! `ash-nlp bench`: what the models and the service cost on this machine.
//!
//! | file | what it measures |
//! |---|---|
//! | [`engine`] | `bench` alone: start, memory, latency and throughput in this process, no socket |
//! | [`live`] | `bench live`: a running server, one request after another; is the first as fast as the later? |
//! | [`load`] | `bench load`: a running server with more to do than it can |
//!
//! `live` and `load` know the server by its wire only ([`client`]), whether it runs already or is started for them
//! ([`spawn`], [`target`]). Texts are made here ([`chatter`], [`texts`]) and never shown.

mod aim;
mod chatter;
mod client;
mod engine;
mod histogram;
mod latency;
mod live;
mod load;
pub(crate) mod memory;
mod spawn;
mod table;
mod target;
mod texts;
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
    /// Measure a server one request after another: the first against the later, and what HTTP costs
    Live(live::Args),
    /// Measure a server under load: open loop (a fixed rate) or closed loop (a number of clients)
    Load(load::Args),
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench
  ash-nlp bench --messages 2000 --threads 1 --precision f32
  ash-nlp bench --json > bench.json
  ash-nlp --profile zero-shot --labels compact bench --messages 20
  ash-nlp bench live --spawn
  ash-nlp bench load --spawn --rate-factor 2 --duration 60s

Run it on an otherwise idle machine: the figures are those of the whole machine, not of the program alone.";

/// Measures and prints a report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    match &args.what {
        None => engine::run(global, &args.engine),
        Some(What::Live(args)) => live::run(global, args),
        Some(What::Load(args)) => load::run(global, args),
    }
}
