//! What `bench load` found.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::recovery::Recovery;
use super::tally::Tallied;
use super::watch::Seen;
use crate::bench::aim::Aim;
use crate::bench::latency::microsecond;
use crate::bench::table::{Table, ms, percent};
use crate::terminal::{STRONG, styled};

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) server_version: Option<String>,
    pub(super) spawned: bool,
    #[serde(flatten)]
    pub(super) shape: Shape,
    pub(super) duration_seconds: f64,
    pub(super) load: Tallied,
    pub(super) meanwhile: Seen,
    /// After an open loop, if the server answered before it.
    pub(super) recovery: Option<Recovery>,
    /// With a closed loop, of a server that was started here.
    pub(super) engine: Option<Engine>,
    pub(super) aims: Vec<Aim>,
    /// Whether a server that was started here ended with success on SIGTERM.
    pub(super) stopped_cleanly: Option<bool>,
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
}

/// The engine in a process alone, in batches of 32.
#[derive(Debug, Serialize)]
pub(super) struct Engine {
    pub(super) messages_per_second: f64,
    /// The server's full verdicts a second by that.
    pub(super) ratio: f64,
}

impl Engine {
    pub(super) fn compared(messages_per_second: f64, full_per_second: f64) -> Self {
        let ratio = microsecond(full_per_second / messages_per_second.max(1e-9));
        Engine { messages_per_second, ratio }
    }
}

/// What a service under load promises.
pub(super) fn aims(
    shape: &Shape,
    load: &Tallied,
    seen: &Seen,
    recovery: Option<&Recovery>,
    engine: Option<&Engine>,
) -> Vec<Aim> {
    let untold = load.counts.server_errors_without_retry_after;
    let mut aims = vec![
        Aim::at_most("5xx without Retry-After", Some(untold as f64), 0.0),
        Aim::at_most("p99 of GET /health, ms", seen.health.as_ref().map(|h| h.p99_ms), 20.0),
    ];
    if matches!(shape, Shape::Open { .. }) {
        aims.push(Aim::at_most("recovery, ms", recovery.and_then(|r| r.recovery_ms), 5000.0));
    }
    if let Some(engine) = engine {
        aims.push(Aim::at_least("share of the engine's own throughput ≥ 0.9", Some(engine.ratio), 0.9));
    }
    aims
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let server = self.server_version.as_deref().unwrap_or("of unknown version");
        let shape = match &self.shape {
            Shape::Open { rate, .. } => format!("open loop, {rate:.1} requests/s"),
            Shape::Closed { clients } => format!("closed loop, {clients} clients"),
        };
        let title = styled(STRONG, format!("server {server}"));
        writeln!(f, "{title}, {shape}, {:.0} s\n", self.duration_seconds)?;
        let mut table = Table::default();
        if let Shape::Open { capacity_per_second: Some(capacity), .. } = self.shape {
            table.line("capacity", pace(capacity), "full verdicts, closed loop with 64 clients");
        }
        self.load.lines(&mut table);
        self.meanwhile.lines(&mut table);
        if let Some(r) = &self.recovery {
            let back = r.recovery_ms.map_or_else(|| "not within 10 s".to_owned(), ms);
            let normal = format!("until within twice the normal median of {}", ms(r.normal_median_ms));
            table.line("recovery", back, normal);
            table.line(
                "  above that",
                format!("{} of {}", r.above, r.asked),
                "requests in the 10 s after the load",
            );
        }
        if let Some(engine) = &self.engine {
            table.line("engine alone", pace(engine.messages_per_second), "in this process, batches of 32");
            table.line("  server ÷ engine", percent(engine.ratio), "");
        }
        table.aims(&self.aims);
        write!(f, "{table}")
    }
}

impl Tallied {
    fn lines(&self, table: &mut Table) {
        let counts = &self.counts;
        table.line("full verdicts", pace(self.full_per_second), counts.full);
        table.line("all answers", pace(self.answers_per_second), told(&counts.statuses));
        let share = self.degraded_share.map_or_else(|| "no verdict".to_owned(), percent);
        table.line("degraded", share, format!("{} of the verdicts", counts.degraded));
        table.latency("latency", self.latency.as_ref(), "all answers, since they were due");
        if counts.degraded > 0 {
            table.latency("  full", self.full_latency.as_ref(), "");
            table.latency("  degraded", self.degraded_latency.as_ref(), "");
        }
        let errors = if counts.errors.is_empty() { "none".to_owned() } else { told(&counts.errors) };
        table.line("no answer", errors, format!("{} sent", counts.sent));
        table.line("unsent", counts.unsent, "due while all 900 connections were busy");
        table.line("5xx without Retry-After", counts.server_errors_without_retry_after, "");
        if counts.statuses.contains_key(&429) {
            table.line(
                "",
                "",
                "429: the server's own limit of requests a second, not its capacity, was measured",
            );
        }
    }
}

impl Seen {
    fn lines(&self, table: &mut Table) {
        table.latency("GET /health", self.health.as_ref(), "every 100 ms meanwhile");
        if self.health_failures > 0 {
            table.line("  not answered", self.health_failures, "");
        }
        if let Some(m) = &self.memory {
            let all = format!("start {:.0} · end {:.0} MiB", m.start_mib, m.end_mib);
            table.line("resident memory, most", format!("{:.0} MiB", m.max_mib), all);
        }
    }
}

fn pace(per_second: f64) -> String {
    format!("{per_second:.1} messages/s")
}

/// "200: 97 · 503: 3".
fn told(counts: &BTreeMap<impl Display, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{name}: {n}")).collect();
    counts.join(" · ")
}
