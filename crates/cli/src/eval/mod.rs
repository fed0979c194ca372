//! `ash-nlp eval`: how well the verdicts fit the levels that people gave.
//!
//! Rows and verdicts ([`crate::rows`], the service) → [`figures`] → [`table`] or JSON; [`comparison`]
//! keeps verdicts for later and compares two runs.

mod comparison;
mod figures;
mod html;
mod robustness;
mod table;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anstream::stdout;
use anyhow::{Context, Result};
use ash_analysis::{Assessment, Message};
use ash_runtime::{Overrides, Service};

use crate::args::Global;
use crate::outcome::Outcome;
use crate::rows::{self, Row};
use crate::setup::Provenance;
use crate::{progress, setup};
use comparison::Earlier;
use figures::{Figures, Judged};
use table::Table;

/// Messages handed to the service at once. The service batches by tokens on its own; this only keeps
/// its queue from running dry and the progress bar moving.
const CHUNK: usize = 128;

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
    /// Report how many verdicts differ from those of an earlier `--predictions`
    #[arg(long, value_name = "PREDICTIONS.jsonl")]
    against: Option<PathBuf>,
    /// Judge every row again in ten disguises (typos, case, leetspeak, small talk …), and say what changes
    #[arg(long, conflicts_with = "without")]
    robustness: bool,
    /// Write the report as one HTML page too
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    /// Leave a part out, to see what it adds; without models the words alone judge
    #[arg(long, value_name = "PART")]
    without: Option<Part>,
}

/// A part that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The pattern packs and the lexicon
    Patterns,
    /// The models
    Models,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp eval corpus/corpus.jsonl --split test
  ash-nlp eval corpus/*.jsonl --split test --html report.html
  ash-nlp eval corpus/corpus.jsonl --split test --robustness
  ash-nlp eval corpus/corpus.jsonl --split test --json > report.json

What another label set changes:
  ash-nlp --profile zero-shot --labels safety_first eval corpus/corpus.jsonl --split test

What int8 changes:
  ash-nlp eval corpus/corpus.jsonl --split test --precision f32 --predictions f32.jsonl
  ash-nlp eval corpus/corpus.jsonl --split test --precision int8 --against f32.jsonl";

/// Judges the rows and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    // Everything that can be wrong with the files is found before the models are loaded.
    let rows = rows::read(&args.files, args.split.as_deref())?;
    let earlier = args.against.as_deref().map(Earlier::read).transpose()?;
    let parts = match args.without {
        Some(Part::Patterns) => Overrides::default().set("patterns.enabled", false),
        _ => Overrides::default(),
    };
    let service = setup::service(global, parts)?;

    let start = Instant::now();
    let judged = match args.without {
        Some(Part::Models) => rows.iter().map(|row| by_words(&service, row)).collect(),
        _ => judge(&service, &rows)?,
    };
    let seconds = start.elapsed().as_secs_f64();

    if let Some(path) = &args.predictions {
        comparison::write(path, &judged)?;
    }
    let mut figures = Figures::of(&judged, Provenance::of(&service), seconds);
    figures.against = earlier.map(|earlier| earlier.compare(&judged));
    if args.robustness {
        figures.robustness = Some(robustness::measure(&service, &rows, &judged)?);
    }
    if let Some(path) = &args.html {
        fs::write(path, html::page(&figures)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&figures)?)?;
    } else {
        write!(out, "{}", Table(&figures))?;
    }
    Ok(Outcome::Done)
}

fn judge(service: &Service, rows: &[Row]) -> Result<Vec<Judged>> {
    let bar = progress::bar(rows.len(), "judging");
    let mut judged = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(CHUNK) {
        let texts = chunk.iter().map(|row| row.text.clone()).collect();
        let place = || format!("row {} or one of the {} after it", chunk[0].id, chunk.len() - 1);
        let analyzed = service.analyze(texts).with_context(place)?;
        judged.extend(chunk.iter().zip(&analyzed).map(|(row, a)| of(row, &a.assessment)));
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(judged)
}

/// The verdict that the service gives when no model answers.
fn by_words(service: &Service, row: &Row) -> Judged {
    let analyzer = service.analyzer();
    let found = analyzer.find(&Message::new(row.text.clone()));
    of(row, &analyzer.judge(&[], found.as_ref()))
}

fn of(row: &Row, verdict: &Assessment) -> Judged {
    Judged {
        id: row.id.clone(),
        category: row.category.clone(),
        pair: row.pair.clone(),
        level: row.level,
        predicted: verdict.level,
        score: verdict.score.get(),
        confidence: verdict.confidence.get(),
        group: row.group.clone(),
        votes: verdict.signals.iter().map(|s| (s.model.name.clone(), s.vote)).collect(),
        degraded: verdict.is_degraded(),
    }
}
