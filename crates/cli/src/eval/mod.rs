//! `ash-nlp eval`: how well the verdicts fit the levels that people gave.
//!
//! Rows and verdicts ([`crate::rows`], [`judging`] or [`saved`]) → [`figures`] → [`table`], JSON or [`html`];
//! [`comparison`] sets a run beside an earlier one, [`robustness`] judges the rows again as others would type them.
//! docs/evaluation.md says what each figure means.

mod comparison;
mod figures;
mod groups;
mod html;
mod judging;
mod robustness;
mod saved;
mod table;
mod worst;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anstream::stdout;
use anyhow::{Context, Result};
use ash_analysis::evaluate::Prevalence;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::rows::{self, Row};
use crate::setup::Provenance;
use comparison::Comparison;
use figures::Figures;
use judging::{Judge, Judged, Part};
use saved::Saved;
use table::Table;

/// Arguments of `eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Labelled messages, one JSON object a line: {"id", "text", "level", "category", "split", "pair"?}
    #[arg(value_name = "FILE.jsonl", required = true)]
    files: Vec<PathBuf>,
    /// Judge the rows of this split only, such as `test`; all rows without it
    #[arg(long, value_name = "NAME")]
    split: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write each row's verdict, without its text, for `--against`
    #[arg(long, value_name = "OUT.jsonl")]
    predictions: Option<PathBuf>,
    /// Take the verdicts from an earlier `--predictions` instead of judging; no model is loaded
    #[arg(long, value_name = "PREDICTIONS.jsonl", conflicts_with_all = ["without", "robustness", "predictions"])]
    from: Option<PathBuf>,
    /// Compare with an earlier `--predictions`: changed verdicts, and what that does to each figure
    #[arg(long, value_name = "PREDICTIONS.jsonl")]
    against: Option<PathBuf>,
    /// Judge every row again in twelve disguises (typos, case, leetspeak, small talk …), and say what changes
    #[arg(long)]
    robustness: bool,
    /// Write the report as one HTML page too
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    /// Show the text of the worst mistakes, not only their ids
    #[arg(long, conflicts_with = "json")]
    show_text: bool,
    /// Leave a part out, to see what it adds; without models the words alone judge
    #[arg(long, value_name = "PART")]
    without: Option<Part>,
    /// How often each level is written in your community; the default is an assumption
    #[arg(long, value_name = "LEVEL=SHARE,…", default_value_t = Prevalence::ASSUMED)]
    prevalence: Prevalence,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp eval corpus/corpus.jsonl --split test
  ash-nlp eval corpus/*.jsonl --split test --html report.html
  ash-nlp eval corpus/corpus.jsonl --split test --robustness
  ash-nlp eval corpus/corpus.jsonl --split test --json > report.json

What another label set changes:
  ash-nlp --profile zero-shot --labels safety_first eval corpus/corpus.jsonl

What the patterns add:
  ash-nlp eval corpus/*.jsonl --without patterns --predictions models.jsonl
  ash-nlp eval corpus/*.jsonl --split test --against models.jsonl

What int8 changes:
  ash-nlp eval corpus/corpus.jsonl --precision f32 --predictions f32.jsonl
  ash-nlp eval corpus/corpus.jsonl --precision int8 --against f32.jsonl";

/// Judges the rows and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    // Everything that can be wrong with the files is found before the models are loaded.
    let rows = rows::read(&args.files, args.split.as_deref())?;
    let earlier = args.against.as_deref().map(Saved::read).transpose()?;

    let figures = match &args.from {
        Some(path) => {
            let judged = Saved::read(path)?.judged(&rows).with_context(|| path.display().to_string())?;
            let by = Provenance { versions: BTreeMap::new(), precision: "as saved".to_owned() };
            report(&judged, args, earlier.as_ref(), by, 0.0)
        }
        None => judged(global, args, &rows, earlier.as_ref())?,
    };
    if let Some(path) = &args.html {
        fs::write(path, html::page(&figures)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&figures)?)?;
    } else {
        let texts = if args.show_text { rows.as_slice() } else { &[] };
        write!(out, "{}", Table { figures: &figures, texts })?;
    }
    Ok(Outcome::Done)
}

/// The report on verdicts that are made now.
fn judged(global: &Global, args: &Args, rows: &[Row], earlier: Option<&Saved>) -> Result<Figures> {
    let judge = Judge::new(global, args.without)?;
    let start = Instant::now();
    let judged = judge.judge(rows, "judging")?;
    let seconds = start.elapsed().as_secs_f64();
    if let Some(path) = &args.predictions {
        saved::write(path, &judged)?;
    }
    let mut figures = report(&judged, args, earlier, Provenance::of(judge.service()), seconds);
    if args.robustness {
        figures.robustness = Some(robustness::measure(&judge, rows, &judged)?);
    }
    Ok(figures)
}

fn report(judged: &[Judged], args: &Args, earlier: Option<&Saved>, by: Provenance, seconds: f64) -> Figures {
    let mut figures = Figures::of(judged, args.prevalence, by, seconds);
    figures.against = earlier.map(|earlier| Comparison::of(judged, earlier, &args.prevalence));
    figures
}
