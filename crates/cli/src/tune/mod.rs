//! `ash-nlp tune`: the settings that fit labelled messages best, as a configuration fragment.
//!
//! Asks the models here, fits in `ash_analysis::fit`. The figures are those of the rows that were fitted
//! to and flatter a little; `ash-nlp eval` on rows of another split tells the truth.

mod report;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anstream::{eprint, eprintln, stdout};
use anyhow::{Context, Result};
use ash_analysis::fit::{FitReport, LabelledReadings, fit};
use ash_analysis::{AnalyzerSettings, CrisisAnalyzer, Message};
use ash_runtime::Overrides;
use serde::Serialize;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::rows::{self, Row};
use crate::setup::Provenance;
use crate::terminal::{FAINT, styled};
use crate::{progress, setup};
use report::{LINES, gain};

/// Messages that the models read together.
const BATCH: usize = 32;

/// Arguments of `tune`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Labelled messages, one JSON object a line: {"id", "text", "level", "category", "split"}
    #[arg(value_name = "DEV.jsonl", required = true)]
    files: Vec<PathBuf>,
    /// Fit to the rows of this split; never to the one that you report figures of
    #[arg(long, value_name = "NAME", default_value = "dev")]
    split: String,
    /// Write the fragment to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp tune corpus/*.jsonl
  ash-nlp tune corpus/*.jsonl --split dev --out fitted.toml

Put the fragment in place of the [analysis] tables of your configuration file,
then check it with
  ash-nlp --config ash.toml eval corpus/*.jsonl --split test";

/// Fits; tells the gain on standard error and the settings on standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let rows = rows::read(&args.files, Some(&args.split))?;
    let service = setup::service(global, Overrides::default())?;
    let analyzer = service.analyzer();
    let readings = readings(&analyzer, &rows);

    eprintln!("{}", styled(FAINT, format!("fitting to {} rows of split {} …", rows.len(), args.split)));
    let report = fit(&readings, analyzer.settings())?;
    eprint!("{}", gain(&report, analyzer.settings(), &rows, &readings));

    let head = provenance(args, rows.len(), &Provenance::of(&service), &report);
    let fragment = fragment(&head, &report.settings)?;
    match &args.out {
        Some(path) => {
            fs::write(path, fragment).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("\nwritten to {}", path.display());
        }
        None => stdout().write_all(fragment.as_bytes())?,
    }
    Ok(Outcome::Done)
}

/// What every model says of every row.
fn readings(analyzer: &CrisisAnalyzer, rows: &[Row]) -> Vec<LabelledReadings> {
    let bar = progress::bar(rows.len(), "reading");
    let mut readings = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(BATCH) {
        let messages: Vec<Message> = chunk.iter().map(|row| Message::new(row.text.clone())).collect();
        let answers = analyzer.classify(&messages.iter().collect::<Vec<_>>());
        for ((row, message), answers) in chunk.iter().zip(&messages).zip(answers) {
            readings.push(LabelledReadings { truth: row.level, answers, found: analyzer.find(message) });
        }
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    readings
}

/// Where the settings come from, as comments above them.
fn provenance(args: &Args, rows: usize, by: &Provenance, report: &FitReport) -> String {
    let bare = args.files.iter().map(|file| file.file_name().map_or(file.clone(), PathBuf::from));
    let files = rows::names(&bare.collect::<Vec<_>>()).replace(',', "");
    let models: Vec<String> = by.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let figures: Vec<String> = LINES
        .iter()
        .map(|(name, figure, decimals)| format!("{} {:.decimals$}", name.trim(), figure(&report.after)))
        .collect();
    format!(
        "# Fitted by `ash-nlp tune {} --split {}` on {rows} rows.\n# Models ({}): {}.\n# On those rows: {}.\n",
        files,
        args.split,
        by.precision,
        models.join(", "),
        figures.join(", "),
    )
}

fn fragment(head: &str, settings: &AnalyzerSettings) -> Result<String> {
    #[derive(Serialize)]
    struct Fragment<'a> {
        analysis: &'a AnalyzerSettings,
    }
    let tables =
        toml::to_string(&Fragment { analysis: settings }).context("the settings have no TOML form")?;
    Ok(format!("{head}{tables}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_reads_back_as_the_settings_it_was_made_from() {
        let settings = AnalyzerSettings::unfitted(["depression", "sentiment"]);
        let fragment = fragment("# why\n", &settings).expect("TOML");
        assert!(fragment.starts_with("# why\n[analysis.ensemble]\n"), "{fragment}");
        let mut read: toml::Table = fragment.parse().expect("TOML");
        let analysis = read.remove("analysis").expect("the table");
        assert_eq!(analysis.try_into::<AnalyzerSettings>().expect("settings"), settings);
    }
}
