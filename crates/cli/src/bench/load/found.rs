//! What a load found, and what of it should be.

use std::collections::BTreeMap;

use ash_runtime::VERSION;
use serde::Serialize;

use super::ramp::{Step, disturbed, knee};
use super::recovery::Recovery;
use super::tally::Tallied;
use super::watch::Seen;
use crate::bench::aim::Aim;
use crate::bench::history::entry::Built;
use crate::bench::latency::microsecond;
use crate::bench::table::counted;
use crate::bench::target::Limit;

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    #[serde(flatten)]
    pub(super) setting: Setting,
    #[serde(flatten)]
    pub(super) found: Found,
    /// With a closed loop, of a server that was started here.
    pub(super) engine: Option<Engine>,
    pub(super) verdict: String,
    pub(super) aims: Vec<Aim>,
}

/// On what, and how.
#[derive(Debug, Serialize)]
pub(super) struct Setting {
    /// For the history.
    #[serde(skip)]
    pub(super) setup: String,
    pub(super) server: Built,
    pub(super) spawned: bool,
    /// Of the load, or of each rate.
    pub(super) duration_seconds: f64,
    pub(super) warm_up_seconds: f64,
    pub(super) repeat_share: f64,
    #[serde(flatten)]
    pub(super) limit: Limit,
    /// Whether a server that was started here ended with success on SIGTERM.
    pub(super) stopped_cleanly: Option<bool>,
}

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    #[serde(flatten)]
    pub(super) shape: Shape,
    /// Of one load; absent with several rates.
    pub(super) load: Option<Tallied>,
    /// Of several rates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) steps: Vec<Step>,
    pub(super) meanwhile: Seen,
    /// After an open loop, if the server answered before it.
    pub(super) recovery: Option<Recovery>,
}

/// How the requests came.
#[derive(Debug, Serialize)]
#[serde(tag = "loop", rename_all = "lowercase")]
pub(super) enum Shape {
    /// At a fixed rate.
    Open {
        /// Requests a second.
        rate: f64,
        /// Full verdicts a second that were measured first, if the rate was to be a multiple of them.
        capacity_per_second: Option<f64>,
    },
    /// From clients that wait for their answers.
    Closed {
        /// How many.
        clients: u16,
    },
    /// Open, at one rate after another.
    Ramp {
        /// The highest rate with p99 within the target; absent if there was none.
        knee_per_second: Option<f64>,
    },
}

/// The engine in a process alone, in batches of 32.
#[derive(Debug, Serialize)]
pub(super) struct Engine {
    pub(super) messages_per_second: f64,
    /// The server's full verdicts a second by that.
    pub(super) ratio: f64,
}

impl Found {
    /// Of one load.
    pub(super) fn loaded(shape: Shape, load: Tallied, meanwhile: Seen) -> Self {
        Found { shape, load: Some(load), steps: Vec::new(), meanwhile, recovery: None }
    }

    /// Of several rates.
    pub(super) fn ramped(steps: Vec<Step>, meanwhile: Seen) -> Self {
        let shape = Shape::Ramp { knee_per_second: knee(&steps) };
        Found { shape, load: None, steps, meanwhile, recovery: None }
    }

    /// All loads there were.
    pub(super) fn loads(&self) -> impl Iterator<Item = &Tallied> {
        self.load.iter().chain(self.steps.iter().map(|step| &step.load))
    }
}

impl Report {
    pub(super) fn of(setting: Setting, found: Found, engine_per_second: Option<f64>) -> Self {
        let engine = engine_per_second.zip(found.load.as_ref()).map(|(messages_per_second, load)| {
            let ratio = microsecond(load.full_per_second / messages_per_second.max(1e-9));
            Engine { messages_per_second, ratio }
        });
        let verdict = verdict(&found, setting.limit.ms);
        let aims = aims(&found, engine.as_ref());
        Report { version: VERSION, setting, found, engine, verdict, aims }
    }

