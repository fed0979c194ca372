//! From entries to lines over time, and what became slower.
//!
//! Only like is compared with like: the same command, setup and machine. What is compared is the *cost*: time per message
//! divided by the time that the fixed work took in the same run. An entry became slower if its cost is above the median of
//! those before it by more than the tolerance.

use std::collections::BTreeMap;

use serde::Serialize;

use super::entry::{Entry, Machine};

/// Figures that follow the code, not the luck of a run: medians and paces; worst cases are kept, but not judged.
const JUDGED: [&str; 4] = ["median_ms", "messages_per_second", "full_per_second", "capacity_per_second"];
/// Shown over time too, but already a comparison in itself.
const SHOWN: &str = "ratio";
/// So many entries before one are its past; older ones are another program.
const PAST: usize = 10;

/// One figure over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Trend {
    pub(crate) kind: String,
    pub(crate) setup: String,
    pub(crate) machine: Machine,
    pub(crate) figure: String,
    /// Oldest first.
    pub(crate) points: Vec<Point>,
}

/// One entry's figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Point {
    pub(crate) date: String,
    pub(crate) label: Option<String>,
    pub(crate) commit: String,
    pub(crate) config_fingerprint: Option<String>,
    pub(crate) value: f64,
    pub(crate) baseline_ms: f64,
    /// Milliseconds per message by those of the fixed work; absent of what is not judged.
    pub(crate) cost: Option<f64>,
    /// The cost by the median of those before; absent of the first.
    pub(crate) to_earlier: Option<f64>,
    pub(crate) regressed: bool,
}

impl Trend {
    /// Whether its newest entry became slower.
    pub(crate) fn regressed(&self) -> bool {
        self.points.last().is_some_and(|point| point.regressed)
    }
}

/// The trends of `entries`, oldest first; `tolerance` is the share by which a cost may grow.
pub(crate) fn trends(entries: &[Entry], tolerance: f64) -> Vec<Trend> {
    let mut groups: BTreeMap<(&str, &str, &Machine, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        for figure in entry.figures.keys().filter(|f| JUDGED.contains(&f.as_str()) || *f == SHOWN) {
            let key = (entry.kind.as_str(), entry.setup.as_str(), &entry.machine, figure.as_str());
            groups.entry(key).or_default().push(entry);
        }
    }
    let trend = |((kind, setup, machine, figure), entries): (_, Vec<&Entry>)| Trend {
        kind: str::to_owned(kind),
        setup: str::to_owned(setup),
        machine: Machine::clone(machine),
        figure: str::to_owned(figure),
        points: points(&entries, figure, tolerance),
    };
    groups.into_iter().map(trend).collect()
}

fn points(entries: &[&Entry], figure: &str, tolerance: f64) -> Vec<Point> {
    let mut costs: Vec<f64> = Vec::new();
    let mut points = Vec::new();
    for entry in entries {
        let Some(&value) = entry.figures.get(figure) else { continue };
        let cost = cost(figure, value, entry.baseline_ms);
        let to_earlier = cost.zip(median(&costs[costs.len().saturating_sub(PAST)..])).map(|(c, m)| c / m);
        // Nothing a second has no cost that could be divided, and is the worst of all.
        let collapsed = figure.ends_with("_per_second") && value <= 0.0 && !costs.is_empty();
        costs.extend(cost);
        points.push(Point {
            date: entry.date.clone(),
            label: entry.label.clone(),
            commit: entry.commit.clone(),
            config_fingerprint: entry.config_fingerprint.clone(),
            value,
            baseline_ms: entry.baseline_ms,
            cost,
            to_earlier,
            regressed: collapsed || to_earlier.is_some_and(|ratio| ratio > 1.0 + tolerance),
        });
    }
    points
}

/// More is worse, whichever way the figure counts. None for what is not judged, or cannot be.
fn cost(figure: &str, value: f64, baseline_ms: f64) -> Option<f64> {
    if !(JUDGED.contains(&figure) && value > 0.0 && value.is_finite()) {
        return None;
    }
    let ms = if figure.ends_with("_per_second") { 1e3 / value } else { value };
    Some(ms / baseline_ms)
}

/// Of an even number the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) {
        f64::midpoint(*sorted.get(middle.checked_sub(1)?)?, *upper)
    } else {
        *upper
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An entry of one figure, `median_ms`.
    pub(crate) fn entry(kind: &str, median_ms: f64, baseline_ms: f64) -> Entry {
        Entry {
            date: "2026-11-26T12:00:00Z".to_owned(),
            label: None,
            kind: kind.to_owned(),
            setup: "spawned".to_owned(),
            commit: "abc".to_owned(),
            version: Some("0.1.0".to_owned()),
            machine: Machine {
                cpu: "a cpu".to_owned(),
                cores: 2,
                kernel: Some("avx2".to_owned()),
                optimised: Some(true),
            },
            config_fingerprint: None,
            baseline_ms,
            figures: [("median_ms".to_owned(), median_ms), ("max_ms".to_owned(), 99.0)].into(),
        }
    }

    fn flags(entries: &[Entry]) -> Vec<bool> {
        let trends = trends(entries, 0.2);
        assert_eq!(trends.len(), 1, "{trends:?}");
        trends[0].points.iter().map(|p| p.regressed).collect()
    }

    #[test]
    fn slower_code_is_flagged_and_a_slower_hour_is_not() {
        let steady = [entry("a", 10.0, 20.0), entry("a", 10.4, 20.0), entry("a", 9.9, 20.0)];
        assert_eq!(flags(&steady), [false; 3]);
        // Everything takes twice as long: the machine.
        let bad_hour = [&steady[..], &[entry("a", 20.0, 40.0)]].concat();
        assert_eq!(flags(&bad_hour), [false; 4]);
        // Only the figure does: the code. And it counts that the machine became faster meanwhile.
        for slow in [entry("a", 20.0, 20.0), entry("a", 10.0, 10.0)] {
            assert_eq!(flags(&[&steady[..], &[slow]].concat()), [false, false, false, true]);
        }
    }

    #[test]
    fn fewer_messages_a_second_are_slower() {
        let pace = |per_second: f64| {
            let mut entry = entry("a", 1.0, 20.0);
            entry.figures = [("full_per_second".to_owned(), per_second)].into();
            entry
        };
        assert_eq!(flags(&[pace(150.0), pace(300.0), pace(100.0)]), [false, false, true]);
    }

    #[test]
    fn only_like_is_compared_with_like() {
        let mut other_machine = entry("a", 100.0, 20.0);
        other_machine.machine.cores = 64;
        let mut other_setup = entry("a", 100.0, 20.0);
        other_setup.setup = "in-process".to_owned();
        let trends =
            trends(&[entry("a", 1.0, 20.0), entry("b", 100.0, 20.0), other_machine, other_setup], 0.2);
        assert_eq!(trends.len(), 4);
        assert!(trends.iter().all(|t| t.points.len() == 1 && !t.regressed()), "{trends:?}");
    }

    #[test]
    fn the_past_is_that_of_the_last_entries() {
        let old = (0..30).map(|_| entry("a", 100.0, 20.0));
        let new = (0..PAST).map(|_| entry("a", 10.0, 20.0));
        let entries: Vec<Entry> = old.chain(new).chain([entry("a", 20.0, 20.0)]).collect();
        assert_eq!(flags(&entries).last(), Some(&true));
    }

    #[test]
    fn a_median_lies_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }
}
