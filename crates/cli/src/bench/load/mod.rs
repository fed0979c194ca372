//! `ash-nlp bench load`: more to do than can be done, and what becomes of it.
//!
//! | file | noun |
//! |---|---|
//! | [`args`] | what can be asked |
//! | [`open`] | requests at a fixed rate, whatever the answers do |
//! | [`closed`] | clients that wait for their answers |
//! | [`ramp`] | one rate after another |
//! | [`rates`] | what that found, as a table and as plots |
//! | [`tally`] | how requests ended |
//! | [`watch`] | /health and memory meanwhile |
//! | [`recovery`] | the seconds after an overload |
//! | [`found`] | all of it, and what of it should be |
//! | [`report`] | the same for people and as a page |

mod args;
mod closed;
mod found;
mod open;
mod ramp;
mod rates;
mod recovery;
mod report;
mod tally;
mod watch;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use ash_analysis::MessageText;
use ash_runtime::Overrides;

pub(crate) use self::args::Args;
use self::args::{Plan, Rate};
use self::found::{Found, Report, Setting, Shape};
use self::open::Schedule;
use self::ramp::Step;
use self::recovery::{normal_median_ms, recover};
use self::tally::{Tallied, Tally};
use self::watch::Watch;
use super::client::Endpoint;
use super::engine::{self, BATCH};
use super::history::entry::Built;
use super::target::{Limit, Target, admitted, measured};
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

/// Measures and prints the report to standard output.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let output = args.output.open(global)?;
    let texts = Arc::new(Texts::new().repeating(args.repeat_share));
    // Before the server runs, for they would share the cores.
    let engine = match (args.plan(), args.target.spawn()) {
        (Plan::Closed { .. }, true) => Some(engine_alone(global)?),
        _ => None,
    };
    let report = measured(measure(global, args, &texts, engine))?;
    output.write(&report, args.assert)
}

/// Messages a second in full batches, without HTTP and queue.
fn engine_alone(global: &Global) -> Result<f64> {
    let texts = Texts::new();
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
    let status = target.status().await;
    let limit = Limit::of(args.target_ms, &status);

    let duration = args.duration();
    let begin = || Watch::begin(Arc::clone(endpoint), target.pid());
    let found = match args.plan() {
        Plan::Closed { clients } => {
            let of = usize::from(clients);
            if let Some(warm_up) = args.warm_up {
                closed_loop(endpoint, of, warm_up, texts, "warming up").await;
            }
            let watch = begin();
            let load = closed_loop(endpoint, of, duration, texts, "closed loop").await;
            Found::loaded(Shape::Closed { clients }, load, watch.seen()?)
        }
        Plan::Ramp(rates) => {
            warm_up_open(args, endpoint, rates.first().copied(), texts).await;
            let watch = begin();
            let mut steps = Vec::with_capacity(rates.len());
            for rate in rates {
                let what = format!("{rate} requests/s");
                let load = open_loop(endpoint, rate, duration, texts, what).await;
                steps.push(Step::of(rate, load, limit.ms));
            }
            Found::ramped(steps, watch.seen()?)
        }
        Plan::Open(rate) => {
            let normal = normal_median_ms(endpoint, texts).await;
            let (rate, capacity_per_second) = match rate {
                Rate::Fixed(rate) => (rate, None),
                Rate::Factor(factor) => {
                    let capacity = capacity(endpoint, texts).await?;
                    (factor * capacity, Some(capacity))
                }
            };
            warm_up_open(args, endpoint, Some(rate), texts).await;
            let watch = begin();
            let (load, recovery) = open_and_after(endpoint, rate, duration, texts, normal, &watch).await;
            let found = Found::loaded(Shape::Open { rate, capacity_per_second }, load, watch.seen()?);
            Found { recovery, ..found }
        }
    };
    let spawned = target.pid().is_some();
    let stopped_cleanly = target.stop().await?;
    let setting = Setting {
        setup: args.setup(),
        server: Built::told(&status),
        spawned,
        duration_seconds: duration.as_secs_f64(),
        warm_up_seconds: args.warm_up.unwrap_or_default().as_secs_f64(),
        repeat_share: args.repeat_share,
        limit,
        stopped_cleanly,
    };
    Ok(Report::of(setting, found, engine))
}

/// The load that is not counted, if any is wanted.
async fn warm_up_open(args: &Args, endpoint: &Arc<Endpoint>, rate: Option<f64>, texts: &Arc<Texts>) {
    if let Some((duration, rate)) = args.warm_up.zip(rate) {
        open_loop(endpoint, rate, duration, texts, "warming up").await;
    }
}

async fn closed_loop(
    endpoint: &Arc<Endpoint>,
    clients: usize,
    duration: Duration,
    texts: &Arc<Texts>,
    what: &'static str,
) -> Tallied {
    let mut tally = Tally::new(duration);
    let bar = progress::clock(duration, what);
    closed::run(endpoint, clients, duration, texts, &bar, |ended| tally.add(&ended)).await;
    bar.finish_and_clear();
    tally.done_waiting()
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

async fn open_loop(
    endpoint: &Arc<Endpoint>,
    rate: f64,
    duration: Duration,
    texts: &Arc<Texts>,
    what: impl Into<Cow<'static, str>>,
) -> Tallied {
    let mut tally = Tally::new(duration);
    let bar = progress::clock(duration, what);
    let tell = |ended: Option<_>| match ended {
        Some(ended) => tally.add(&ended),
        None => tally.add_unsent(),
    };
    open::run(endpoint, &Schedule { rate, duration }, || texts.next().1, &bar, tell).await;
    bar.finish_and_clear();
    tally.done()
}

/// The load, and from the moment of its end the recovery, while its last answers still come in.
async fn open_and_after(
    endpoint: &Arc<Endpoint>,
    rate: f64,
    duration: Duration,
    texts: &Arc<Texts>,
    normal_median_ms: Option<f64>,
    watch: &Watch,
) -> (Tallied, Option<recovery::Recovery>) {
    let load = open_loop(endpoint, rate, duration, texts, "open loop");
    let after = async {
        tokio::time::sleep(duration).await;
        watch.load_ended();
        match normal_median_ms {
            Some(normal) => Some(recover(endpoint, texts, normal).await),
            None => None,
        }
    };
    tokio::join!(load, after)
}
