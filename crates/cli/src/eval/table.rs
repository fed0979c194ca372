//! The report of `eval` for people.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ash_analysis::Level;
use ash_analysis::evaluate::{Figure, Interval, Reliability};

use super::comparison::Comparison;
use super::figures::{Figures, GroupFigures};
use super::robustness::Robustness;
use super::worst::Miss;
use crate::rows::Row;
use crate::terminal::{ALARM, FAINT, STRONG, level_style, one_line, styled};

/// Figures as tables, for a terminal or a file.
pub(crate) struct Table<'a> {
    pub(crate) figures: &'a Figures,
    /// The rows whose text is shown beside the worst mistakes; empty unless somebody asked for it.
    pub(crate) texts: &'a [Row],
}

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let figures = self.figures;
        headline(f, figures)?;
        levels(f, figures)?;
        confusion(f, figures)?;
        reliability(f, "confidence", "right", &figures.reliability)?;
        if let Some(urgent) = &figures.urgent_reliability {
            reliability(f, "P(urgent)", "urgent", urgent)?;
        }
        groups(f, "slice", &figures.by_slice)?;
        groups(f, "category", &figures.by_category)?;
        misses(f, "urgent, judged lower", &figures.worst.missed, self.texts)?;
        misses(f, "none, judged urgent", &figures.worst.false_alarms, self.texts)?;
        figures.robustness.as_ref().map_or(Ok(()), |robustness| robust(f, robustness))?;
        figures.against.as_ref().map_or(Ok(()), |comparison| against(f, comparison))
    }
}

fn headline(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    write!(f, "{} rows, {}", figures.rows, figures.precision)?;
    if figures.seconds > 0.0 {
        let pace = figures.rows as f64 / figures.seconds;
        write!(f, ", {:.1} s ({pace:.0} messages/s)", figures.seconds)?;
    }
    writeln!(f, "\n")?;
    if figures.degraded > 0 {
        let warning = format!("{} verdicts are degraded: not all models answered.", figures.degraded);
        writeln!(f, "{}\n", styled(ALARM, warning))?;
    }
    writeln!(f, "  {}", styled(FAINT, format!("{:<18}{:>6}   95 of 100 draws", "", "")))?;
    for figure in Figure::ALL {
        let value = shown(figures.headline.get(figure), figure.decimals());
        let likely = figures.intervals.get(figure.key()).map(|of| range(of, figure.decimals()));
        let likely = format!("{:<17}", likely.unwrap_or_default());
        let name = format!("{:<18}", figure.name());
        let value = styled(STRONG, format!("{value:>6}"));
        writeln!(f, "  {name}{value}   {likely}{}", styled(FAINT, figure.meaning()))?;
    }
    let pairs = &figures.pairs;
    let notes = [
        format!("{} of {} contrast pairs are right as a whole.", pairs.right, pairs.total),
        format!("A community is assumed to write {}.", figures.prevalence),
    ];
    writeln!(f, "\n  {}", styled(FAINT, notes.join(" ")))
}

fn levels(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    head(f, "level", &["precision", "recall", "F1", "rows"])?;
    for (level, of) in &figures.by_level {
        let present = of.support > 0;
        let cells = [
            share(Some(of.precision)),
            share(present.then_some(of.recall)),
            share(Some(of.f1)),
            of.support.to_string(),
        ];
        row(f, &named(*level), &cells)?;
    }
    Ok(())
}

fn confusion(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    head(f, "true \\ judged", &Level::ALL.map(Level::as_str))?;
    for (truth, guesses) in &figures.confusion {
        let cells: Vec<String> = guesses.values().map(ToString::to_string).collect();
        row(f, &named(*truth), &cells)?;
    }
    Ok(())
}

fn groups(f: &mut Formatter<'_>, name: &str, groups: &BTreeMap<String, GroupFigures>) -> fmt::Result {
    head(f, name, &["rows", "accuracy", "urg.recall", "alarms/1k"])?;
    for (group, of) in groups {
        let cells = [
            of.support.to_string(),
            share(Some(of.accuracy)),
            share(of.urgent_recall),
            rate(of.false_alarms_per_1000),
        ];
        row(f, &format!("{group:<NAME$}"), &cells)?;
    }
    Ok(())
}

/// What is said with a probability, and how often it is so.
fn reliability(f: &mut Formatter<'_>, of: &str, true_if: &str, table: &Reliability) -> fmt::Result {
    head(f, of, &["rows", "said", true_if])?;
    for bin in &table.bins {
        let name = format!("{:.1} to {:.1}", bin.from, bin.from + 0.1);
        let cells = [bin.rows.to_string(), share(Some(bin.confidence)), share(Some(bin.accuracy))];
        row(f, &format!("{name:<NAME$}"), &cells)?;
    }
    writeln!(f, "  mean distance {}", styled(STRONG, format!("{:.3}", table.ece)))
}

