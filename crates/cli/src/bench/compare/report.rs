//! What `bench compare` found: for people, as JSON, as a page.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use anyhow::{Context, Result};
use ash_runtime::VERSION;
use serde::Serialize;

use super::Asking;
use super::ratio::{Ratio, Round, ratio};
use crate::bench::aim::Aim;
use crate::bench::histogram::{Latencies, Percentile};
use crate::bench::history::entry::{Built, Facts};
use crate::bench::latency::{Latency, microsecond};
use crate::bench::output::Measured;
use crate::bench::page::{self, latency_rows};
use crate::bench::sparkline::sparkline;
use crate::bench::table::{Table, percent};
use crate::html::chart::{Axis, Lines, Series};
use crate::html::{CLOSED, opened, table};
use crate::terminal::{FAINT, STRONG, styled};

/// Said wherever the ratio is.
const FAIR: &str = "Both were asked in turn in the same run: noise of the machine hits both.";

/// The report.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    version: &'static str,
    a: Shown,
    b: Shown,
    rounds: usize,
    #[serde(flatten)]
    ratio: Ratio,
    /// B by A in each round, in their order.
    ratio_by_round: Vec<f64>,
    verdict: String,
    aims: Vec<Aim>,
}

/// One side.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    what: String,
    server: Built,
    latency: Latency,
    degraded_share: f64,
    curve: Vec<Percentile>,
}

impl Shown {
    pub(super) fn of<'a>(
        what: String,
        server: Built,
        asking: &Asking,
        rounds: impl Iterator<Item = &'a Vec<f64>>,
    ) -> Result<Self> {
        let times: Vec<Duration> = rounds.flatten().map(|ms| Duration::from_secs_f64(ms / 1e3)).collect();
        let curve = Latencies::of(times.iter().copied()).curve();
        let degraded_share = asking.degraded_share();
        Ok(Shown {
            what,
            server,
            latency: Latency::of(times).context("nothing was measured")?,
            degraded_share,
            curve,
        })
    }

    fn told(&self) -> String {
        let unknown = || "unknown".to_owned();
        let version = self.server.version.clone().unwrap_or_else(unknown);
        let config = self.server.config_fingerprint.clone().unwrap_or_else(unknown);
        format!("{}, version {version}, configuration {config}", self.what)
    }
}

impl Report {
    pub(super) fn of([a, b]: [Shown; 2], rounds: &[Round]) -> Result<Self> {
        let found = Ratio::of(rounds).context("nothing was measured")?;
        let mut verdict = found.verdict();
        for (name, side) in [("A", &a), ("B", &b)] {
            if side.degraded_share > 0.0 {
                let share = percent(side.degraded_share);
                // Writing to a String cannot fail, here and below.
                let _ = write!(verdict, " {share} of the verdicts of {name} lack a part of the analysis.");
            }
        }
        Ok(Report {
            version: VERSION,
            a,
            b,
            rounds: rounds.len(),
            ratio_by_round: rounds.iter().filter_map(|r| ratio(&[r])).map(microsecond).collect(),
            verdict,
            aims: vec![Aim::at_most("low end of B ÷ A ≤ 1", Some(found.likely.low), 1.0)],
            ratio: found,
        })
    }
}

impl Measured for Report {
    fn page(&self) -> String {
        let about = format!("A: {}. B: {}. {} rounds.", self.a.told(), self.b.told(), self.rounds);
        let mut html = opened("Comparison", &about);
        html.push_str(&page::verdict(&self.verdict, self.aims.iter().all(|aim| aim.met)));
        let _ = writeln!(html, "<p class=\"faint\">{FAIR}</p>");
        html.push_str(&page::percentiles(&[("A", &self.a.curve), ("B", &self.b.curve)], None));
        let by_round = Lines {
            title: "B ÷ A in each round",
            x: Axis::numbered("round", self.rounds),
            y: "B ÷ A",
            series: vec![Series {
                name: "ratio",
                points: self.ratio_by_round.iter().enumerate().map(|(n, r)| (n as f64 + 1.0, *r)).collect(),
            }],
            limit: Some((1.0, "no difference")),
        };
        html.push_str(&by_round.svg());
        html.push_str(&latency_rows(&[("A", Some(&self.a.latency)), ("B", Some(&self.b.latency))]));
        let Ratio { ratio, likely } = self.ratio;
        let cells = [ratio, likely.low, likely.high].map(|x| format!("{x:.3}"));
        html.push_str(&table(["B ÷ A", "low", "high"], &[cells]));
        html + CLOSED
    }

    fn facts(&self) -> Facts {
        let Ratio { ratio, likely } = self.ratio;
        Facts {
            kind: "compare",
            setup: format!("{} against {}", self.b.what, self.a.what),
            of: self.b.server.clone(),
            figures: BTreeMap::from([
                ("ratio", microsecond(ratio)),
                ("ratio_low", microsecond(likely.low)),
                ("ratio_high", microsecond(likely.high)),
                ("a_p50_ms", self.a.latency.p50_ms),
                ("b_p50_ms", self.b.latency.p50_ms),
            ]),
        }
    }

    fn aims(&self) -> &[Aim] {
        &self.aims
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", styled(STRONG, format!("A: {}", self.a.told())))?;
        writeln!(f, "{}\n", styled(STRONG, format!("B: {}", self.b.told())))?;
        let mut table = Table::default();
        table.latency("A", Some(&self.a.latency), "one at a time");
        table.latency("B", Some(&self.b.latency), "");
        let likely = self.ratio.likely;
        table.line("B ÷ A", format!("{:.3}", self.ratio.ratio), "ratio of the medians");
        table.line(
            "  95 % interval",
            format!("{:.3} to {:.3}", likely.low, likely.high),
            "rounds drawn anew",
        );
        let most = self.ratio_by_round.iter().copied().fold(0.0, f64::max);
        table.line("  by round", sparkline(&self.ratio_by_round), format!("tallest {most:.2}"));
        table.aims(&self.aims);
        writeln!(f, "{table}")?;
        writeln!(f, "{}\n{}", styled(STRONG, &self.verdict), styled(FAINT, FAIR))
    }
}
