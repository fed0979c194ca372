//! `ash-nlp bench live`: one request after another, as a bot sends them.
//!
//! Two questions: is the first request as fast as the later ones, which is what warming up is for; and what
//! does a request cost beyond the analysis itself.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::io::Write;
use std::time::Duration;

use anstream::stdout;
use anyhow::{Context, Result, bail};
use ash_runtime::VERSION;
use serde::Serialize;

use super::aim::Aim;
use super::client::{Connection, Reply};
use super::latency::{Latency, microsecond, milliseconds};
use super::table::{Table, ms, percent};
use super::target::{self, Target, block_on, refused};
use super::texts::Texts;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::progress;
use crate::terminal::{STRONG, styled};

/// What a request should take at most, where neither the server nor the user says.
const TARGET_MS: f64 = 50.0;

/// Arguments of `bench live`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: target::Args,
    /// Requests after the first
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    requests: u32,
    /// Then send the same messages again, to measure how fast the cache answers
    #[arg(long)]
    repeat: bool,
    /// Milliseconds a request should take at most [default: the target of the server, or 50]
    #[arg(long, value_name = "MS", value_parser = positive)]
    target_ms: Option<f64>,
    /// Exit with 1 unless the first request is within its bound and HTTP costs at most 1 ms
    #[arg(long)]
    assert: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench live --spawn
  ash-nlp bench live --spawn --requests 1000 --repeat --json
  ash-nlp bench live --url http://127.0.0.1:8881 --key-file key.txt
  ash-nlp bench live --spawn --assert

All requests use one connection, one after another; no two messages are alike. With --url, the first request is
the first of this run, not the first that the server ever got.";

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ms) if ms > 0.0 && ms.is_finite() => Ok(ms),
        _ => Err("a number of milliseconds above 0 is needed".to_owned()),
    }
}

/// The report.
#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    server_version: Option<String>,
    spawned: bool,
    /// From the start of the server's process until /health said ready.
    start_to_ready_ms: Option<f64>,
    /// The first request, the opening of the connection included.
    first_ms: f64,
    /// The others, each from before it was written until its answer was read.
    later: Latency,
    first_to_median: f64,
    /// The median of the later requests whose message is as long as the first's.
    like_first_median_ms: Option<f64>,
    first_within: Within,
    /// By the server's clock, waiting included.
    analysis: Option<Latency>,
    /// HTTP total minus analysis: reading, parsing, writing, the way there and back.
    overhead: Option<Latency>,
    degraded_share: f64,
    cache: BTreeMap<String, usize>,
    statuses: BTreeMap<u16, usize>,
    target_ms: f64,
    within_target_share: f64,
    /// The same messages once more.
    repeat: Option<Repeat>,
    aims: Vec<Aim>,
    /// Whether a server that was started here ended with success on SIGTERM.
    stopped_cleanly: Option<bool>,
}

/// The two bounds of the first request.
#[derive(Debug, Serialize)]
struct Within {
    /// What warm-up promises: 1.25 × the median of the later, and 5 ms.
    promised: bool,
    /// 1.25 × the median alone.
    strict: bool,
}

#[derive(Debug, Serialize)]
struct Repeat {
    latency: Latency,
    analysis: Option<Latency>,
    cache: BTreeMap<String, usize>,
}

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let report = block_on(measure(global, args))?;
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    let missed = args.assert && report.aims.iter().any(|aim| !aim.met);
    Ok(if missed { Outcome::SomeFailed } else { Outcome::Done })
}

