//! What fitting gains, on the rows that were fitted to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ash_analysis::evaluate::{
    Confusion, Figures, Interval, Reliability, intervals, level_probabilities, sum,
};
use ash_analysis::fit::{FitReport, LabelledReadings};
use ash_analysis::verdict::judge;
use ash_analysis::{AnalyzerSettings, EnsembleSettings};

use crate::rows::Row;
use crate::terminal::{FAINT, styled};

/// A figure's name, its value and its decimals.
pub(super) type Line = (&'static str, fn(&Figures) -> f64, usize);

/// What is told of the settings before and after.
pub(super) const LINES: [Line; 6] = [
    ("accuracy", |f| f.accuracy, 3),
    ("macro-F1", |f| f.macro_f1, 3),
    ("urgent recall", |f| f.urgent_recall, 3),
    ("false alarms / 1,000 none", |f| f.false_alarms_per_1000, 1),
    ("  high or worse", |f| f.false_urgent_per_1000, 1),
    ("objective", Figures::objective, 3),
];

/// Before and after, side by side, with the interval of the change, and whether the probabilities can be believed.
pub(super) fn gain(
    report: &FitReport,
    start: &AnalyzerSettings,
    rows: &[Row],
    readings: &[LabelledReadings],
) -> String {
    let mut table = figures(report, &verdicts([start, &report.settings], rows, readings));
    let plain = AnalyzerSettings { ensemble: untempered(&report.settings), ..report.settings.clone() };
    for (name, temperature) in &report.settings.ensemble.temperatures {
        let [before, after] =
            [&plain, &report.settings].map(|settings| belief(name, settings, rows, readings));
        if let (Some(before), Some(after)) = (before, after) {
            calibration(&mut table, name, *temperature, &before, &after);
        }
    }
    table.push('\n');
    table
}

/// What each of two settings makes of the rows, by group.
fn verdicts(
    settings: [&AnalyzerSettings; 2],
    rows: &[Row],
    readings: &[LabelledReadings],
) -> Vec<[Confusion; 2]> {
    let mut groups: BTreeMap<&str, [Confusion; 2]> = BTreeMap::new();
    for (row, reading) in rows.iter().zip(readings) {
        let group = groups.entry(&row.group).or_default();
        for (confusion, settings) in group.iter_mut().zip(settings) {
            confusion.add(row.level, judge(settings, &reading.answers, reading.found.as_ref()).level);
        }
    }
    groups.into_values().collect()
}

fn figures(report: &FitReport, groups: &[[Confusion; 2]]) -> String {
    let of =
        |drawn: &[&[Confusion; 2]]| [0, 1].map(|which| sum(drawn.iter().map(|pair| &pair[which])).figures());
    let after = intervals(groups, |drawn| {
        let [_, after] = of(drawn);
        LINES.map(|(_, figure, _)| Some(figure(&after)))
    });
    let change = intervals(groups, |drawn| {
        let [before, after] = of(drawn);
        LINES.map(|(_, figure, _)| Some(figure(&after) - figure(&before)))
    });
    let head = format!("{:<26}{:>9}{:>9}   {:<18}{:>9}", "", "before", "after", "95 of 100 draws", "change");
    let mut table = format!("\n  {}\n", styled(FAINT, format!("{head}   95 of 100 draws")));
    for (((name, figure, decimals), after), change) in LINES.into_iter().zip(after).zip(change) {
        let (then, now) = (figure(&report.before), figure(&report.after));
        let after = range(after, |end| format!("{end:.decimals$}"));
        let change = range(change, |end| format!("{end:+.decimals$}"));
        let values =
            format!("{then:>9.decimals$}{now:>9.decimals$}   {after:<18}{:>+9.decimals$}", now - then);
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(table, "  {name:<26}{values}   {change}");
    }
    table
}

fn range(interval: Option<Interval>, shown: impl Fn(f64) -> String) -> String {
    interval.map_or_else(String::new, |of| format!("{} to {}", shown(of.low), shown(of.high)))
}

/// The ensemble as it is, with every model's probabilities as they come.
fn untempered(settings: &AnalyzerSettings) -> EnsembleSettings {
    let mut ensemble = settings.ensemble.clone();
    ensemble.temperatures.values_mut().for_each(|t| *t = 1.0);
    ensemble
}

/// Is the level that a model holds most probable true as often as the model says? `None` for a model that does not
/// know the levels.
fn belief(
    model: &str,
    settings: &AnalyzerSettings,
    rows: &[Row],
    readings: &[LabelledReadings],
) -> Option<Reliability> {
    let said = |(row, reading): (&Row, &LabelledReadings)| {
        let verdict = judge(settings, &reading.answers, reading.found.as_ref());
        let probabilities = level_probabilities(verdict.signals.iter().find(|s| s.model.name == model)?)?;
        let (at, most) = probabilities.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((most, row.level.index() == at))
    };
    let said: Vec<(f32, bool)> = rows.iter().zip(readings).filter_map(said).collect();
    (!said.is_empty()).then(|| Reliability::of(&said))
}

/// A reliability table at temperature 1 beside the one at the fitted temperature.
fn calibration(table: &mut String, model: &str, temperature: f32, before: &Reliability, after: &Reliability) {
    let head = format!(
        "\n  {model}: most probable level, and how often it is true\n  {:<12}{:<27}temperature {temperature:.3}\n  \
         {:<12}{:>7}{:>8}{:>8}    {:>7}{:>8}{:>8}",
        "", "temperature 1", "said", "rows", "mean", "true", "rows", "mean", "true"
    );
    let _ = writeln!(table, "{}", styled(FAINT, head));
    let cells = |reliability: &Reliability, from: f64| {
        let bin = reliability.bins.iter().find(|bin| (bin.from - from).abs() < 1e-9);
        bin.map_or_else(
            || format!("{:>7}{:>8}{:>8}", "0", "–", "–"),
            |bin| format!("{:>7}{:>8.3}{:>8.3}", bin.rows, bin.confidence, bin.accuracy),
        )
    };
    let mut tenths: Vec<f64> = before.bins.iter().chain(&after.bins).map(|bin| bin.from).collect();
    tenths.sort_by(f64::total_cmp);
    tenths.dedup();
    for from in tenths {
        let name = format!("{from:.1} to {:.1}", from + 0.1);
        let _ = writeln!(table, "  {name:<12}{}    {}", cells(before, from), cells(after, from));
    }
    let _ = writeln!(
        table,
        "  {:<12}{:>23}    {:>23}",
        "distance",
        format!("{:.3}", before.ece),
        format!("{:.3}", after.ece)
    );
}
