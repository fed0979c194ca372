//! `ash-nlp bench` alone: what the models cost in this process, start included.
//!
//! Nothing is asserted and nothing is compared: a figure means something only beside the machine that it
//! was taken on, which is why the report names it.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use ash_analysis::{Message, MessageText};
use ash_runtime::{Overrides, Service, VERSION};
use serde::Serialize;

use super::aim::Aim;
use super::chatter::CHATTER;
use super::histogram::{Latencies, Percentile};
use super::history::entry::{Built, Facts};
use super::latency::{Latency, milliseconds};
use super::memory::Resident;
use super::output::{self, Measured};
use super::page;
use super::sparkline::medians;
use super::spawn::this_program;
use super::table::counted;
use super::timeline::{Part, Timeline};
use crate::args::Global;
use crate::html::{CLOSED, escaped, opened};
use crate::outcome::Outcome;
use crate::setup::Provenance;
use crate::terminal::{FAINT, STRONG, columns, hanging, styled};
use crate::{progress, setup};

/// Starts that are measured; the first may read the program from disk, the later find it in memory.
const STARTS: usize = 3;
/// Messages of a batch.
pub(crate) const BATCH: usize = 32;

/// Width of the names and of the figures in the table.
const NAME: usize = 23;
const FIGURE: usize = 22;

/// Arguments of `bench` without a subcommand.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Messages of the latency and of the throughput measurement
    #[arg(long, value_name = "N", default_value_t = 480, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    messages: u32,
    #[command(flatten)]
    output: output::Args,
}

/// The report.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    cores: Option<usize>,
    precision: String,
    model_versions: BTreeMap<String, String>,
    /// From starting the process until its first answer is read, each time in a new process.
    start_to_first_answer_ms: Vec<f64>,
    /// Resident memory after the first answer, before any batch.
    resident_mib: Option<f64>,
    /// The most that was resident at any time, batches included.
    peak_resident_mib: Option<f64>,
    /// One message at a time, through the service's queue.
    latency: Latency,
    throughput: Throughput,
    timeline: Vec<Part>,
    curve: Vec<Percentile>,
    #[serde(skip)]
    built: Built,
}

/// Many messages in batches.
#[derive(Debug, Serialize)]
pub(crate) struct Throughput {
    pub(crate) batch: usize,
    pub(crate) messages: usize,
    pub(crate) messages_per_second: f64,
}

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let output = args.output.open(global)?;
    let messages = usize::try_from(args.messages)?;
    let starts = (0..STARTS).map(|_| start_to_first_answer(global)).collect::<Result<Vec<_>>>()?;
    let texts = CHATTER.iter().map(|text| MessageText::parse(text)).collect::<Result<Vec<_>, _>>()?;

    let service = setup::service(global, Overrides::default())?;
    service.analyze(vec![texts[0].clone()])?;
    let resident = Resident::now().now_mib;
    let times = one_at_a_time(&service, &texts, messages)?;
    let throughput = throughput(&service, texts.iter().cloned().cycle(), messages);
    let by = Provenance::of(&service);

    let report = Report {
        version: VERSION,
        cores: available_parallelism().ok().map(Into::into),
        precision: by.precision,
        model_versions: by.versions,
        start_to_first_answer_ms: starts.into_iter().map(milliseconds).collect(),
        resident_mib: resident,
        peak_resident_mib: Resident::now().peak_mib,
        latency: Latency::of(times.iter().map(|&(_, took)| took).collect())
            .context("no message was measured")?,
        throughput,
        timeline: Timeline::of(&times).parts(),
        curve: Latencies::of(times.iter().map(|&(_, took)| took)).curve(),
        built: Built::this(service.settings().fingerprint()),
    };
    output.write(&report, false)
}

/// Runs this program anew on one message and waits for the line it answers. The clock stands outside,
/// so that loading the program and the models counts.
fn start_to_first_answer(global: &Global) -> Result<Duration> {
    let mut command = this_program(global)?;
    command.args(["analyze", "--json", "--", CHATTER[0]]).stdin(Stdio::null()).stdout(Stdio::piped());

    let start = Instant::now();
    let mut child = command.spawn().context("cannot start this program a second time")?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let took = start.elapsed();
    let status = child.wait()?;
    ensure!(status.success() && !line.is_empty(), "`ash-nlp analyze` gave no answer ({status})");
    Ok(took)
}

