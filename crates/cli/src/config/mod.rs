//! `ash-nlp config`: what the service would run with, where that comes from, and what may be set; and the way
//! there from the service that this one replaces.

mod check;
mod explain;
mod import;
mod show;

use std::io::Write;
use std::path::PathBuf;

use anstream::stdout;
use anyhow::Result;
use ash_runtime::{DEFAULT_TOML, ZERO_SHOT_TOML};
use clap::Subcommand;

use crate::args::{Global, ProfileName};
use crate::outcome::Outcome;

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp config show --origin              what is in force, and from where
  ash-nlp config check ash.toml             every fault with its line
  ash-nlp config explain queue.max_wait_ms  what it means and what is allowed
  ash-nlp config default > ash.toml         a file to start from

Settings come from the built-in defaults, then the file, then variables such as
ASH_SERVER__BIND, then options; the later win.";

#[derive(Debug, Subcommand)]
enum What {
    /// The effective settings as TOML: defaults, file, environment and options together
    ///
    /// No setting is a secret: keys and tokens lie in files of their own, and settings name only the paths.
    #[command(after_help = "\
Examples:
  ash-nlp config show
  ash-nlp --config ash.toml config show --origin
  ASH_MODELS__THREADS=2 ash-nlp --config ash.toml config show")]
    Show {
        /// Add where each value comes from
        #[arg(long)]
        origin: bool,
        /// One JSON object; with `--origin`, value and origin of every key
        #[arg(long)]
        json: bool,
    },
    /// Whether the service would start with this configuration, and what it changes
    #[command(after_help = "\
Examples:
  ash-nlp config check ash.toml
  ash-nlp --profile zero-shot config check

Exit codes:
  0  the configuration is good
  2  it is not; every fault is told with its place")]
    Check {
        /// Configuration file; that of `--config` if there is none
        file: Option<PathBuf>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// What a setting means, what it may be, what it is, and what sets it
    #[command(after_help = "\
Examples:
  ash-nlp config explain                  all settings, a line each
  ash-nlp config explain queue            those of a section
  ash-nlp config explain queue.capacity_tokens   one of them")]
    Explain {
        /// Setting or section; all settings if there is none
        key: Option<String>,
        /// A JSON array
        #[arg(long)]
        json: bool,
    },
    /// The built-in defaults with every setting explained: the start of your own file
    ///
    /// With `--profile zero-shot`, what that profile needs otherwise; the other defaults stay as they are.
    #[command(after_help = "\
Examples:
  ash-nlp config default > ash.toml
  ash-nlp config default --profile zero-shot > ash.toml")]
    Default,
    /// Make a configuration from the environment file of the Python service that this one replaces
    ///
    /// Writes what differs from the defaults, checked as the service would check it, and tells what became of each
    /// variable. Secrets are neither shown nor written.
    #[command(after_help = import::EXAMPLES)]
    Import(import::Args),
}

/// Prints to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let mut outcome = Outcome::Done;
    let text = match &args.what {
        What::Show { origin, json } => show::text(global, *origin, *json)?,
        What::Check { file, json } => {
            let (text, checked) = check::report(global, file.as_deref(), *json)?;
            outcome = checked;
            text
        }
        What::Explain { key, json } => explain::text(global, key.as_deref(), *json)?,
        What::Import(args) => {
            let (text, ended) = import::report(args)?;
            outcome = ended;
            text
        }
        What::Default => match global.profile {
            Some(ProfileName::ZeroShot) => ZERO_SHOT_TOML.to_owned(),
            Some(ProfileName::Compact) | None => DEFAULT_TOML.to_owned(),
        },
    };
    stdout().write_all(text.as_bytes())?;
    Ok(outcome)
}
