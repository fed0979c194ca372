//! Trends for people, as JSON and as a page.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter, Write as _};

use serde::Serialize;

use super::entry::Machine;
use super::file::{Broken, History};
use super::trend::{Point, Trend, trends};
use crate::bench::sparkline::sparkline;
use crate::bench::table::counted;
use crate::html::chart::{Axis, Lines, Series};
use crate::html::{CLOSED, opened, table};
use crate::terminal::{ALARM, FAINT, STRONG, bar, columns, hanging, one_line, styled};

/// Widths of a table in the terminal, the spaces before or behind a cell included; 0 is left out. There is always a date, the
/// figure by what was earlier, and the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Widths {
    commit: usize,
    figure: usize,
    baseline: usize,
    bar: usize,
    label: usize,
}

/// "  2026-11-26 12:00 ", the cost by the earlier, "  SLOWER".
const INDENT: usize = 2;
const DATE: usize = 17;
const EARLIER: usize = 10;
const MARK: usize = 8;
/// A commit without tags.
const SHORT: usize = 10;

impl Widths {
    /// Of a terminal of so many columns, for that figure.
    fn of(columns: Option<usize>, figure: &str) -> Self {
        let all = Widths { commit: 20, figure: 22, baseline: 10, bar: 18, label: 30 };
        let Some(columns) = columns.filter(|&columns| columns < all.sum()) else { return all };
        let figure = SHORT.max(figure.len() + 1);
        let least = Widths { commit: SHORT, figure, baseline: 0, bar: 0, label: 0 };
        let room = columns.saturating_sub(least.sum());
        Widths { label: if room < SHORT { 0 } else { room.min(all.label) }, ..least }
    }

    const fn sum(self) -> usize {
        INDENT + DATE + self.commit + self.figure + self.baseline + EARLIER + self.bar + self.label + MARK
    }

    /// The heads of the columns.
    fn head(self, figure: &str) -> String {
        self.line([("date", "commit"), (figure, "baseline"), ("÷ earlier", "cost")], "label")
    }

    /// A line an entry; `share` is its cost by the highest.
    fn entry(self, point: &Point, share: f64) -> String {
        let [value, baseline] = [point.value, point.baseline_ms].map(|figure| format!("{figure:.2}"));
        let earlier = point.to_earlier.map_or_else(|| "–".to_owned(), |r| format!("{r:.2}"));
        let commit = one_line(&point.commit, self.commit - 1);
        #[expect(clippy::cast_possible_truncation, reason = "a share, drawn in some cells")]
        let drawn = bar(share as f32, self.bar.saturating_sub(2));
        let label = one_line(point.label.as_deref().unwrap_or_default(), self.label.saturating_sub(2));
        self.line([(&point.day(), &commit), (&value, &baseline), (&earlier, &drawn)], &label)
    }