async fn measure(global: &Global, args: &Args) -> Result<Report> {
    let target = Target::ready(global, &args.target).await?;
    let texts = Texts::new();
    let requests = usize::try_from(args.requests)?;
    let mut connection = target.connection();

    let (first_length, text) = texts.next();
    let mut messages = vec![text];
    let mut lengths = vec![first_length];
    for _ in 0..requests {
        let (length, text) = texts.next();
        messages.push(text);
        lengths.push(length);
    }
    let sent = send(&mut connection, &target.url, &messages, "one at a time").await?;
    let again = if args.repeat {
        Some(send(&mut connection, &target.url, &messages, "the same again").await?)
    } else {
        None
    };

    let status = target.status().await;
    let target_ms = args.target_ms.or(status["performance"]["target_ms"].as_f64()).unwrap_or(TARGET_MS);
    let server_version = status["version"].as_str().map(str::to_owned);
    let (spawned, start_to_ready_ms) = (target.pid().is_some(), target.start_to_ready_ms);
    let stopped_cleanly = target.stop()?;

    let (first, later) = sent.took.split_first().context("nothing was measured")?;
    let alike = later.iter().zip(&lengths[1..]).filter(|&(_, &length)| length == first_length);
    let like_first = Latency::of(alike.map(|(&took, _)| took).collect()).map(|l| l.p50_ms);
    let within = later.iter().filter(|&&took| milliseconds(took) <= target_ms).count();
    let within_target_share = within as f64 / later.len() as f64;
    let later = Latency::of(later.to_vec()).context("nothing was measured")?;
    let first_ms = milliseconds(*first);
    let strict = 1.25 * later.p50_ms;
    let overhead = Latency::of(sent.overhead);
    let aims = vec![
        Aim::at_most("first request, ms ≤ 1.25 × median + 5 ms", Some(first_ms), microsecond(strict + 5.0)),
        Aim::at_most("median of HTTP total minus analysis, ms", overhead.as_ref().map(|o| o.p50_ms), 1.0),
    ];
    Ok(Report {
        version: VERSION,
        server_version,
        spawned,
        start_to_ready_ms,
        first_ms,
        first_to_median: microsecond(first_ms / later.p50_ms.max(1e-9)),
        like_first_median_ms: like_first,
        first_within: Within { promised: first_ms <= strict + 5.0, strict: first_ms <= strict },
        later,
        analysis: Latency::of(sent.analysis),
        overhead,
        degraded_share: sent.degraded as f64 / messages.len() as f64,
        cache: sent.cache,
        statuses: sent.statuses,
        target_ms,
        within_target_share,
        repeat: again.and_then(|again| {
            let analysis = Latency::of(again.analysis);
            Some(Repeat { latency: Latency::of(again.took)?, analysis, cache: again.cache })
        }),
        aims,
        stopped_cleanly,
    })
}

/// What came back; the first request's time stands first, and not among `analysis` and `overhead`.
#[derive(Default)]
struct Sent {
    took: Vec<Duration>,
    analysis: Vec<Duration>,
    overhead: Vec<Duration>,
    degraded: usize,
    cache: BTreeMap<String, usize>,
    statuses: BTreeMap<u16, usize>,
}

async fn send(
    connection: &mut Connection,
    url: &str,
    messages: &[String],
    what: &'static str,
) -> Result<Sent> {
    let mut sent = Sent::default();
    let bar = progress::bar(messages.len(), what);
    for message in messages {
        let reply = connection.analyze(message).await.with_context(|| format!("{url}: POST /analyze"))?;
        sent.count(&reply, url)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(sent)
}

impl Sent {
    fn count(&mut self, reply: &Reply, url: &str) -> Result<()> {
        let status = reply.status.as_u16();
        refused(url, status)?;
        if !reply.status.is_success() {
            bail!("{url}: POST /analyze answered {status}: one request at a time should not");
        }
        *self.statuses.entry(status).or_default() += 1;
        let verdict = reply.verdict().with_context(|| format!("{url}: POST /analyze"))?;
        *self.cache.entry(verdict.cache().unwrap_or("absent").to_owned()).or_default() += 1;
        self.degraded += usize::from(verdict.is_degraded);
        let analysis = verdict.analysis_ms().and_then(|ms| Duration::try_from_secs_f64(ms / 1e3).ok());
        if let (Some(analysis), false) = (analysis, self.took.is_empty()) {
            self.analysis.push(analysis);
            self.overhead.push(reply.took.saturating_sub(analysis));
        }
        self.took.push(reply.took);
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let server = self.server_version.as_deref().unwrap_or("of unknown version");
        writeln!(
            f,
            "{}, {} requests one at a time\n",
            styled(STRONG, format!("server {server}")),
            self.later.samples + 1
        )?;
        let mut table = Table::default();
        if let Some(ready) = self.start_to_ready_ms {
            table.line("start to ready", ms(ready), "new process until /health says so");
        }
        let fits = |yes: bool| if yes { "within" } else { "above" };
        let bounds = format!(
            "{:.2} × median: {} 1.25 × median, {} 1.25 × median + 5 ms",
            self.first_to_median,
            fits(self.first_within.strict),
            fits(self.first_within.promised)
        );
        table.line("first request", ms(self.first_ms), bounds);
        table.latency("later requests", Some(&self.later), "4 to 40 words, three more to make each unique");
        if let Some(like_first) = self.like_first_median_ms {
            table.line("  as long as the first", ms(like_first), "median");
        }
        table.latency("analysis", self.analysis.as_ref(), "by the server's clock, waiting included");
        table.latency("HTTP overhead", self.overhead.as_ref(), "total minus analysis");
        let target = format!("at most {:.0} ms", self.target_ms);
        table.line("within the target", percent(self.within_target_share), target);
        table.line("degraded", percent(self.degraded_share), "");
        table.line("cache", told(&self.cache), "");
        if let Some(repeat) = &self.repeat {
            table.latency("the same again", Some(&repeat.latency), "");
            table.latency("  analysis", repeat.analysis.as_ref(), "by the server's clock");
            table.line("  cache", told(&repeat.cache), "");
        }
        table.aims(&self.aims);
        write!(f, "{table}")
    }
}

/// "hit 3 · miss 97".
fn told(counts: &BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
    counts.join(" · ")
}