/// When each was asked, since the first was, and how long it took.
fn one_at_a_time(
    service: &Service,
    texts: &[MessageText],
    messages: usize,
) -> Result<Vec<(Duration, Duration)>> {
    let bar = progress::bar(messages, "one at a time");
    let mut times = Vec::with_capacity(messages);
    let begin = Instant::now();
    for text in texts.iter().cycle().take(messages) {
        let at = begin.elapsed();
        service.analyze(vec![text.clone()])?;
        times.push((at, begin.elapsed().saturating_sub(at)));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(times)
}

/// In full batches, which the service's queue would cut by what waits at the moment. `texts` must not end
/// before `messages` of them, rounded up to full batches.
pub(crate) fn throughput(
    service: &Service,
    mut texts: impl Iterator<Item = MessageText>,
    messages: usize,
) -> Throughput {
    let batches = messages.div_ceil(BATCH);
    let bar = progress::bar(batches * BATCH, "in batches");
    let start = Instant::now();
    for _ in 0..batches {
        let batch: Vec<Message> = texts.by_ref().take(BATCH).map(Message::new).collect();
        service.analyzer().assess(&batch.iter().collect::<Vec<_>>());
        bar.inc(BATCH as u64);
    }
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let messages = batches * BATCH;
    let pace = messages as f64 / seconds.max(1e-9);
    Throughput { batch: BATCH, messages, messages_per_second: (pace * 10.0).round() / 10.0 }
}

impl Measured for Report {
    fn page(&self) -> String {
        let about = format!(
            "ash-nlp {}, {}, {}",
            self.version,
            self.precision,
            counted(self.latency.samples, "message")
        );
        let pace = format!("{:.1} messages/s in batches of {BATCH}", self.throughput.messages_per_second);
        let mut html = opened("The engine in this process", &about);
        html.push_str(&page::over_time(&self.timeline, None));
        html.push_str(&page::percentiles(&[("one at a time", &self.curve)], None));
        html.push_str(&page::latency_rows(&[("one at a time", Some(&self.latency))]));
        html + "<p>" + &escaped(&pace) + "</p>\n" + CLOSED
    }

    fn facts(&self) -> Facts {
        let mut figures = BTreeMap::from([
            ("median_ms", self.latency.p50_ms),
            ("p99_ms", self.latency.p99_ms),
            ("messages_per_second", self.throughput.messages_per_second),
        ]);
        let start = self.start_to_first_answer_ms.iter().copied().reduce(f64::min);
        figures.extend(start.map(|ms| ("start_to_first_answer_ms", ms)));
        figures.extend(self.resident_mib.map(|mib| ("resident_mib", mib)));
        Facts {
            kind: "engine",
            setup: format!("in-process, {}", self.precision),
            of: self.built.clone(),
            figures,
        }
    }

    fn aims(&self) -> &[Aim] {
        &[]
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let cores = self.cores.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
        writeln!(f, "ash-nlp {}, {}, {cores} cores\n", self.version, self.precision)?;
        let starts: Vec<String> = self.start_to_first_answer_ms.iter().map(|ms| format!("{ms:.0}")).collect();
        let mib = |x: Option<f64>| x.map_or_else(|| "unavailable".to_owned(), |x| format!("{x:.1} MiB"));
        let l = &self.latency;
        let latency = |ms: f64| format!("{ms:.2} ms");
        let pace = format!("{:.1} messages/s", self.throughput.messages_per_second);
        let lines = [
            (
                "start to first answer",
                format!("{} ms", starts.join(" · ")),
                "new processes, one after another",
            ),
            ("resident memory", mib(self.resident_mib), "after the first answer"),
            ("  peak", mib(self.peak_resident_mib), "batches included"),
            ("latency p50", latency(l.p50_ms), "one message at a time, 4 to 40 words"),
            ("  p90", latency(l.p90_ms), ""),
            ("  p99", latency(l.p99_ms), ""),
            ("  p99.9", latency(l.p999_ms), ""),
            ("  max", latency(l.max_ms), ""),
            ("  over the run", medians(&self.timeline), "median"),
            ("throughput", pace, "in batches of 32"),
        ];
        for (name, figure, meaning) in lines {
            write!(f, "  {name:<NAME$}{}", styled(STRONG, &figure))?;
            if !meaning.is_empty() {
                let pad = FIGURE.saturating_sub(figure.chars().count());
                let indent = 2 + NAME + FIGURE.max(figure.chars().count()) + 2;
                write!(f, "{:pad$}  {}", "", styled(FAINT, hanging(meaning, indent, columns())))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "\n  {}", styled(FAINT, format!("{} each", counted(l.samples, "message"))))
    }
}