    fn line(
        self,
        [(date, commit), (figure, baseline), (earlier, cost)]: [(&str, &str); 3],
        label: &str,
    ) -> String {
        let Widths { commit: c, figure: f, baseline: b, .. } = self;
        let mut line = format!("{:INDENT$}{date:<DATE$}{commit:<c$}{figure:>f$}", "");
        // Writing to a String cannot fail.
        if b > 0 {
            let _ = write!(line, "{baseline:>b$}");
        }
        let _ = write!(line, "{earlier:>EARLIER$}");
        for (cell, width) in [(cost, self.bar), (label, self.label)] {
            if width > 0 {
                let _ = write!(line, "  {cell:<0$}", width - 2);
            }
        }
        line
    }
}

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
        if self.entries == 0 {
            return "Nothing is recorded yet.".to_owned();
        }
        let trends = match self.regressions {
            0 => "no trend".to_owned(),
            n => counted(n, "trend"),
        };
        let earlier = match self.earlier() {
            0 => String::new(),
            1 => " (1 earlier entry was)".to_owned(),
            n => format!(" ({n} earlier entries were)"),
        };
        format!("The newest of {trends} is slower by more than {:.0} %{earlier}.", self.tolerance * 100.0)
    }

    /// Entries that are marked, though they are the newest of no trend: of two figures of one, the entry counts once.
    fn earlier(&self) -> usize {
        let marked = self.trends.iter().flat_map(|trend| {
            let earlier = trend.points.split_last().map_or(&[][..], |(_, earlier)| earlier);
            let marked = earlier.iter().filter(|point| point.regressed);
            marked.map(|point| (&trend.kind, &trend.setup, &trend.machine, &point.date))
        });
        marked.collect::<BTreeSet<_>>().len()
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
            let name = format!("{}  {}", trend.name(), sparkline(&costs));
            writeln!(f, "{}", styled(STRONG, hanging(&name, INDENT, columns())))?;
            let widths = Widths::of(columns(), &trend.figure);
            writeln!(f, "{}", styled(FAINT, widths.head(&trend.figure).trim_end()))?;
            let most = costs.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
            for (point, cost) in trend.points.iter().zip(&costs) {
                let line = widths.entry(point, cost / most);
                let mark = if point.regressed { styled(ALARM, "  SLOWER") } else { String::new() };
                writeln!(f, "{}", (line + &mark).trim_end())?;
            }
            writeln!(f)?;
        }
        let style = if self.regressions > 0 { ALARM } else { STRONG };
        writeln!(f, "{}", styled(style, self.verdict()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
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
        assert!(
            page.contains("The newest of 1 trend is slower by more than 20 %.") && page.contains("SLOWER")
        );
        let calm = report(&[10.0, 10.0]).page();
        assert_whole(&calm);
        assert!(
            !calm.contains("SLOWER") && calm.contains("The newest of no trend is slower by more than 20 %.")
        );
        let earlier = report(&[10.0, 15.0, 10.0]).verdict();
        assert_eq!(earlier, "The newest of no trend is slower by more than 20 % (1 earlier entry was).");
        let worse = |n: u8| Entry {
            date: format!("2026-11-26T12:0{n}:00Z"),
            ..entry("validate", f64::from(n), 20.0)
        };
        let history = History { entries: [1, 2, 3, 5].map(worse).to_vec(), broken: Vec::new() };
        let mixed = Report::of(history, 0.2).verdict();
        assert_eq!(mixed, "The newest of 1 trend is slower by more than 20 % (2 earlier entries were).");
        assert_whole(&report(&[]).page());
    }

    #[test]
    fn a_narrow_terminal_breaks_no_row() {
        let mut point = Trend::clone(&report(&[10.0, 15.0]).trends[0]).points.remove(1);
        point.label = Some("what was done for longer than a line".to_owned());
        point.commit = "v0.1.0-12-g0123456-dirty".to_owned();
        for (columns, figure) in
            [(80, "capacity_per_second"), (80, "median_ms"), (100, "median_ms"), (136, "median_ms")]
        {
            let widths = Widths::of(Some(columns), figure);
            for line in [widths.head(figure), widths.entry(&point, 1.0)] {
                let width = line.trim_end().chars().count() + MARK;
                assert!(width <= columns, "{width} of {columns}: {line}");
            }
            assert!(widths.entry(&point, 1.0).contains("what was"), "{columns}");
        }
        assert!(Widths::of(None, "median_ms").entry(&point, 1.0).contains("█"));
        assert!(Widths::of(Some(60), "median_ms").head("median_ms").contains("÷ earlier"));
    }

    #[test]
    fn the_table_has_a_line_an_entry() {
        let table = anstream::adapter::strip_str(&report(&[10.0, 10.0, 15.0]).to_string()).to_string();
        assert_eq!(table.lines().filter(|l| l.contains("2026-11-26 12:00")).count(), 3, "{table}");
        assert!(table.contains("1.50") && table.contains("SLOWER") && table.contains("██"), "{table}");
        assert!(report(&[]).to_string().contains("Nothing is recorded yet."));
    }
}
