//! `ash-nlp config`: what the service would run with.

use std::io::Write;

use anstream::stdout;
use anyhow::{Context, Result};
use ash_runtime::{DEFAULT_TOML, Overrides, ZERO_SHOT_TOML};
use clap::Subcommand;

use crate::args::{Global, ProfileName};
use crate::outcome::Outcome;
use crate::setup;

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The effective settings as TOML: defaults, file, environment and options together
    #[command(after_help = "\
Examples:
  ash-nlp config show
  ASH_MODELS__THREADS=2 ash-nlp --config ash.toml config show")]
    Show,
    /// The built-in defaults with every setting explained: the start of your own file
    ///
    /// With `--profile zero-shot`, what that profile needs otherwise; the other defaults stay as they are.
    #[command(after_help = "\
Examples:
  ash-nlp config default > ash.toml
  ash-nlp config default --profile zero-shot > ash.toml")]
    Default,
}

/// Prints settings to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let text = match args.what {
        What::Show => {
            let settings = setup::settings(global, Overrides::default())?;
            toml::to_string_pretty(&settings).context("these settings have no TOML form")?
        }
        What::Default => match global.profile {
            Some(ProfileName::ZeroShot) => ZERO_SHOT_TOML.to_owned(),
            Some(ProfileName::Compact) | None => DEFAULT_TOML.to_owned(),
        },
    };
    stdout().write_all(text.as_bytes())?;
    Ok(Outcome::Done)
}
