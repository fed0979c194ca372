//! What `bench validate` found: for people, as JSON, as a page.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ash_analysis::Level;
use ash_runtime::VERSION;
use serde::Serialize;

use super::figures::Figures;
use super::repeat::Repeat;
use crate::bench::aim::Aim;
use crate::bench::history::entry::{Built, Facts};
use crate::bench::output::Measured;
use crate::bench::page::{self, latency_rows};
use crate::bench::table::{Table, ms, percent};
use crate::html::{CLOSED, opened};
use crate::terminal::{ALARM, STRONG, styled};

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    #[serde(rename = "where")]
    place: Where,
    server: Built,
    passed: bool,
    verdict: String,
    /// From the start of the server's process, or of the service in this one, until it was ready.
    pub(super) start_to_ready_ms: Option<f64>,
    #[serde(flatten)]
    figures: Figures,
    /// The same messages once more.
    repeat: Option<Repeat>,
    aims: Vec<Aim>,
    /// Whether a server that was started here ended with success on SIGTERM.
    pub(super) stopped_cleanly: Option<bool>,
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Where {
    /// A server that ran already.
    Server,
    /// A server that was started for this.
    Spawned,
    /// The service in this process.
    InProcess,
}

impl Report {
    pub(super) fn of(place: Where, server: Built, figures: Figures, repeat: Option<Repeat>) -> Self {
        let mut aims = figures.aims();
        aims.extend(repeat.as_ref().map(Repeat::aim));
        let passed = aims.iter().all(|aim| aim.met);
        let verdict = if passed {
            figures.passed()
        } else {
            let again = repeat.as_ref().and_then(Repeat::failure);
            format!("Failed: {}.", figures.failures().into_iter().chain(again).collect::<Vec<_>>().join("; "))
        };
        Report {
            version: VERSION,
            place,
            server,
            passed,
            verdict,
            start_to_ready_ms: None,
            figures,
            repeat,
            aims,
            stopped_cleanly: None,
        }
    }

    fn about(&self) -> String {
        let version = self.server.version.as_deref().unwrap_or("of unknown version");
        let what = match self.place {
            Where::Server | Where::Spawned => "server",
            Where::InProcess => "in this process,",
        };
        format!("{what} {version}, {} requests one at a time", self.figures.requests)
    }
}

impl Measured for Report {
    fn page(&self) -> String {
        let f = &self.figures;
        let mut html = opened("Validation", &self.about());
        html.push_str(&page::verdict(&self.verdict, self.passed));
        html.push_str(&page::over_time(&f.timeline, Some(f.target.ms)));
        html.push_str(&page::percentiles(&[("all requests", &f.curve)], Some(f.target.ms)));
        let repeat = self.repeat.as_ref();
        html.push_str(&latency_rows(&[
            ("all requests", Some(&f.latency)),
            ("after the first", Some(&f.later)),
            ("analysis, by the server's clock", f.analysis.as_ref()),
            ("HTTP overhead", f.overhead.as_ref()),
            ("the same again", repeat.and_then(|r| r.latency.as_ref())),
        ]));
        html.push_str(&page::aims(&self.aims));
        html + CLOSED
    }

    fn facts(&self) -> Facts {
        let f = &self.figures;
        let place = match self.place {
            Where::Server => "a running server",
            Where::Spawned => "spawned",
            Where::InProcess => "in-process",
        };
        let mut figures = BTreeMap::from([
            ("average_ms", f.average_ms),
            ("median_ms", f.median_ms),
            ("p99_ms", f.latency.p99_ms),
            ("max_ms", f.max_ms),
            ("consistency_ms", f.consistency_ms),
            ("success_rate", f.success_rate),
            ("later_average_ms", f.later_average_ms),
        ]);
        figures.extend(f.first_ms.map(|first| ("first_ms", first)));
        figures.extend(f.overhead.as_ref().map(|o| ("overhead_ms", o.p50_ms)));
        figures.extend(self.start_to_ready_ms.map(|ready| ("start_to_ready_ms", ready)));
        Facts { kind: "validate", setup: place.to_owned(), of: self.server.clone(), figures }
    }

    fn aims(&self) -> &[Aim] {
        &self.aims
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of = &self.figures;
        writeln!(f, "{}\n", styled(STRONG, self.about()))?;
        let mut table = Table::default();
        let whose = if of.target.assumed {
            "assumed, /status did not say"
        } else {
            "a request should take no longer"
        };
        table.line("target", ms(of.target.ms), whose);
        let within = format!("{} of the requests within the target", percent(of.within_target_share));
        table.line("average", ms(of.average_ms), within);
        table.latency("all requests", Some(&of.latency), "4 to 40 words, three more to make each unique");
        table.timeline(&of.timeline);
        table.line("range", format!("{:.2} to {:.2} ms", of.min_ms, of.max_ms), "fastest to slowest");
        table.line("consistency", ms(of.consistency_ms), "standard deviation; smaller is steadier");
        let (seen, crises) = of.seen();
        let told = format!("{seen} of {crises} in crisis: {}", levels(&of.crisis_levels));
        table.line("success rate", format!("{:.1} %", of.success_rate), told);
        for (why, count) in &of.errors {
            table.line("  no verdict", count, why);
        }
        if of.degraded_share > 0.0 {
            table.line("  degraded", percent(of.degraded_share), "a part of the analysis was missing");
        }
        table.line("first request", of.first_ms.map_or_else(|| "not answered".to_owned(), ms), "");
        table.line("later average", ms(of.later_average_ms), format!("median {}", ms(of.later.p50_ms)));
        if let (Some(more), Some(effect)) = (of.first_to_later_ms, of.warmup_effectiveness) {
            table.line("first to later", format!("{more:+.2} ms"), "first minus later average");
            table.line(
                "warm-up effectiveness",
                format!("{effect:.1} %"),
                "later average by first, at most 100",
            );
        }
        if let Some(ready) = self.start_to_ready_ms {
            table.line("start to ready", ms(ready), "warm-up included");
        }
        table.latency("analysis", of.analysis.as_ref(), "by the service's clock, waiting included");
        if self.place != Where::InProcess {
            table.latency("HTTP overhead", of.overhead.as_ref(), "total minus analysis");
            table.line("cache", counts(&of.cache), "");
        }
        if let Some(repeat) = &self.repeat {
            table.latency("the same again", repeat.latency.as_ref(), "");
            table.latency("  analysis", repeat.analysis.as_ref(), "by the service's clock");
            table.line("  cache", counts(&repeat.cache), "");
            let of = format!("{} requests", repeat.requests);
            table.line("  success rate", format!("{:.1} %", repeat.success_rate), of);
            for (why, count) in &repeat.errors {
                table.line("  no verdict", count, why);
            }
        }
        table.aims(&self.aims);
        writeln!(f, "{table}")?;
        writeln!(f, "{}", styled(if self.passed { STRONG } else { ALARM }, &self.verdict))
    }
}

/// "critical, high, –".
fn levels(levels: &[Option<Level>]) -> String {
    let told: Vec<String> =
        levels.iter().map(|l| l.map_or_else(|| "–".to_owned(), |l| l.as_str().to_owned())).collect();
    told.join(", ")
}

/// "hit 3 · miss 97".
fn counts(counts: &BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{name} {n}")).collect();
    counts.join(" · ")
}
