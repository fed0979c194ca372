//! What `bench load` found, for people and as a page.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};

use super::found::{Report, Shape};
use super::ramp::Step;
use super::tally::Tallied;
use super::watch::Seen;
use crate::bench::aim::Aim;
use crate::bench::history::entry::Facts;
use crate::bench::output::Measured;
use crate::bench::page::{self, latency_rows};
use crate::bench::sparkline::sparkline;
use crate::bench::table::{Table, ms, percent};
use crate::html::chart::{Axis, Lines, Series};
use crate::html::{CLOSED, opened, table};
use crate::terminal::{FAINT, STRONG, styled};

impl Report {
    fn about(&self) -> String {
        let server = self.setting.server.version.as_deref().unwrap_or("of unknown version");
        let seconds = self.setting.duration_seconds;
        let shape = match &self.found.shape {
            Shape::Open { rate, .. } => format!("open loop, {rate:.1} requests/s, {seconds:.0} s"),
            Shape::Closed { clients } => format!("closed loop, {clients} clients, {seconds:.0} s"),
            Shape::Ramp { .. } => format!("open loop, {} rates of {seconds:.0} s", self.found.steps.len()),
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
            html.push_str(&rates(&self.found.steps, self.setting.target_ms));
        }
        let health = ("GET /health meanwhile", self.found.meanwhile.health.as_ref());
        if let Some(load) = &self.found.load {
            html.push_str(&page::over_time(&load.timeline, Some(self.setting.target_ms)));
            let mut curves = vec![(measured(load), load.curve.as_slice())];
            curves.extend(load.corrected.as_ref().map(|c| ("corrected", c.curve.as_slice())));
            html.push_str(&page::percentiles(&curves, Some(self.setting.target_ms)));
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

/// Latency and answers by rate, and a line each.
fn rates(steps: &[Step], target_ms: f64) -> String {
    let line = |name, of: fn(&Step) -> Option<f64>| Series {
        name,
        points: steps.iter().filter_map(|step| Some((step.rate, of(step)?))).collect(),
    };
    let latency = Lines {
        title: "latency by rate, since requests were due",
        x: Axis::counting("requests/s"),
        y: "ms",
        series: vec![
            line("median", |s| s.load.latency.as_ref().map(|l| l.p50_ms)),
            line("p99", |s| s.load.latency.as_ref().map(|l| l.p99_ms)),
            line("longest", |s| s.load.latency.as_ref().map(|l| l.max_ms)),
        ],
        limit: Some((target_ms, "target")),
    };
    let answers = Lines {
        title: "answers by rate",
        x: Axis::counting("requests/s"),
        y: "answers/s",
        series: vec![
            line("full verdicts", |s| Some(s.load.full_per_second)),
            line("all answers", |s| Some(s.load.answers_per_second)),
        ],
        limit: None,
    };
    latency.svg() + &answers.svg() + &table(STEP, &steps.iter().map(cells).collect::<Vec<_>>())
}

/// What the cells of a step are.
const STEP: [&str; 11] = [
    "requests/s",
    "answers/s",
    "in full/s",
    "degraded",
    "cached",
    "median",
    "p90",
    "p99",
    "p99.9",
    "longest",
    "holds",
];

/// A step as cells of a table.
fn cells(step: &Step) -> [String; 11] {
    let load = &step.load;
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let latency = load.latency.as_ref();
    let [p50, p90, p99, p999, max] = [
        latency.map(|l| l.p50_ms),
        latency.map(|l| l.p90_ms),
        latency.map(|l| l.p99_ms),
        latency.map(|l| l.p999_ms),
        latency.map(|l| l.max_ms),
    ]
    .map(|ms| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1}")));
    [
        format!("{:.1}", step.rate),
        format!("{:.1}", load.answers_per_second),
        format!("{:.1}", load.full_per_second),
        share(load.degraded_share),
        share(load.cached_share),
        p50,
        p90,
        p99,
        p999,
        max,
        if step.holds { "yes".to_owned() } else { "no".to_owned() },
    ]
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", styled(STRONG, self.about()))?;
        if !self.found.steps.is_empty() {
            steps(f, &self.found.steps)?;
        }
        let mut lines = Table::default();
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

/// A line a rate, and the latency of all in one.
fn steps(f: &mut Formatter<'_>, steps: &[Step]) -> fmt::Result {
    const WIDTHS: [usize; 11] = [10, 10, 10, 9, 8, 9, 9, 9, 9, 9, 7];
    let line = |cells: [&str; 11]| -> String {
        cells.iter().zip(WIDTHS).fold(String::new(), |mut line, (cell, width)| {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:>width$}");
            line
        })
    };
    let head = line(STEP);
    writeln!(f, "  {}", styled(FAINT, head))?;
    for step in steps {
        let cells = cells(step);
        let line = line(cells.each_ref().map(String::as_str));
        writeln!(f, "  {}", if step.holds { styled(STRONG, line) } else { line })?;
    }
    let p99: Vec<f64> = steps.iter().filter_map(|s| s.load.latency.as_ref()).map(|l| l.p99_ms).collect();
    writeln!(f, "\n  p99 by rate  {}  latencies in ms, since requests were due\n", sparkline(&p99))
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
