//! `ash-nlp bench history`: how the figures became what they are, and whether they became worse.
//!
//! | file | noun |
//! |---|---|
//! | [`entry`] | one measurement: figures, machine, commit, configuration |
//! | [`calibration`] | how fast the machine was meanwhile |
//! | [`mod@file`] | the entries on disk, one a line |
//! | [`trend`] | figures over time, regressions |
//! | [`report`] | all of it, for people, as JSON and as a page |

pub(crate) mod calibration;
pub(crate) mod entry;
pub(crate) mod file;
mod report;
mod trend;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anstream::{eprintln, stdout};
use anyhow::{Context, Result, ensure};

use self::report::Report;
use super::output::HISTORY;
use crate::outcome::Outcome;
use crate::terminal::{ALARM, styled};

/// Arguments of `bench history`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file that `--record` adds to
    #[arg(long, value_name = "FILE", default_value = HISTORY)]
    history: PathBuf,
    /// Show measurements of one command only
    #[arg(long, value_name = "KIND", value_parser = ["engine", "validate", "load", "compare"])]
    kind: Option<String>,
    /// How much a figure may grow above the median of those before it, as a share
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    tolerance: f64,
    /// Exit with 1 if the newest entry of any trend became slower
    #[arg(long)]
    assert: bool,
    /// Print the trends as JSON
    #[arg(long)]
    json: bool,
    /// Write the trends as a page, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench validate --spawn --record --label \"int8 attention\"
  ash-nlp bench history
  ash-nlp bench history --kind load --html history.html
  ash-nlp bench history --assert --tolerance 0.1

A figure is divided by the time that a fixed piece of work took in the same run (`baseline`), so
that a slow hour of the machine is not taken for slower code, and compared with the median of the
last ten before it of the same command, setup and machine.";

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=10.0).contains(&share) => Ok(share),
        _ => Err("a share from 0 to 10 is needed: 0.2 is 20 %".to_owned()),
    }
}

/// Prints the trends to standard output.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let mut history = file::read(&args.history)?;
    for broken in &history.broken {
        let place = format!("{}:{}", args.history.display(), broken.line);
        eprintln!("{} {place} is left out: {}", styled(ALARM, "warning:"), broken.why);
    }
    ensure!(
        !history.entries.is_empty() || history.broken.is_empty(),
        "{} holds no entry that can be read",
        args.history.display()
    );
    if let Some(kind) = &args.kind {
        history.entries.retain(|entry| entry.kind == *kind);
    }
    let report = Report::of(history, args.tolerance);
    if let Some(path) = &args.html {
        fs::write(path, report.page()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    let missed = args.assert && report.regressions > 0;
    Ok(if missed { Outcome::SomeFailed } else { Outcome::Done })
}
