//! `ash-nlp learning`: what staff said of verdicts, as the service keeps it.
//!
//! Works on the database itself, beside a running service or without one; no model is loaded, and none of it makes a
//! database where there is none.

mod export;
mod reset;
mod stats;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ash_learning::{LearningSettings, SqliteStore};
use ash_runtime::Overrides;
use clap::Subcommand;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;

/// Arguments of `learning`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp learning stats                          what was said, and what of it
  ash-nlp learning export --out feedback.jsonl    one JSON object a line
  ash-nlp learning reset --yes                    forget them all

The database is the one of the configuration (learning.path): start where the
service starts, with the same --config, or name the file with --path. A service
may be running.";

#[derive(Debug, Subcommand)]
enum What {
    /// How much staff said, and how far the cuts are shifted by it now
    #[command(after_help = "\
Examples:
  ash-nlp learning stats
  ash-nlp --config ash.toml learning stats --json | jq .offsets")]
    Stats {
        /// One JSON object
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// The records, one JSON object a line
    ///
    /// A record has id, kind, levels, a keyed hash of the message, the context without text and names, and when
    /// it came. The message itself is there only with --with-text, and only if the service kept it
    /// (`learning.keep_text`).
    #[command(after_help = "\
Examples:
  ash-nlp learning export | jq -r .kind | sort | uniq -c
  ash-nlp learning export --out feedback.jsonl
  ash-nlp learning export --with-text --out rows.jsonl

With its text a record is a labelled message too, with `text`, `level` and
`category` as `eval` and training read them; --with-text leaves out the records
without one.")]
    Export {
        /// Where to write them, for its owner alone [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Only the records whose message was kept, with it
        #[arg(long)]
        with_text: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Forget everything that staff said; the cuts are those of the configuration again
    ///
    /// A running service notices with the next feedback, on SIGHUP, or within ten minutes.
    #[command(after_help = "\
Examples:
  ash-nlp learning reset          how much would be lost
  ash-nlp learning export --out before.jsonl && ash-nlp learning reset --yes")]
    Reset {
        /// Do it; it cannot be taken back
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The database [default: `learning.path` of the configuration]
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,
}

/// Runs one of the subcommands.
pub(crate) fn run(global: &Global, args: Args) -> Result<Outcome> {
    match args.what {
        What::Stats { json, place } => stats::run(&place.settings(global)?, json),
        What::Export { out, with_text, place } => {
            export::run(&place.settings(global)?.path, out.as_deref(), with_text)
        }
        What::Reset { yes, place } => reset::run(&place.settings(global)?.path, yes),
    }
}

impl Place {
    fn settings(self, global: &Global) -> Result<LearningSettings> {
        let mut settings = setup::settings(global, Overrides::default())?.learning;
        settings.path = self.path.unwrap_or(settings.path);
        Ok(settings)
    }
}

/// The database there; never a new one.
fn open(path: &Path) -> Result<SqliteStore> {
    if path == Path::new(":memory:") {
        bail!(
            "learning.path is :memory:, so only the running service knows what it learnt: ask it for \
             GET /learning_statistics, or name a file with --path"
        );
    }
    if !path.exists() {
        bail!(
            "there is no {}: staff have said nothing yet, or the service keeps it elsewhere (--config, --path)",
            path.display()
        );
    }
    SqliteStore::open_existing(path).with_context(|| format!("cannot use {}", path.display()))
}
