//! Several rates as a table, as plots, and why some of them failed.

use std::fmt::{self, Formatter, Write as _};

use super::ramp::Step;
use super::report::{OF_429, told};
use crate::bench::sparkline::sparkline;
use crate::bench::table::{Table, percent};
use crate::html::chart::{Axis, Lines, Series};
use crate::html::table;
use crate::terminal::{FAINT, STRONG, styled};

/// A figure of a rate.
struct Column {
    head: &'static str,
    /// In the terminal, the space before it included.
    width: usize,
    /// Where there is no room for all, the highest are left out first; 0 stays.
    spare: u8,
}

const COLUMNS: [Column; 11] = [
    Column { head: "requests/s", width: 10, spare: 0 },
    Column { head: "answers/s", width: 10, spare: 3 },
    Column { head: "in full/s", width: 10, spare: 1 },
    Column { head: "degraded", width: 9, spare: 2 },
    Column { head: "cached", width: 8, spare: 4 },
    Column { head: "median", width: 8, spare: 0 },
    Column { head: "p90", width: 8, spare: 7 },
    Column { head: "p99", width: 8, spare: 0 },
    Column { head: "p99.9", width: 8, spare: 6 },
    Column { head: "longest", width: 8, spare: 5 },
    Column { head: "holds", width: 6, spare: 0 },
];
/// Before each line.
const INDENT: usize = 2;

/// A step as cells of the columns.
fn cells(step: &Step) -> [String; COLUMNS.len()] {
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

/// Latency and answers by rate, a line each, and why some failed.
pub(super) fn page(steps: &[Step], target_ms: f64) -> String {
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
    let mut html = latency.svg() + &answers.svg();
    html.push_str(&table(COLUMNS.map(|c| c.head), &steps.iter().map(cells).collect::<Vec<_>>()));
    let failures: Vec<[String; 3]> = steps.iter().filter_map(failure).collect();
    if !failures.is_empty() {
        html.push_str(&table(["requests/s", "no verdict", "why"], &failures));
    }
    html
}

/// A line a rate, and the latency of all in one; of a terminal of so many columns.
pub(super) fn write(f: &mut Formatter<'_>, steps: &[Step], columns: Option<usize>) -> fmt::Result {
    let shown = shown(columns);
    let line = |cells: [&str; COLUMNS.len()]| -> String {
        let all = cells.iter().zip(&COLUMNS).zip(shown);
        all.filter(|(_, shown)| *shown).fold(String::new(), |mut line, ((cell, column), _)| {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:>0$}", column.width);
            line
        })
    };
    writeln!(f, "{:INDENT$}{}", "", styled(FAINT, line(COLUMNS.map(|c| c.head))))?;
    for step in steps {
        let cells = cells(step);
        let line = line(cells.each_ref().map(String::as_str));
        writeln!(f, "{:INDENT$}{}", "", if step.holds { styled(STRONG, line) } else { line })?;
    }
    let p99: Vec<f64> = steps.iter().filter_map(|s| s.load.latency.as_ref()).map(|l| l.p99_ms).collect();
    writeln!(f, "\n  p99 by rate  {}  latencies in ms, since requests were due\n", sparkline(&p99))
}

/// Which columns there is room for.
fn shown(columns: Option<usize>) -> [bool; COLUMNS.len()] {
    let within = |spare: u8| COLUMNS.each_ref().map(|column| column.spare <= spare);
    let width = |shown: [bool; COLUMNS.len()]| {
        let widths = COLUMNS.iter().zip(shown).filter(|(_, shown)| *shown).map(|(column, _)| column.width);
        INDENT + widths.sum::<usize>()
    };
    let most = COLUMNS.iter().map(|column| column.spare).max().unwrap_or(0);
    let fitting = (0..=most).rev().map(within).find(|&shown| columns.is_none_or(|c| width(shown) <= c));
    fitting.unwrap_or_else(|| within(0))
}

/// Why rates failed: a line for each that has requests without a verdict.
pub(super) fn lines(steps: &[Step], table: &mut Table) {
    for [rate, count, why] in steps.iter().filter_map(failure) {
        table.line(&format!("no verdict at {rate}/s"), count, why);
    }
    if steps.iter().any(|step| step.load.counts.statuses.contains_key(&429)) {
        table.line("", "", OF_429);
    }
}

/// The rate, "3 of 40", "429: 2 · timeout: 1"; none if there was a verdict on each request.
fn failure(step: &Step) -> Option<[String; 3]> {
    let counts = &step.load.counts;
    let (count, ends) = counts.without_verdict();
    let of = format!("{count} of {}", counts.sent + counts.unsent);
    (count > 0).then(|| [format!("{:.1}", step.rate), of, told(&ends)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_shows_what_matters_and_breaks_no_row() {
        let heads = |columns| -> Vec<&str> {
            let all = COLUMNS.iter().zip(shown(columns));
            all.filter(|(_, shown)| *shown).map(|(column, _)| column.head).collect()
        };
        assert_eq!(heads(None).len(), COLUMNS.len());
        assert_eq!(heads(Some(120)).len(), COLUMNS.len());
        let at_80 = [
            "requests/s",
            "answers/s",
            "in full/s",
            "degraded",
            "cached",
            "median",
            "p99",
            "longest",
            "holds",
        ];
        assert_eq!(heads(Some(80)), at_80);
        assert_eq!(heads(Some(10)), ["requests/s", "median", "p99", "holds"]);
    }
}