/// The worst mistakes of one kind, by id; their text only if it was asked for.
fn misses(f: &mut Formatter<'_>, kind: &str, misses: &[Miss], texts: &[Row]) -> fmt::Result {
    if misses.is_empty() {
        return Ok(());
    }
    head(f, kind, &["true", "judged", "score"])?;
    for miss in misses {
        let cells = [miss.level.to_string(), miss.predicted.to_string(), share(Some(miss.score.into()))];
        row(f, &format!("{:<NAME$}", miss.id), &cells)?;
        if let Some(of) = texts.iter().find(|row| row.id == miss.id) {
            writeln!(f, "    {}", one_line(of.text.expose(), TEXT))?;
        }
    }
    Ok(())
}

/// The same messages, typed otherwise.
fn robust(f: &mut Formatter<'_>, robustness: &Robustness) -> fmt::Result {
    head(f, "disguise", &["rows", "unchanged", "within 1", "urg.recall", "lost", "alarms/1k", "before"])?;
    for of in robustness.disguises.iter().chain([&robustness.total]) {
        let cells = [
            of.rows.to_string(),
            share(of.unchanged),
            share(of.within_one),
            share(of.urgent_recall),
            share(of.recall_lost),
            rate(of.false_alarms_per_1000),
            rate(of.false_alarms_before),
        ];
        row(f, &format!("{:<NAME$}", of.disguise), &cells)?;
    }
    let likely = robustness.total.recall_lost_interval.map(|of| range(&of, 3));
    let of = likely.map_or_else(String::new, |of| format!("; recall lost by all, 95 of 100 draws: {of}"));
    writeln!(f, "  {}", styled(FAINT, format!("only rows that a disguise changes{of}")))
}

fn against(f: &mut Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    let percent = comparison.share.map_or_else(|| "–".to_owned(), |s| format!("{:.2} %", 100.0 * s));
    writeln!(
        f,
        "\n{} of {} verdicts differ from the earlier run: {}",
        comparison.changed,
        comparison.compared,
        styled(STRONG, percent)
    )?;
    writeln!(f, "  {} right now and wrong before, {} the other way", comparison.better, comparison.worse)?;
    head(f, "figure", &["before", "now", "change", "   95 of 100 draws"])?;
    for of in &comparison.difference {
        let decimals = of.figure.decimals();
        let cells = [
            shown(Some(of.before), decimals),
            shown(Some(of.now), decimals),
            format!("{:+.decimals$}", of.change),
            of.likely.map_or_else(String::new, |Interval { low, high }| {
                format!("   {low:+.decimals$} to {high:+.decimals$}")
            }),
        ];
        row(f, &format!("{:<NAME$}", of.figure.name()), &cells)?;
    }
    if !comparison.examples.is_empty() {
        writeln!(f)?;
    }
    for change in &comparison.examples {
        let (before, now) = (named(change.before), named(change.now));
        writeln!(
            f,
            "  {:<12} {before} → {now} {}",
            change.id,
            styled(FAINT, format!("true {}", change.level))
        )?;
    }
    if comparison.changed > comparison.examples.len() {
        writeln!(f, "  … and {} more", comparison.changed - comparison.examples.len())?;
    }
    if comparison.unmatched > 0 {
        writeln!(f, "  {} rows are in one of the two runs only and were not compared", comparison.unmatched)?;
    }
    Ok(())
}

/// Width of the first column; the longest category has 19 letters.
const NAME: usize = 20;
/// Width of the others.
const COLUMN: usize = 11;
/// A text is shown up to so many characters.
const TEXT: usize = 90;

fn head(f: &mut Formatter<'_>, name: &str, columns: &[&str]) -> fmt::Result {
    write!(f, "\n  {FAINT}{name:<NAME$}")?;
    for column in columns {
        write!(f, "{column:>COLUMN$}")?;
    }
    writeln!(f, "{FAINT:#}")
}

fn row(f: &mut Formatter<'_>, name: &str, cells: &[String]) -> fmt::Result {
    write!(f, "  {name}")?;
    for cell in cells {
        write!(f, "{cell:>COLUMN$}")?;
    }
    writeln!(f)
}

/// Padded before it is coloured: the escape sequences would count as width.
fn named(level: Level) -> String {
    let pad = " ".repeat(NAME.saturating_sub(level.as_str().len()));
    format!("{}{pad}", styled(level_style(level), level))
}

fn share(figure: Option<f64>) -> String {
    shown(figure, 3)
}

fn rate(figure: Option<f64>) -> String {
    shown(figure, 1)
}

fn shown(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.decimals$}"))
}

fn range(of: &Interval, decimals: usize) -> String {
    format!("{:.decimals$} to {:.decimals$}", of.low, of.high)
}
