//! `ash-nlp models`: the models on disk. Nothing here answers messages; `--models` and the
//! configuration say which models do.

mod bench;
mod figures;
mod list;
mod pull;
mod quantize;
mod transfer;
mod verify;

use std::path::PathBuf;

use anyhow::Result;
use ash_analysis::Role;
use ash_models::Store;
use ash_runtime::{Overrides, ZeroShotSettings};
use clap::Subcommand;

use crate::args::{self, Global};
use crate::outcome::Outcome;
use crate::setup::settings;

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models pull                          fetch those of zero-shot
  ash-nlp models list                          what is here, in which revision
  ash-nlp models verify                        read all again, load it, run it
  ash-nlp models quantize NAME --output DIR    make it int8, say what changed
  ash-nlp models bench NAME                    time it on this machine";

#[derive(Debug, Subcommand)]
enum What {
    /// What is here: the built-in models, those of the profile zero-shot, and any other
    List(list::Args),
    /// Fetch models from the hub, or take them over from a directory
    Pull(pull::Args),
    /// Compare files with what was fetched, load the models, run them
    Verify(verify::Args),
    /// Convert a float model to int8 and report what that changes
    Quantize(quantize::Args),
    /// Load time, memory and speed of a model on this machine
    Bench(bench::Args),
}

/// The directory that all of them work on.
#[derive(Debug, clap::Args)]
pub(crate) struct Directory {
    /// Directory with a folder OWNER--NAME a model [default: what the configuration says]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Directory {
    fn store(&self, settings: &ZeroShotSettings) -> Store {
        Store::new(self.directory.as_ref().unwrap_or(&settings.directory))
    }
}

/// The models that the profile zero-shot names, each once, with their revisions: `OWNER/NAME[@REVISION]`.
fn named(settings: &ZeroShotSettings) -> Vec<String> {
    let mut names = Vec::new();
    for role in Role::ALL {
        let model = settings.model(role);
        let name = match &model.revision {
            Some(revision) => format!("{}@{revision}", model.name),
            None => model.name.clone(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Does what was asked for.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let settings = &settings(global, Overrides::default())?.models.zero_shot;
    match &args.what {
        What::List(args) => list::run(settings, args),
        What::Pull(args) => pull::run(settings, args),
        What::Verify(args) => verify::run(global, settings, args),
        What::Quantize(args) => quantize::run(global, settings, args),
        What::Bench(args) => bench::run(global, settings, args),
    }
}

/// `--precision` for one model: int8 unless it is said otherwise, as the service runs.
fn precision(global: &Global) -> ash_models::Precision {
    match global.precision {
        Some(args::Precision::F32) => ash_models::Precision::F32,
        Some(args::Precision::Int8) | None => ash_models::Precision::Int8,
    }
}

/// `--threads`; 0 is one per available core.
fn threads(global: &Global) -> usize {
    global.threads.unwrap_or(0)
}