    /// For the history.
    pub(super) fn figures(&self) -> BTreeMap<&'static str, f64> {
        let mut figures = BTreeMap::new();
        let mut add = |name, figure: Option<f64>| figures.extend(figure.map(|figure| (name, figure)));
        let latency = self.found.load.as_ref().and_then(|load| load.latency.as_ref());
        match &self.found.shape {
            // Of more than can be done the median says how it is refused, not how fast the code is.
            Shape::Open { capacity_per_second: Some(capacity), .. } => {
                add("capacity_per_second", Some(*capacity));
                add("p50_ms", latency.map(|l| l.p50_ms));
            }
            Shape::Open { .. } => add("median_ms", latency.map(|l| l.p50_ms)),
            Shape::Closed { .. } => {
                // What was judged by words alone is quick, and says nothing of the models.
                let full = self.found.load.as_ref().and_then(|load| load.full_latency.as_ref());
                add("median_ms", full.map(|l| l.p50_ms));
                add("full_per_second", self.found.load.as_ref().map(|load| load.full_per_second));
            }
            Shape::Ramp { knee_per_second } => {
                add("knee_per_second", *knee_per_second);
                // The lightest load tells of the code, the heavier ones of waiting.
                let lightest = self.found.steps.first().and_then(|step| step.load.latency.as_ref());
                add("median_ms", lightest.map(|l| l.p50_ms));
            }
        }
        add("p99_ms", latency.map(|l| l.p99_ms));
        add("max_memory_mib", self.found.meanwhile.memory.map(|m| m.max_mib));
        figures
    }
}

/// What a service under load promises.
fn aims(found: &Found, engine: Option<&Engine>) -> Vec<Aim> {
    let untold: u64 = found.loads().map(|load| load.counts.server_errors_without_retry_after).sum();
    let unanswered: u64 = found.loads().map(|load| load.counts.unanswered()).sum();
    let health = found.meanwhile.health.as_ref().map(|h| h.p99_ms);
    let unhealthy = found.meanwhile.health_failures;
    let mut aims = vec![
        // First: of a server that died, all that follows is good, for it is of the answers that came.
        Aim::at_most("requests without an answer", Some(unanswered as f64), 0.0),
        Aim::at_most("GET /health without an answer", Some(unhealthy as f64), 0.0),
        Aim::at_most("5xx without Retry-After", Some(untold as f64), 0.0),
        Aim::at_most("p99 of GET /health, ms", health, 20.0),
    ];
    match found.shape {
        Shape::Open { .. } => {
            let recovery = found.recovery.as_ref().and_then(|r| r.recovery_ms);
            aims.push(Aim::at_most("recovery, ms", recovery, 5000.0));
        }
        Shape::Ramp { .. } => {
            let holding = found.steps.iter().filter(|step| step.holds).count() as f64;
            aims.push(Aim::at_least("rates with p99 within the target ≥ 1", Some(holding), 1.0));
        }
        Shape::Closed { .. } => {}
    }
    if let Some(engine) = engine {
        aims.push(Aim::at_least("share of the engine's own throughput ≥ 0.9", Some(engine.ratio), 0.9));
    }
    aims
}

/// The whole in a sentence.
fn verdict(found: &Found, target_ms: f64) -> String {
    if let Shape::Ramp { knee_per_second } = found.shape {
        let noise = match disturbed(&found.steps) {
            0 => String::new(),
            n => format!(
                " {} did not, so the machine was disturbed: measure again.",
                counted(n, "slower rate")
            ),
        };
        return match knee_per_second {
            Some(knee) => format!(
                "{knee} requests/s is the highest of these rates with p99 within {target_ms} ms and 99 of 100 judged in full.{noise}"
            ),
            None => {
                format!("None of these rates had p99 within {target_ms} ms and 99 of 100 judged in full.")
            }
        };
    }
    let Some(load) = &found.load else { return String::new() };
    let median = load
        .latency
        .as_ref()
        .map_or_else(|| "no answer".to_owned(), |l| format!("median {:.1} ms", l.p50_ms));
    let degraded = load.degraded_share.unwrap_or(0.0) * 100.0;
    let lost = counted(load.counts.unanswered(), "request");
    format!(
        "{:.1} answers/s, {:.1} of them full verdicts ({degraded:.1} % degraded), {median}; {lost} without an answer.",
        load.answers_per_second, load.full_per_second
    )
}
