//! `ash-nlp models bench`.

use std::fmt::{self, Display, Formatter};
use std::io::Write;
use std::time::Duration;

use anstream::stdout;
use anyhow::Result;
use ash_models::speed::{Effort, Speed, Step, speed};
use ash_runtime::{VERSION, ZeroShotSettings};
use serde::Serialize;

use super::figures::{mib, ms};
use super::{Directory, precision, threads};
use crate::args::Global;
use crate::bench::memory::Resident;
use crate::outcome::Outcome;
use crate::progress;
use crate::terminal::{FAINT, STRONG, styled};

/// Arguments of `models bench`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A model of the directory, or a directory
    #[arg(value_name = "NAME|DIR")]
    model: String,
    /// Seconds for each number of pairs; at least 5 runs are made, at most 200
    #[arg(long, value_name = "S", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    seconds: u64,
    #[command(flatten)]
    directory: Directory,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models bench OWNER/NAME
  ash-nlp models bench ./my-model --precision f32 --threads 1
  ash-nlp models bench OWNER/NAME --seconds 20 --json

1, 12 and 37 pairs of about 34 tokens: one question, one label set, the label
sets of all three models. Run it on an otherwise idle machine.";

/// The report.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    model: String,
    precision: &'static str,
    stored: Option<String>,
    bytes: Option<u64>,
    /// Resident memory with the model loaded once, before it ran.
    resident_mib: Option<f64>,
    /// The most that was resident at any time.
    peak_resident_mib: Option<f64>,
    #[serde(flatten)]
    speed: Speed,
}

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, settings: &ZeroShotSettings, args: &Args) -> Result<Outcome> {
    let model = args.directory.store(settings).find(&args.model)?;
    let effort = Effort { time: Duration::from_secs(args.seconds), at_least: 5, at_most: 200 };
    let precision = precision(global);
    let bar = progress::bar(0, "measuring");
    let mut resident = None;
    let speed = speed(&model.files(), precision, threads(global), effort, &mut |step| {
        if step == Step::Loaded && resident.is_none() {
            resident = Some(Resident::now());
        }
        bar.inc_length(1);
        bar.inc(1);
    });
    bar.finish_and_clear();
    let report = Report {
        version: VERSION,
        model: model.name.clone(),
        precision: precision.as_str(),
        stored: model.precision.clone(),
        bytes: model.bytes,
        resident_mib: resident.and_then(|r| r.now_mib),
        peak_resident_mib: Resident::now().peak_mib,
        speed: speed?,
    };
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(Outcome::Done)
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let stored = self.stored.as_deref().unwrap_or("?");
        let about = format!("{} (stored as {stored}), {} threads", self.precision, self.speed.threads);
        writeln!(f, "{}  {about}\n", styled(STRONG, &self.model))?;
        let unknown = || "unavailable".to_owned();
        let resident = |figure: Option<f64>| figure.map_or_else(unknown, |x| format!("{x:.1} MiB"));
        for (name, figure) in [
            ("files", self.bytes.map_or_else(unknown, mib)),
            ("load", ms(self.speed.load_ms)),
            ("resident", resident(self.resident_mib)),
            ("  peak", resident(self.peak_resident_mib)),
        ] {
            writeln!(f, "  {name:<10}{}", styled(STRONG, figure))?;
        }
        let head = format!(
            "{:>6}{:>9}{:>13}{:>13}{:>12}{:>7}",
            "pairs", "tokens", "median", "p95", "tokens/s", "runs"
        );
        writeln!(f, "\n  {}", styled(FAINT, head))?;
        for case in &self.speed.cases {
            writeln!(
                f,
                "  {:>6}{:>9}{:>13}{:>13}{:>12.0}{:>7}",
                case.pairs,
                case.tokens,
                ms(case.median_ms),
                ms(case.p95_ms),
                case.tokens_per_second,
                case.runs
            )?;
        }
        Ok(())
    }
}
