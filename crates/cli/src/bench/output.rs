//! Where a report goes: to the terminal or as JSON to standard output, as a page, into the history.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::stdout;
use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::aim::Aim;
use super::history::calibration::baseline_ms;
use super::history::entry::{Entry, Facts};
use super::history::file;
use super::latency::microsecond;
use crate::args::Global;
use crate::outcome::Outcome;

/// Where measurements are recorded if nothing else is said.
pub(crate) const HISTORY: &str = "bench/history.jsonl";

/// What becomes of the report; common to all that measure.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Write the report as a page with plots, too: one file, no script
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Add the figures to the history; `ash-nlp bench history` shows it. The commit is that of the folder where this runs, if
    /// it holds this project's sources, else the version: of a server that was built elsewhere, say it by --label
    #[arg(long)]
    record: bool,
    /// What this measurement is of, for the history: "int8 attention"
    #[arg(long, value_name = "TEXT", requires = "record")]
    label: Option<String>,
    /// The file of the history
    #[arg(long, value_name = "FILE", default_value = HISTORY, requires = "record")]
    history: PathBuf,
}

/// A report of a measurement.
pub(crate) trait Measured: Serialize + Display {
    /// As a self-contained page.
    fn page(&self) -> String;
    /// For the history.
    fn facts(&self) -> Facts;
    /// What should be, and is or is not.
    fn aims(&self) -> &[Aim];
}

/// The places for a report, open before anything is measured: what cannot be written is told at once.
pub(crate) struct Output<'a> {
    args: &'a Args,
    /// The history, and how long the fixed work took before the measurement.
    record: Option<(File, f64)>,
    /// For the history, behind the setup.
    options: String,
}

impl Args {
    /// To be called before the measurement, and before a server is started for it.
    pub(crate) fn open(&self, global: &Global) -> Result<Output<'_>> {
        if let Some(path) = &self.html {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            ensure!(
                folder.is_none_or(Path::is_dir),
                "cannot write {}: there is no such folder",
                path.display()
            );
            ensure!(!path.is_dir(), "cannot write {}: it is a folder", path.display());
        }
        let record = if self.record { Some((file::open(&self.history)?, baseline_ms())) } else { None };
        Ok(Output { args: self, record, options: speed_options(global) })
    }
}

/// Of the options of every command, those that change how fast it is: they make another kind of measurement. No paths.
fn speed_options(global: &Global) -> String {
    let threads = global.threads.map(|n| format!("{n} threads"));
    let precision = global.precision.map(|p| p.as_str().to_owned());
    let profile = global.profile.map(|p| p.profile().to_string());
    let labels = global.labels.as_ref().map(|labels| format!("labels {labels}"));
    let models = global.models.as_ref().map(|_| "other models".to_owned());
    let config = global.config.as_ref().map(|_| "a configuration file".to_owned());
    let told = [threads, precision, profile, labels, models, config].into_iter().flatten();
    told.flat_map(|option| [", ".to_owned(), option]).collect()
}

impl Output<'_> {
    /// To be called when nothing runs any more. With `assert`, aims that are not met are a failure.
    pub(crate) fn write(self, report: &impl Measured, assert: bool) -> Result<Outcome> {
        if let Some((mut history, before)) = self.record {
            let baseline = microsecond(f64::midpoint(before, baseline_ms()));
            let mut facts = report.facts();
            facts.setup += &self.options;
            let entry = Entry::now(facts, self.args.label.clone(), baseline, &self.args.history);
            file::append(&mut history, &entry)?;
        }
        if let Some(path) = &self.args.html {
            fs::write(path, report.page()).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let mut out = stdout().lock();
        if self.args.json {
            writeln!(out, "{}", serde_json::to_string_pretty(report)?)?;
        } else {
            write!(out, "{report}")?;
        }
        let missed = assert && report.aims().iter().any(|aim| !aim.met);
        Ok(if missed { Outcome::SomeFailed } else { Outcome::Done })
    }
}
