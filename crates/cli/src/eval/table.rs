//! The report of `eval` for people.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use ash_analysis::Level;
use ash_analysis::evaluate::Interval;

use super::comparison::Comparison;
use super::figures::{Figures, GroupFigures};
use super::robustness::Robust;
use crate::terminal::{ALARM, FAINT, STRONG, level_style, styled};

/// Figures as tables, for a terminal or a file.
pub(crate) struct Table<'a>(pub(crate) &'a Figures);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Table(figures) = self;
        headline(f, figures)?;
        levels(f, figures)?;
        confusion(f, figures)?;
        beyond(f, figures)?;
        groups(f, "slice", &figures.by_slice)?;
        groups(f, "category", &figures.by_category)?;
        robust(f, figures.robustness.as_deref().unwrap_or_default())?;
        figures.against.as_ref().map_or(Ok(()), |comparison| against(f, comparison))
    }
}

fn headline(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    let pace = figures.rows as f64 / figures.seconds.max(1e-9);
    writeln!(
        f,
        "{} rows, {}, {:.1} s ({pace:.0} messages/s)\n",
        figures.rows, figures.precision, figures.seconds
    )?;
    if figures.degraded > 0 {
        let warning = format!("{} verdicts are degraded: not all models answered.", figures.degraded);
        writeln!(f, "{}\n", styled(ALARM, warning))?;
    }
    let pairs = &figures.pairs;
    let pairs_note = format!("of {} contrast pairs, those right as a whole ({})", pairs.total, pairs.right);
    let lines = [
        ("accuracy", share(Some(figures.accuracy)), "verdict is the true level"),
        ("macro-F1", share(Some(figures.macro_f1)), "mean F1 of the levels, each counting the same"),
        ("urgent recall", share(figures.urgent_recall), "of true high and critical, judged high or critical"),
        ("false alarms", rate(figures.false_alarms_per_1000), "of 1,000 true none, judged medium or worse"),
        (
            "  high or worse",
            rate(figures.false_alarms_high_per_1000),
            "of 1,000 true none, judged high or worse",
        ),
        ("low raised", share(figures.low_raised), "of true low, judged medium or worse"),
        ("pairs right", share(pairs.share), &pairs_note),
    ];
    for (name, figure, meaning) in lines {
        writeln!(f, "  {name:<16}{}   {}", styled(STRONG, format!("{figure:>7}")), styled(FAINT, meaning))?;
    }
    Ok(())
}

/// How sure the headline is, what lies behind it, and what it means in life.
fn beyond(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    head(f, "95 of 100 draws", &["from", "to"])?;
    for (name, of) in &figures.intervals {
        let decimals = if name.ends_with("1000") { 1 } else { 3 };
        let cells = [format!("{:.decimals$}", of.low), format!("{:.decimals$}", of.high)];
        row(f, &format!("{:<26}", name.replace('_', " ")), &cells)?;
    }
    if let Some(ranking) = &figures.ranking {
        writeln!(f)?;
        line(f, "AUROC", ranking.auroc, "how often an urgent row scores above another one")?;
        line(f, "AUPRC", ranking.average_precision, "mean precision along the ranking (average precision)")?;
        line(f, "precision at 0.95", ranking.precision_at_recall_95, "when 95 of 100 urgent rows are found")?;
    }
    line(f, "calibration error", figures.reliability.ece, "mean distance of confidence and accuracy")?;
    let seen = &figures.at_prevalence;
    writeln!(
        f,
        "\n  Of 1,000 messages of a community (930 none, 45 low, 18 medium, 5 high, 2 critical: an assumption)\n  \
         {:.1} would be judged high or critical, {:.0} % of them rightly, and {:.1} urgent ones missed.",
        seen.alarms_per_1000,
        100.0 * seen.true_share,
        seen.missed_per_1000,
    )?;
    for (name, ids) in
        [("worst missed", &figures.worst.missed), ("worst alarms", &figures.worst.false_alarms)]
    {
        if !ids.is_empty() {
            writeln!(f, "  {name:<14}{}", styled(FAINT, ids.join(" ")))?;
        }
    }
    Ok(())
}

fn line(f: &mut Formatter<'_>, name: &str, figure: f64, meaning: &str) -> fmt::Result {
    writeln!(f, "  {name:<18}{}   {}", styled(STRONG, format!("{figure:>5.3}")), styled(FAINT, meaning))
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

/// The same messages, typed otherwise.
fn robust(f: &mut Formatter<'_>, disguises: &[Robust]) -> fmt::Result {
    if disguises.is_empty() {
        return Ok(());
    }
    head(f, "disguise", &["unchanged", "within 1", "urg.recall", "lost", "alarms/1k"])?;
    for of in disguises {
        let cells = [
            format!("{:.3}", of.unchanged),
            format!("{:.3}", of.within_one),
            format!("{:.3}", of.urgent_recall),
            format!("{:.3}", of.recall_lost),
            format!("{:.1}", of.false_alarms_per_1000),
        ];
        row(f, &format!("{:<NAME$}", of.disguise), &cells)?;
    }
    Ok(())
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
    for of in &comparison.difference {
        let (change, Interval { low, high }) = (of.change, of.likely);
        writeln!(f, "  {:<22}{change:>+8.3}   95 of 100 draws: {low:+.3} to {high:+.3}", of.figure)?;
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
    figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.3}"))
}

fn rate(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.1}"))
}
