//! What `bench load` found, for people and as a page.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};

use super::found::{Report, Shape};
use super::rates;
use super::tally::Tallied;
use super::watch::Seen;
use crate::bench::aim::Aim;
use crate::bench::history::entry::Facts;
use crate::bench::output::Measured;
use crate::bench::page::{self, latency_rows};
use crate::bench::table::{Table, counted, ms, percent};
use crate::html::{CLOSED, opened, table};
use crate::terminal::{STRONG, columns, styled};

impl Report {
    fn about(&self) -> String {
        let server = self.setting.server.version.as_deref().unwrap_or("of unknown version");
        let seconds = self.setting.duration_seconds;
        let shape = match &self.found.shape {
            Shape::Open { rate, .. } => format!("open loop, {rate:.1} requests/s, {seconds} s"),
            Shape::Closed { clients } => format!("closed loop, {}, {seconds} s", counted(*clients, "client")),
            Shape::Ramp { .. } => {
                format!("open loop, {} of {seconds} s", counted(self.found.steps.len(), "rate"))
            }
        };
        let mut about = format!("server {server}, {shape}");
        if self.setting.repeat_share > 0.0 {
            // Writing to a String cannot fail.
            let _ = write!(about, ", {} repeats", percent(self.setting.repeat_share));
        }
        about
    }
}

impl Measured for Report {
    fn page(&self) -> String {
        let mut html = opened("Under load", &self.about());
        html.push_str(&page::verdict(&self.verdict, self.aims.iter().all(|aim| aim.met)));
        if !self.found.steps.is_empty() {
            html.push_str(&rates::page(&self.found.steps, self.setting.limit.ms));
        }
        let health = ("GET /health meanwhile", self.found.meanwhile.health.as_ref());
        if let Some(load) = &self.found.load {
            html.push_str(&page::over_time(&load.timeline, Some(self.setting.limit.ms)));
            let mut curves = vec![(measured(load), load.curve.as_slice())];
            curves.extend(load.corrected.as_ref().map(|c| ("corrected", c.curve.as_slice())));
            html.push_str(&page::percentiles(&curves, Some(self.setting.limit.ms)));
            html.push_str(&latency_rows(&[
                (measured(load), load.latency.as_ref()),
                ("corrected for coordinated omission", load.corrected.as_ref().map(|c| &c.latency)),
                ("full verdicts", load.full_latency.as_ref()),
                ("degraded verdicts", load.degraded_latency.as_ref()),
                health,
            ]));
            html.push_str(&table(["ended", "requests"], &ends(load)));
        } else {
            html.push_str(&latency_rows(&[health]));
        }
        html.push_str(&page::aims(&self.aims));
        html + CLOSED
    }

    fn facts(&self) -> Facts {
        let (setup, of) = (self.setting.setup.clone(), self.setting.server.clone());
        Facts { kind: "load", setup, of, figures: self.figures() }
    }

    fn aims(&self) -> &[Aim] {
        &self.aims
    }
}

/// What it means that requests were refused.
pub(super) const OF_429: &str =
    "429: the server's own limit of requests a second, not its capacity, was measured";

/// Which clock the latencies of a load are by.
fn measured(load: &Tallied) -> &'static str {
    if load.corrected.is_some() { "since sent" } else { "since due" }
}

/// How the requests ended.
fn ends(load: &Tallied) -> Vec<[String; 2]> {
    let counts = &load.counts;
    let row = |name: &str, n: u64| [name.to_owned(), n.to_string()];
    let mut rows = vec![
        row("full verdict", counts.full),
        row("degraded verdict", counts.degraded),
        row("remembered (of the verdicts)", counts.cache_hits),
        row("computed for another at the same time", counts.coalesced),
    ];
    rows.extend(counts.statuses.iter().filter(|(s, _)| **s != 200).map(|(s, n)| row(&s.to_string(), *n)));
    rows.extend(counts.errors.iter().map(|(why, n)| row(&format!("no answer: {why}"), *n)));
    rows.push(row("unsent", counts.unsent));
    rows
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", styled(STRONG, self.about()))?;
        if !self.found.steps.is_empty() {
            rates::write(f, &self.found.steps, columns())?;
        }
        let mut lines = Table::default();
        rates::lines(&self.found.steps, &mut lines);
        if self.setting.limit.assumed && !self.found.steps.is_empty() {
            lines.line("target", ms(self.setting.limit.ms), "assumed, /status did not say");
        }
        if let Shape::Open { capacity_per_second: Some(capacity), .. } = self.found.shape {
            lines.line("capacity", pace(capacity), "full verdicts, closed loop with 64 clients");
        }
        if let Some(load) = &self.found.load {
            load.lines(&mut lines);
        }
        self.found.meanwhile.lines(&mut lines);
        if let Some(r) = &self.found.recovery {
            let back = r.recovery_ms.map_or_else(|| "not within 10 s".to_owned(), ms);
            let normal = format!("until within twice the normal median of {}", ms(r.normal_median_ms));
            lines.line("recovery", back, normal);
            let above = format!("{} of {}", r.above, r.asked);
            lines.line("  above that", above, "requests in the 10 s after the load");
        }
        if let Some(engine) = &self.engine {
            lines.line("engine alone", pace(engine.messages_per_second), "in this process, batches of 32");
            lines.line("  server ÷ engine", percent(engine.ratio), "");
        }
        lines.aims(&self.aims);
        writeln!(f, "{lines}")?;
        writeln!(f, "{}", styled(STRONG, &self.verdict))
    }
}

impl Tallied {
    fn lines(&self, table: &mut Table) {
        let counts = &self.counts;
        table.line("full verdicts", pace(self.full_per_second), counts.full);
        table.line("all answers", pace(self.answers_per_second), told(&counts.statuses));
        let share = self.degraded_share.map_or_else(|| "no verdict".to_owned(), percent);
        table.line("degraded", share, format!("{} of the verdicts", counts.degraded));
        let cached = self.cached_share.map_or_else(|| "no verdict".to_owned(), percent);
        table.line(
            "cached",
            cached,
            format!("{} remembered, {} coalesced", counts.cache_hits, counts.coalesced),
        );
        if let Some(corrected) = &self.corrected {
            table.latency("latency", self.latency.as_ref(), "as measured: since it was sent");
            let meaning = format!(
                "corrected for coordinated omission: a request every {:.1} ms",
                corrected.expected_interval_ms
            );
            table.latency("  corrected", Some(&corrected.latency), &meaning);
        } else {
            table.latency(
                "latency",
                self.latency.as_ref(),
                "all answers, since they were due: nothing is omitted",
            );
        }
        table.timeline(&self.timeline);
        if counts.degraded > 0 {
            table.latency("  full", self.full_latency.as_ref(), "");
            table.latency("  degraded", self.degraded_latency.as_ref(), "");
        }
        let errors = if counts.errors.is_empty() { "none".to_owned() } else { told(&counts.errors) };
        table.line("no answer", errors, format!("{} sent", counts.sent));
        table.line("unsent", counts.unsent, "due while all 900 connections were busy");
        table.line("5xx without Retry-After", counts.server_errors_without_retry_after, "");
        if counts.statuses.contains_key(&429) {
            table.line("", "", OF_429);
        }
    }
}

impl Seen {
    fn lines(&self, table: &mut Table) {
        table.latency("GET /health", self.health.as_ref(), "every 100 ms under the load");
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
pub(super) fn told(counts: &BTreeMap<impl Display, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{name}: {n}")).collect();
    counts.join(" · ")
}
