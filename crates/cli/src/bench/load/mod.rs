//! `ash-nlp bench load`: more to do than can be done, and what becomes of it.
//!
//! | file | noun |
//! |---|---|
//! | [`open`] | requests at a fixed rate, whatever the answers do |
//! | [`closed`] | clients that wait for their answers |
//! | [`tally`] | how requests ended |
//! | [`watch`] | /health and memory meanwhile |
//! | [`recovery`] | the seconds after an overload |
//! | [`report`] | all of it, for people and as JSON |

mod closed;
mod open;
mod recovery;
mod report;
mod tally;
mod watch;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anstream::stdout;
use anyhow::{Result, bail};
use ash_analysis::MessageText;
use ash_runtime::{Overrides, VERSION};

use self::open::Schedule;
use self::recovery::{normal_median_ms, recover};
use self::report::{Engine, Report, Shape};
use self::tally::{Tallied, Tally};
use self::watch::Watch;
use super::client::Endpoint;
use super::engine::{self, BATCH};
use super::target::{self, Target, admitted, block_on};
use super::texts::Texts;
use crate::args::Global;
use crate::outcome::Outcome;
use crate::{progress, setup};

/// Clients that find the capacity: enough to fill the batches, too few to fill the queue.
const CAPACITY_CLIENTS: usize = 64;
const CAPACITY_DURATION: Duration = Duration::from_secs(5);
/// How long the engine is measured alone, about.
const ENGINE_SECONDS: f64 = 5.0;
/// Whatever its speed, it gets so many messages at least and at most.
const ENGINE_MESSAGES: (f64, f64) = (32.0, 8192.0);

/// Arguments of `bench load`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    target: target::Args,
    /// Open loop: requests a second
    #[arg(long, value_name = "R", value_parser = positive, conflicts_with_all = ["rate_factor", "clients"])]
    rate: Option<f64>,
    /// Open loop: times the capacity, which is measured first, 5 s with 64 clients
    #[arg(long, value_name = "X", value_parser = positive, default_value = "2", conflicts_with = "clients")]
    rate_factor: f64,
    /// Closed loop: clients that each send their next request when they have the answer to the last
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=900))]
    clients: Option<u16>,
    /// How long: 500ms, 60s or 2m
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    duration: Duration,
    /// Exit with 1 unless all aims of the report are met
    #[arg(long)]
    assert: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  ash-nlp bench load --spawn --rate-factor 2 --duration 60s
  ash-nlp bench load --spawn --clients 64 --duration 20s --json
  ash-nlp bench load --url http://127.0.0.1:8881 --rate 50 --duration 5m

In an open loop latency counts from when a request was due. Client and server share this machine's cores; the client
runs on one thread. At most 900 connections are open at a time; what was due while all were busy is `unsent`.";

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let texts = Arc::new(Texts::new());
    // Before the server runs, for they would share the cores.
    let engine = match (args.clients, args.target.spawn()) {
        (Some(_), true) => Some(engine_alone(global, &texts)?),
        _ => None,
    };
    let report = block_on(measure(global, args, &texts, engine))?;
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(out, "{report}")?;
    }
    let missed = args.assert && report.aims.iter().any(|aim| !aim.met);
    Ok(if missed { Outcome::SomeFailed } else { Outcome::Done })
}

/// Messages a second in full batches, without HTTP and queue.
fn engine_alone(global: &Global, texts: &Texts) -> Result<f64> {
    let service = setup::service(global, Overrides::default())?;
    let messages =
        |n: usize| (0..n).map(|_| MessageText::parse(&texts.next().1)).collect::<Result<Vec<_>, _>>();
    // One batch before the clock runs: it touches memory that the later find ready, and says how many are enough.
    let (least, most) = ENGINE_MESSAGES;
    let pace = engine::throughput(&service, messages(BATCH)?.into_iter(), BATCH).messages_per_second;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped, and NaN becomes 0")]
    let batches = ((pace * ENGINE_SECONDS).clamp(least, most) / BATCH as f64) as usize;
    let count = batches.max(1) * BATCH;
    Ok(engine::throughput(&service, messages(count)?.into_iter(), count).messages_per_second)
}

