//! Trends for people, as JSON and as a page.

use std::fmt::{self, Display, Formatter, Write as _};

use serde::Serialize;

use super::entry::Machine;
use super::file::{Broken, History};
use super::trend::{Point, Trend, trends};
use crate::bench::sparkline::sparkline;
use crate::html::chart::{Axis, Lines, Series};
use crate::html::{CLOSED, opened, table};
use crate::terminal::{ALARM, FAINT, STRONG, bar, styled};

/// Cells of a bar.
const BAR: usize = 16;
/// Letters of a label that are shown.
const LABEL: usize = 28;

/// The history as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) entries: usize,
    pub(super) broken: Vec<Broken>,
    /// The share by which a cost may grow.
    pub(super) tolerance: f64,
    /// Trends whose newest entry became slower.
    pub(super) regressions: usize,
    pub(super) trends: Vec<Trend>,
}

impl Report {
    pub(super) fn of(history: History, tolerance: f64) -> Self {
        let trends = trends(&history.entries, tolerance);
        let regressions = trends.iter().filter(|trend| trend.regressed()).count();
        Report { entries: history.entries.len(), broken: history.broken, tolerance, regressions, trends }
    }

    fn verdict(&self) -> String {
        let percent = self.tolerance * 100.0;
        match (self.entries, self.regressions) {
            (0, _) => "Nothing is recorded yet.".to_owned(),
            (_, 0) => format!("No figure became slower by more than {percent:.0} %."),
            (_, 1) => format!("1 figure became slower by more than {percent:.0} %."),
            (_, n) => format!("{n} figures became slower by more than {percent:.0} %."),
        }
    }

    /// A self-contained page.
    pub(super) fn page(&self) -> String {
        let mut html = opened("Measurements over time", &self.verdict());
        for trend in &self.trends {
            // Writing to a String cannot fail.
            let _ = writeln!(html, "<h2>{}</h2>", crate::html::escaped(&trend.name()));
            let cost = |(n, p): (usize, &Point)| (n as f64 + 1.0, p.cost.unwrap_or(p.value));
            let judged = trend.points.iter().any(|p| p.cost.is_some());
            let lines = Lines {
                title: &format!("{}: {}, by the fixed work of the same minute", trend.kind, trend.figure),
                x: Axis::numbered("entry", trend.points.len()),
                y: if judged { "cost: ms per message ÷ ms of the fixed work" } else { "B ÷ A" },
                series: vec![Series {
                    name: &trend.figure,
                    points: trend.points.iter().enumerate().map(cost).collect(),
                }],
                limit: None,
            };
            html.push_str(&lines.svg());
            let rows: Vec<[String; 8]> = trend.points.iter().enumerate().map(|(n, p)| p.cells(n)).collect();
            let head =
                ["entry", "date", "label", "commit", &trend.figure, "baseline, ms", "÷ earlier", "became"];
            html.push_str(&table(head, &rows));
        }
        html + CLOSED
    }
}

impl Trend {
    fn name(&self) -> String {
        format!("{} ({}): {}, on {}", self.kind, self.setup, self.figure, self.machine)
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kernel = self.kernel.as_deref().unwrap_or("unknown instructions");
        write!(f, "{} cores of {}, {kernel}", self.cores, self.cpu)?;
        if self.optimised == Some(false) { write!(f, ", not optimised") } else { Ok(()) }
    }
}

impl Point {
    fn cells(&self, n: usize) -> [String; 8] {
        [
            (n + 1).to_string(),
            self.day(),
            self.label.clone().unwrap_or_default(),
            self.commit.clone(),
            format!("{:.2}", self.value),
            format!("{:.2}", self.baseline_ms),
            self.to_earlier.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}")),
            if self.regressed { "SLOWER".to_owned() } else { String::new() },
        ]
    }

    /// "2026-11-26 12:00".
    fn day(&self) -> String {
        self.date.get(..16).unwrap_or(&self.date).replace('T', " ")
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for trend in &self.trends {
            let costs: Vec<f64> = trend.points.iter().map(|p| p.cost.unwrap_or(p.value)).collect();
            writeln!(f, "{}  {}", styled(STRONG, trend.name()), sparkline(&costs))?;
            let head = format!(
                "{:<17}{:<20}{:>22}{:>10}{:>10}  {:<BAR$}  label",
                "date", "commit", trend.figure, "baseline", "÷ earlier", "cost"
            );
            writeln!(f, "  {}", styled(FAINT, head))?;
            let most = costs.iter().copied().fold(0.0, f64::max);
            for (point, cost) in trend.points.iter().zip(&costs) {
                #[expect(clippy::cast_possible_truncation, reason = "a share, drawn in 16 cells")]
                let drawn = bar((cost / most.max(f64::MIN_POSITIVE)) as f32, BAR);
                let earlier = point.to_earlier.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
                let label = crate::terminal::one_line(point.label.as_deref().unwrap_or_default(), LABEL);
                write!(
                    f,
                    "  {:<17}{:<20}{:>22.2}{:>10.2}{:>10}  {drawn}  {label}",
                    point.day(),
                    crate::terminal::one_line(&point.commit, 19),
                    point.value,
                    point.baseline_ms,
                    earlier,
                )?;
                writeln!(f, "{}", if point.regressed { styled(ALARM, "  SLOWER") } else { String::new() })?;
            }
            writeln!(f)?;
        }
        let style = if self.regressions > 0 { ALARM } else { STRONG };
        writeln!(f, "{}", styled(style, self.verdict()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::trend::tests::entry;
    use super::*;
    use crate::html::assert_whole;

    fn report(medians: &[f64]) -> Report {
        let entries = medians.iter().map(|&ms| entry("validate", ms, 20.0)).collect();
        Report::of(History { entries, broken: Vec::new() }, 0.2)
    }

    #[test]
    fn the_page_is_whole_and_marks_what_became_slower() {
        let page = report(&[10.0, 10.0, 15.0]).page();
        assert_whole(&page);
        assert!(page.contains("1 figure became slower by more than 20 %") && page.contains("SLOWER"));
        let calm = report(&[10.0, 10.0]).page();
        assert_whole(&calm);
        assert!(!calm.contains("SLOWER"));
        assert_whole(&report(&[]).page());
    }

    #[test]
    fn the_table_has_a_line_an_entry() {
        let table = anstream::adapter::strip_str(&report(&[10.0, 10.0, 15.0]).to_string()).to_string();
        assert_eq!(table.lines().filter(|l| l.contains("2026-11-26 12:00")).count(), 3, "{table}");
        assert!(table.contains("1.50") && table.contains("SLOWER") && table.contains("██"), "{table}");
        assert!(report(&[]).to_string().contains("Nothing is recorded yet."));
    }
}
