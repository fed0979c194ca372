//! `ash-nlp models quantize`.

use std::fmt::{self, Display, Formatter};
use std::io::Write;
use std::path::PathBuf;

use anstream::stdout;
use anyhow::{Result, bail};
use ash_models::drift::{Cost, Drift, Sensitivity, measure, parts, sensitivity};
use ash_models::quantise::quantise;
use ash_models::sentences::MESSAGES;
use ash_models::{Keep, Precision, State, Store};
use ash_runtime::ZeroShotSettings;
use serde::Serialize;

use super::figures::{mib, ms};
use super::transfer::bytes_bar;
use super::{Directory, threads};
use crate::args::Global;
use crate::outcome::Outcome;
use crate::terminal::{FAINT, STRONG, styled};
use crate::{progress, rows};

/// Arguments of `models quantize`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A model of the directory, or a directory
    #[arg(value_name = "NAME|DIR")]
    model: String,
    /// New directory for the int8 model
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Leave in f32: a layer's number, `embeddings`, or a part of tensors' names
    #[arg(long, value_name = "LAYER|embeddings|NAME", num_args = 1..)]
    keep_f32: Vec<Keep>,
    /// Labelled messages to compare on, as `eval` reads them [default: a few of our own]
    #[arg(long, value_name = "FILE.jsonl")]
    rows: Option<PathBuf>,
    /// Only the rows of this split
    #[arg(long, value_name = "NAME", requires = "rows")]
    split: Option<String>,
    /// At most so many rows, evenly spread over the file
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Leave out the part that takes longest: what each layer does alone
    #[arg(long)]
    no_sensitivity: bool,
    #[command(flatten)]
    directory: Directory,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp models quantize OWNER/NAME --output models/int8/OWNER--NAME
  ash-nlp models quantize ./model --output ./int8 --keep-f32 embeddings 0 11
  ash-nlp models quantize OWNER/NAME --output out --rows corpus/corpus.jsonl \\
      --split dev --limit 200 --json

Both forms are run on the same messages. Drift is the difference of a
probability. A label agrees if the most probable one of a distribution is the
same. A verdict is what decides about a message: the most probable label, or for
a model that takes hypotheses (NLI) the hypothesis that is entailed most; it
flips if int8 has another. Sensitivity: each layer, and the word table,
quantised alone with all else in f32; the worst first. What is at the top is
what --keep-f32 helps most with.";

/// The report.
#[derive(Serialize)]
struct Report {
    model: String,
    output: PathBuf,
    bytes_before: u64,
    bytes_after: u64,
    quantised_matrices: usize,
    kept_f32: Vec<String>,
    threads: usize,
    f32: Cost,
    int8: Cost,
    drift: Drift,
    /// Ids of the rows whose verdict flips; empty without `--rows`.
    flipped_ids: Vec<String>,
    sensitivity: Vec<Sensitivity>,
}

