//! `ash-nlp labels`: what the profile zero-shot can ask its models.
//!
//! None of it loads a model: sets are read, checked and shown.

mod list;
mod show;
mod validate;

use std::path::PathBuf;

use anyhow::Result;
use ash_runtime::{LabelSets, Overrides, Settings};
use clap::Subcommand;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;

/// Arguments of `labels`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp labels list
  ash-nlp labels show lgbtqia
  ash-nlp labels validate my-labels/

Then judge by one of them:
  ash-nlp --profile zero-shot --labels lgbtqia analyze \"they threw me out\"";

#[derive(Debug, Subcommand)]
enum What {
    /// The label sets at hand, with how many hypotheses each role has
    #[command(after_help = "\
Examples:
  ash-nlp labels list
  ash-nlp labels list --json | jq -r '.sets[].name'")]
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// The hypotheses of a set, each with its severity
    #[command(after_help = "\
Examples:
  ash-nlp labels show enhanced_crisis
  ash-nlp labels show compact --json

The severity says what a trained responder would do if the label were all that
is known: 0.25 and more is low, 0.5 medium, 0.75 high, 1 critical.")]
    Show {
        /// The set, as `labels list` names it
        name: String,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check label sets before a service reads them
    #[command(after_help = "\
Examples:
  ash-nlp labels validate                     the sets in use
  ash-nlp labels validate my-labels/          every NAME.toml of a directory
  ash-nlp labels validate my-labels/ours.toml

A set is a file NAME.toml; `ash-nlp labels show NAME` shows what is in one.
models.zero_shot.labels_path makes the service read your directory instead of
the built-in sets.

Exit codes:
  0  every set keeps the rules
  1  some sets do not, and each is told with file, role and label
  2  nothing was checked: wrong usage, configuration or path")]
    Validate {
        /// A file or a directory; the sets in use without it
        path: Option<PathBuf>,
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs one of the subcommands.
pub(crate) fn run(global: &Global, args: Args) -> Result<Outcome> {
    let settings = setup::settings(global, Overrides::default())?;
    match args.what {
        What::List { json } => list::run(&sets(&settings)?, &settings, json),
        What::Show { name, json } => show::run(sets(&settings)?.get(&name)?.as_ref(), json),
        What::Validate { path, json } => validate::run(path.or(settings.models.zero_shot.labels_path), json),
    }
}

/// The sets that a service with these settings could use.
fn sets(settings: &Settings) -> Result<LabelSets> {
    Ok(LabelSets::load(settings.models.zero_shot.labels_path.as_deref())?)
}