async fn measure(global: &Global, args: &Args, texts: &Arc<Texts>, engine: Option<f64>) -> Result<Report> {
    let target = Target::ready(global, &args.target).await?;
    admitted(&mut target.connection(), &target.url, &texts.next_median()).await?;
    let endpoint = &target.endpoint;

    let (shape, tallied, seen, recovery) = if let Some(clients) = args.clients {
        let watch = Watch::begin(Arc::clone(endpoint), target.pid());
        let tallied = closed_loop(endpoint, usize::from(clients), args.duration, texts, "closed loop").await;
        (Shape::Closed { clients }, tallied, watch.seen()?, None)
    } else {
        let normal = normal_median_ms(endpoint, texts).await;
        let (rate, capacity) = rate(args, endpoint, texts).await?;
        let watch = Watch::begin(Arc::clone(endpoint), target.pid());
        let (tallied, recovery) = open_loop(endpoint, rate, args.duration, texts, normal).await;
        (Shape::Open { rate, capacity_per_second: capacity }, tallied, watch.seen()?, recovery)
    };

    let server_version = target.status().await["version"].as_str().map(str::to_owned);
    let spawned = target.pid().is_some();
    let stopped_cleanly = target.stop()?;
    let engine = engine.map(|per_second| Engine::compared(per_second, tallied.full_per_second));
    let aims = report::aims(&shape, &tallied, &seen, recovery.as_ref(), engine.as_ref());
    Ok(Report {
        version: VERSION,
        server_version,
        spawned,
        shape,
        duration_seconds: args.duration.as_secs_f64(),
        load: tallied,
        meanwhile: seen,
        recovery,
        engine,
        aims,
        stopped_cleanly,
    })
}

async fn closed_loop(
    endpoint: &Arc<Endpoint>,
    clients: usize,
    duration: Duration,
    texts: &Arc<Texts>,
    what: &'static str,
) -> Tallied {
    let mut tally = Tally::new();
    let bar = progress::clock(duration, what);
    closed::run(endpoint, clients, duration, texts, &bar, |ended| tally.add(&ended)).await;
    bar.finish_and_clear();
    tally.done()
}

/// Requests a second, and the capacity if it was measured for that.
async fn rate(args: &Args, endpoint: &Arc<Endpoint>, texts: &Arc<Texts>) -> Result<(f64, Option<f64>)> {
    if let Some(rate) = args.rate {
        return Ok((rate, None));
    }
    let capacity = capacity(endpoint, texts).await?;
    Ok((args.rate_factor * capacity, Some(capacity)))
}

/// Full verdicts a second.
async fn capacity(endpoint: &Arc<Endpoint>, texts: &Arc<Texts>) -> Result<f64> {
    let found =
        closed_loop(endpoint, CAPACITY_CLIENTS, CAPACITY_DURATION, texts, "finding the capacity").await;
    if found.counts.full == 0 {
        bail!(
            "the server gave no full verdict in {} s, so its capacity is not known",
            CAPACITY_DURATION.as_secs()
        );
    }
    Ok(found.full_per_second)
}

/// The load, and from the moment of its end the recovery, while its last answers still come in.
async fn open_loop(
    endpoint: &Arc<Endpoint>,
    rate: f64,
    duration: Duration,
    texts: &Arc<Texts>,
    normal_median_ms: Option<f64>,
) -> (Tallied, Option<recovery::Recovery>) {
    let mut tally = Tally::new();
    let bar = progress::clock(duration, "open loop");
    let schedule = Schedule { rate, duration };
    let load = open::run(
        endpoint,
        &schedule,
        || texts.next().1,
        &bar,
        |ended| match ended {
            Some(ended) => tally.add(&ended),
            None => tally.add_unsent(),
        },
    );
    let after = async {
        tokio::time::sleep(duration).await;
        match normal_median_ms {
            Some(normal) => Some(recover(endpoint, texts, normal).await),
            None => None,
        }
    };
    let ((), recovery) = tokio::join!(load, after);
    bar.finish_and_clear();
    (tally.done(), recovery)
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("a number above 0, at most 1000000, is needed".to_owned()),
    }
}

/// `60s`, `2m`, `500ms`, or seconds without a unit; up to a day.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit} is no unit of time; ms, s, m and h are")),
    };
    let duration =
        number.trim().parse().ok().and_then(|n: f64| Duration::try_from_secs_f64(n * seconds).ok());
    let allowed = Duration::from_millis(100)..=Duration::from_secs(86_400);
    duration.filter(|d| allowed.contains(d)).ok_or_else(|| "a time from 100ms to 24h is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "s", "0s", "-1s", "1 week", "1d", "25h", "NaN", "inf", "1e400"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
