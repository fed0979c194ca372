//! `ash-nlp models verify`.

use std::io::Write;

use anstream::stdout;
use anyhow::{Result, bail};
use ash_models::verify::{Verdict, verify};
use ash_models::{Entry, State};
use ash_runtime::ZeroShotSettings;

use super::figures::ms;
use super::{Directory, precision, threads};
use crate::args::Global;
use crate::outcome::Outcome;
use crate::terminal::{ALARM, FAINT, STRONG, styled};

/// Arguments of `models verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Models of the directory, or directories [default: every model that is there]
    #[arg(value_name = "NAME|DIR")]
    which: Vec<String>,
    #[command(flatten)]
    directory: Directory,
    /// Print a line of JSON a model
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models verify
  ash-nlp models verify OWNER/NAME ./my-model --json

Every file is read and its SHA-256 compared with ash-model.json, then the model
is loaded and asked something. Exit code 1: a model is not as it should be.";

/// Verifies one after another.
pub(crate) fn run(global: &Global, settings: &ZeroShotSettings, args: &Args) -> Result<Outcome> {
    let store = args.directory.store(settings);
    let models: Vec<Entry> = if args.which.is_empty() {
        store.entries(&[]).into_iter().filter(|m| m.state != State::Missing).collect()
    } else {
        args.which.iter().map(|name| store.find(name)).collect::<Result<_, _>>()?
    };
    if models.is_empty() {
        bail!("there is no model in {}: `ash-nlp models pull` fetches some", store.directory().display());
    }
    let mut outcome = Outcome::Done;
    for model in models {
        let verdict = verify(&model, precision(global), threads(global));
        if !verdict.ok {
            outcome = Outcome::SomeFailed;
        }
        report(&verdict, args.json)?;
    }
    Ok(outcome)
}

fn report(verdict: &Verdict, json: bool) -> Result<()> {
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(verdict)?)?;
        return Ok(());
    }
    let word = if verdict.ok { "good".to_owned() } else { styled(ALARM, "bad ") };
    let files = match verdict.files_compared {
        0 => "no ash-model.json to compare files with".to_owned(),
        n => format!("{n} files compared"),
    };
    let load = verdict.load_ms.map(|t| format!(", loaded in {}", ms(t))).unwrap_or_default();
    let run = verdict.run_ms.map(|t| format!(", ran in {}", ms(t))).unwrap_or_default();
    writeln!(
        out,
        "{word}  {}  {}",
        styled(STRONG, &verdict.name),
        styled(FAINT, format!("{files}{load}{run}"))
    )?;
    for problem in &verdict.problems {
        writeln!(out, "      {problem}")?;
    }
    Ok(())
}