/// Converts, compares, and prints the report to standard output.
pub(crate) fn run(global: &Global, settings: &ZeroShotSettings, args: &Args) -> Result<Outcome> {
    let model = args.directory.store(settings).find(&args.model)?;
    if let State::Incomplete(missing) = &model.state {
        bail!("{} has no {}", model.folder.display(), missing.join(", "));
    }
    // Before the work: a slip in the rows should not cost a conversion.
    let (ids, texts) = texts(args)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let threads = threads(global);

    let bar = bytes_bar(0, "converting".to_owned());
    let converted = quantise(&model, &args.keep_f32, &args.output, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let converted = converted?;

    let original = model.files();
    let parts = if args.no_sensitivity { Vec::new() } else { parts(&original)? };
    let bar = progress::bar(2 + parts.len(), "comparing");
    let exact = measure(&original, Precision::F32, threads, &texts)?;
    bar.inc(1);
    let output = Store::new(".").find(&args.output.display().to_string())?;
    let int8 = measure(&output.files(), Precision::Int8, threads, &texts)?;
    bar.inc(1);
    let mut sensitivities = Vec::with_capacity(parts.len());
    for part in &parts {
        sensitivities.push(sensitivity(&original, &parts, part, threads, &texts, &exact.answers)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    sensitivities.sort_by(|a, b| b.drift.mean_drift.total_cmp(&a.drift.mean_drift));

    let drift = Drift::between(&exact.answers, &int8.answers);
    let report = Report {
        model: model.name.clone(),
        output: args.output.clone(),
        bytes_before: converted.bytes_before,
        bytes_after: converted.bytes_after,
        quantised_matrices: converted.quantised,
        kept_f32: converted.kept_f32,
        threads: exact.threads,
        f32: exact.cost,
        int8: int8.cost,
        flipped_ids: drift.flipped.iter().filter_map(|&i| ids.get(i).cloned()).collect(),
        drift,
        sensitivity: sensitivities,
    };
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(Outcome::Done)
}

/// Ids and texts of the rows, evenly spread if there are more than the limit.
fn texts(args: &Args) -> Result<(Vec<String>, Vec<String>)> {
    let Some(path) = &args.rows else {
        return Ok((Vec::new(), MESSAGES.map(ToOwned::to_owned).to_vec()));
    };
    let rows = rows::read(std::slice::from_ref(path), args.split.as_deref())?;
    let limit = usize::try_from(args.limit)?.min(rows.len());
    let chosen = (0..limit).map(|i| &rows[i * rows.len() / limit]);
    Ok(chosen.map(|row| (row.id.clone(), row.text.expose().to_owned())).unzip())
}

/// Ids that are named; the JSON form has all.
const IDS: usize = 10;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} → {}\n", styled(STRONG, &self.model), self.output.display())?;
        let head = format!("  {:<18}{:>14}{:>14}", "", "before", "int8");
        writeln!(f, "{}", styled(FAINT, head))?;
        let batch = format!("batch of {}", self.f32.batch);
        for (name, before, after) in [
            ("weights", mib(self.bytes_before), mib(self.bytes_after)),
            ("load", ms(self.f32.load_ms), ms(self.int8.load_ms)),
            (&batch, ms(self.f32.batch_ms), ms(self.int8.batch_ms)),
        ] {
            writeln!(f, "  {name:<18}{before:>14}{after:>14}")?;
        }
        let matrices = match self.kept_f32.len() {
            0 => format!("{} matrices are int8", self.quantised_matrices),
            kept => format!("{} matrices are int8, {kept} stay f32", self.quantised_matrices),
        };
        writeln!(f, "\n  {matrices}")?;
        let d = &self.drift;
        writeln!(f, "  on {} messages, {} judgements, {} threads:", d.texts, d.judgements, self.threads)?;
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        for (name, figure) in [
            ("drift, mean", format!("{:.5}", d.mean_drift)),
            ("drift, max", format!("{:.5}", d.max_drift)),
            ("labels agree", percent(d.label_agreement)),
            ("verdicts flip", format!("{} of {}", d.verdict_flips, d.texts)),
        ] {
            writeln!(f, "    {name:<16}{}", styled(STRONG, figure))?;
        }
        if !self.flipped_ids.is_empty() {
            let shown = self.flipped_ids.iter().take(IDS).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if self.flipped_ids.len() > IDS { ", …" } else { "" };
            writeln!(f, "    {}", styled(FAINT, format!("{shown}{more}")))?;
        }
        if self.sensitivity.is_empty() {
            return Ok(());
        }
        let head = format!(
            "{:<14}{:>12}{:>12}{:>12}{:>8}",
            "quantised alone", "drift mean", "max", "agree", "flips"
        );
        writeln!(f, "\n  {}", styled(FAINT, head))?;
        for Sensitivity { part, drift: d } in &self.sensitivity {
            let name = if part == "embeddings" { part.clone() } else { format!("layer {part}") };
            let agree = percent(d.label_agreement);
            writeln!(
                f,
                "  {name:<15}{:>12.5}{:>12.5}{agree:>12}{:>8}",
                d.mean_drift, d.max_drift, d.verdict_flips
            )?;
        }
        Ok(())
    }
}
