//! `ash-nlp bench validate`: is this server right, fast enough, and warm?
//!
//! One request after another, as a bot sends them: five messages in crisis, then as many others as wanted.
//!
//! | file | noun |
//! |---|---|
//! | [`crisis`] | the five messages |
//! | [`asking`] | what was asked and answered, over HTTP or in this process |
//! | [`figures`] | what follows from it |
//! | [`repeat`] | the same messages once more |
//! | [`report`] | all of it, for people, as JSON and as a page |

mod asking;
mod crisis;
mod figures;
mod repeat;
mod report;

use anyhow::Result;
use ash_runtime::{LogLevel, LogSettings, Overrides, Service};
use ash_server::init_log;

use self::asking::{Message, inside, over_http};
use self::crisis::CRISIS;
use self::figures::Figures;
use self::repeat::Repeat;
use self::report::{Report, Where};
use super::history::entry::Built;
use super::output;
use super::target::{self, Limit, Target, measured};
use super::texts::Texts;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::{progress, setup};

/// Arguments of `bench validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: target::Args,
    /// Measure the service in this process, without HTTP
    #[arg(long, conflicts_with_all = ["url", "spawn", "key_file", "repeat"])]
    in_process: bool,
    /// Requests after the five messages in crisis
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,
    /// Then send the same messages again, to measure how fast the cache answers
    #[arg(long)]
    repeat: bool,
    /// Milliseconds a request should take at most [default: the target of the server, or 50]
    #[arg(long, value_name = "MS", value_parser = positive)]
    target_ms: Option<f64>,
    /// Exit with 1 unless all that is asserted holds; see below
    #[arg(long)]
    assert: bool,
    #[command(flatten)]
    output: output::Args,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench validate --spawn
  ash-nlp bench validate --spawn --requests 1000 --repeat --html validate.html
  ash-nlp bench validate --url http://127.0.0.1:8881 --key-file key.txt --assert
  ash-nlp bench validate --in-process --json

--assert asserts:
  the average of all requests is within the target;
  the success rate is 100 %: each request was answered with a verdict by all parts of the
  analysis, and each of the five messages in crisis as high or critical; with --repeat, so was
  each of the same again;
  the first request took at most 1.25 times the median of the later, and 5 ms.

consistency is the standard deviation of all requests, in ms; warm-up effectiveness is the later
average by the first request, in percent, at most 100. All requests use one connection; no two
messages are alike. With --url, the first request is the first of this run, not the first that the
server ever got, and webhooks of that server are told of what is urgent.";

/// Milliseconds above 0.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ms) if ms > 0.0 && ms.is_finite() => Ok(ms),
        _ => Err("a number of milliseconds above 0 is needed".to_owned()),
    }
}

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let output = args.output.open(global)?;
    let messages = messages(usize::try_from(args.requests)?);
    let report = if args.in_process {
        in_process(global, args, &messages)?
    } else {
        measured(served(global, args, &messages))?
    };
    output.write(&report, args.assert)
}

/// The five, then so many others; each with three harmless words that no earlier run sent.
fn messages(more: usize) -> Vec<Message> {
    let texts = Texts::new();
    let crises = CRISIS.iter().map(|text| Message { text: texts.next_timed(text), is_crisis: true });
    let others = (0..more).map(|_| Message { text: texts.next().1, is_crisis: false });
    crises.chain(others).collect()
}

async fn served(global: &Global, args: &Args, messages: &[Message]) -> Result<Report> {
    let target = Target::ready(global, &args.target).await?;
    let status = target.status().await;
    let limit = Limit::of(args.target_ms, &status);
    let mut connection = target.connection();
    let mut send = async |what| {
        let bar = progress::bar(messages.len(), what);
        let asked = over_http(&mut connection, &target.url, messages, &bar).await;
        bar.finish_and_clear();
        asked
    };
    let asked = send("one at a time").await?;
    let again = if args.repeat { Some(send("the same again").await?) } else { None };

    let place = if target.pid().is_some() { Where::Spawned } else { Where::Server };
    let start_to_ready_ms = target.start_to_ready_ms;
    let stopped_cleanly = target.stop().await?;
    let repeat = again.map(|again| Repeat::of(&again));
    let mut report = Report::of(place, Built::told(&status), Figures::of(&asked, limit)?, repeat);
    report.start_to_ready_ms = start_to_ready_ms;
    report.stopped_cleanly = stopped_cleanly;
    Ok(report)
}

/// Warmed up as a server would be, and nothing is remembered.
fn in_process(global: &Global, args: &Args, messages: &[Message]) -> Result<Report> {
    let settings = setup::settings(global, Overrides::default().set("cache.enabled", false))?;
    init_log(LogSettings { level: LogLevel::Warn, ..settings.log });
    let ms = args.target_ms.unwrap_or(settings.performance.target_ms as f64);
    let limit = Limit { ms, assumed: false };
    let built = Built::this(settings.fingerprint());
    let start = std::time::Instant::now();
    let service = Service::start(settings)?;
    let ready = start.elapsed();
    let bar = progress::bar(messages.len(), "one at a time");
    let asked = inside(&service, messages, &bar)?;
    bar.finish_and_clear();
    let mut report = Report::of(Where::InProcess, built, Figures::of(&asked, limit)?, None);
    report.start_to_ready_ms = Some(super::latency::milliseconds(ready));
    Ok(report)
}
