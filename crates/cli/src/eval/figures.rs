//! What `eval` reports, from rows and verdicts alone; `--json` is this struct.
//!
//! The formulas are those of `ash_analysis::evaluate`, by which `tune` fits. Here they are taken apart by
//! level, slice, category and pair, and a figure without rows to stand on becomes absent (`null`): a
//! slice of gaming talk has no urgent recall, neither a perfect nor a hopeless one.

use std::collections::BTreeMap;

use ash_analysis::Level;
use ash_analysis::evaluate::{
    AtPrevalence, Confusion, Interval, LevelFigures, PREVALENCE, Ranking, Reliability, intervals, sum,
};
use serde::Serialize;

use super::comparison::Comparison;
use super::robustness::Robust;
use crate::setup::Provenance;

/// One row and what the service made of it, without the text.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) pair: Option<String>,
    pub(crate) level: Level,
    pub(crate) predicted: Level,
    pub(crate) score: f32,
    pub(crate) confidence: f32,
    /// Rows that were written together.
    pub(crate) group: String,
    /// Each model's own level, in configured order.
    pub(crate) votes: Vec<(String, Level)>,
    /// Some model did not answer, so the verdict rests on less than it should.
    pub(crate) degraded: bool,
}

/// The report.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// The share of rows whose verdict is the true level.
    pub(crate) accuracy: f64,
    /// The unweighted mean F1 of the levels that are true somewhere.
    pub(crate) macro_f1: f64,
    /// Of the truly high and critical, the share judged high or critical.
    pub(crate) urgent_recall: Option<f64>,
    /// Of 1,000 rows that are truly none, how many are judged medium or worse.
    pub(crate) false_alarms_per_1000: Option<f64>,
    /// The same at high or worse.
    pub(crate) false_alarms_high_per_1000: Option<f64>,
    /// Of the rows that are truly low, the share judged medium or worse.
    pub(crate) low_raised: Option<f64>,
    /// Contrast pairs: right only if every member is.
    pub(crate) pairs: Pairs,
    /// Where 95 of 100 draws of groups lie, by the name of the figure.
    pub(crate) intervals: BTreeMap<&'static str, Interval>,
    /// How well the score ranks urgent rows above the others.
    pub(crate) ranking: Option<Ranking>,
    /// What a team would see of 1,000 messages of an ordinary community ([`PREVALENCE`], an assumption).
    pub(crate) at_prevalence: AtPrevalence,
    /// Whether the confidence can be believed.
    pub(crate) reliability: Reliability,
    /// Urgent rows with the lowest scores, and rows truly none with the highest: those to look at first.
    pub(crate) worst: Worst,
    pub(crate) by_level: BTreeMap<Level, LevelFigures>,
    /// By the first letter of the id.
    pub(crate) by_slice: BTreeMap<String, GroupFigures>,
    pub(crate) by_category: BTreeMap<String, GroupFigures>,
    /// `confusion[truth][verdict]`.
    pub(crate) confusion: BTreeMap<Level, BTreeMap<Level, u32>>,
    pub(crate) rows: usize,
    /// Verdicts that rest on fewer models than configured; above 0, the other figures are not the service's.
    pub(crate) degraded: usize,
    pub(crate) model_versions: BTreeMap<String, String>,
    /// `f32` or `int8`; both, joined by `+`, if the models differ.
    pub(crate) precision: String,
    /// Time of judging, without loading the models.
    pub(crate) seconds: f64,
    /// What `--robustness` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) robustness: Option<Vec<Robust>>,
    /// The comparison that `--against` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<Comparison>,
}

/// Ids of the rows that are judged worst; never their text.
#[derive(Debug, Serialize)]
pub(crate) struct Worst {
    /// Truly high or critical, judged lower; the lowest score first.
    pub(crate) missed: Vec<String>,
    /// Truly none, judged high or critical; the highest score first.
    pub(crate) false_alarms: Vec<String>,
}

/// At most so many ids of each kind are listed.
const WORST: usize = 15;

/// Figures of a slice or category.
#[derive(Debug, Serialize)]
pub(crate) struct GroupFigures {
    pub(crate) accuracy: f64,
    pub(crate) urgent_recall: Option<f64>,
    pub(crate) false_alarms_per_1000: Option<f64>,
    pub(crate) support: u32,
}

/// How many contrast pairs are right as a whole.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Pairs {
    pub(crate) right: usize,
    pub(crate) total: usize,
    pub(crate) share: Option<f64>,
}

impl Figures {
    /// Measures `rows`, of which there is at least one.
    pub(crate) fn of(rows: &[Judged], by: Provenance, seconds: f64) -> Self {
        let all: Confusion = rows.iter().map(|r| (r.level, r.predicted)).collect();
        let overall = all.figures();
        Figures {
            accuracy: overall.accuracy,
            macro_f1: overall.macro_f1,
            urgent_recall: urgent_recall(&all),
            false_alarms_per_1000: given(&all, Level::None, overall.false_alarms_per_1000),
            false_alarms_high_per_1000: given(&all, Level::None, overall.false_urgent_per_1000),
            low_raised: low_raised(&all),
            pairs: Pairs::of(rows),
            intervals: likely(rows),
            ranking: Ranking::of(&rows.iter().map(|r| (r.score, r.level.is_urgent())).collect::<Vec<_>>()),
            at_prevalence: all.at_prevalence(&PREVALENCE),
            reliability: Reliability::of(
                &rows.iter().map(|r| (r.confidence, r.level == r.predicted)).collect::<Vec<_>>(),
            ),
            worst: Worst::of(rows),
            by_level: Level::ALL.into_iter().map(|l| (l, all.of(l))).collect(),
            by_slice: grouped(rows, |r| slice(&r.id)),
            by_category: grouped(rows, |r| r.category.clone()),
            confusion: named(&all),
            rows: rows.len(),
            degraded: rows.iter().filter(|r| r.degraded).count(),
            model_versions: by.versions,
            precision: by.precision,
            seconds,
            robustness: None,
            against: None,
        }
    }
}

impl Pairs {
    /// A `pair` with one member only (its twin is in another split) is no contrast and does not count.
    fn of(rows: &[Judged]) -> Self {
        let mut members: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for row in rows {
            if let Some(pair) = &row.pair {
                members.entry(pair).or_default().push(row.level == row.predicted);
            }
        }
        members.retain(|_, right| right.len() > 1);
        let total = members.len();
        let right = members.values().filter(|right| right.iter().all(|&r| r)).count();
        Pairs { right, total, share: (total > 0).then(|| right as f64 / total as f64) }
    }
}

impl Worst {
    fn of(rows: &[Judged]) -> Self {
        let ids = |mut rows: Vec<&Judged>, order: f32| {
            rows.sort_by(|a, b| (order * a.score).total_cmp(&(order * b.score)));
            rows.iter().take(WORST).map(|r| r.id.clone()).collect()
        };
        let missed = |r: &&Judged| r.level.is_urgent() && !r.predicted.is_urgent();
        let false_alarm = |r: &&Judged| r.level == Level::None && r.predicted.is_urgent();
        Worst {
            missed: ids(rows.iter().filter(missed).collect(), 1.0),
            false_alarms: ids(rows.iter().filter(false_alarm).collect(), -1.0),
        }
    }
}

/// The intervals of the headline figures.
fn likely(rows: &[Judged]) -> BTreeMap<&'static str, Interval> {
    let mut groups: BTreeMap<&str, Confusion> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.group).or_default().add(row.level, row.predicted);
    }
    let groups: Vec<Confusion> = groups.into_values().collect();
    let names =
        ["accuracy", "macro_f1", "urgent_recall", "false_alarms_per_1000", "false_alarms_high_per_1000"];
    let found = intervals(&groups, |drawn| {
        let f = sum(drawn).figures();
        [f.accuracy, f.macro_f1, f.urgent_recall, f.false_alarms_per_1000, f.false_urgent_per_1000]
    });
    names.into_iter().zip(found).collect()
}

/// `figure` if any row truly has `level`.
fn given(table: &Confusion, level: Level, figure: f64) -> Option<f64> {
    (table.of(level).support > 0).then_some(figure)
}

fn urgent_recall(table: &Confusion) -> Option<f64> {
    let urgent = Level::ALL.into_iter().any(|l| l.is_urgent() && table.of(l).support > 0);
    urgent.then(|| table.figures().urgent_recall)
}

fn low_raised(table: &Confusion) -> Option<f64> {
    let support = table.of(Level::Low).support;
    let raised: u32 = [Level::Medium, Level::High, Level::Critical]
        .map(|guess| table.count(Level::Low, guess))
        .iter()
        .sum();
    (support > 0).then(|| f64::from(raised) / f64::from(support))
}

fn grouped(rows: &[Judged], key: impl Fn(&Judged) -> String) -> BTreeMap<String, GroupFigures> {
    let mut groups: BTreeMap<String, Confusion> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().add(row.level, row.predicted);
    }
    let figures = |table: Confusion| {
        let all = table.figures();
        GroupFigures {
            accuracy: all.accuracy,
            urgent_recall: urgent_recall(&table),
            false_alarms_per_1000: given(&table, Level::None, all.false_alarms_per_1000),
            support: table.total(),
        }
    };
    groups.into_iter().map(|(name, table)| (name, figures(table))).collect()
}

fn slice(id: &str) -> String {
    id.chars().take(1).collect()
}

fn named(table: &Confusion) -> BTreeMap<Level, BTreeMap<Level, u32>> {
    let row = |truth| Level::ALL.into_iter().map(|guess| (guess, table.count(truth, guess))).collect();
    Level::ALL.into_iter().map(|truth| (truth, row(truth))).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn judged(id: &str, level: Level, predicted: Level) -> Judged {
        Judged {
            id: id.to_owned(),
            category: "other".to_owned(),
            pair: None,
            level,
            predicted,
            score: 0.5,
            confidence: 0.5,
            group: id.to_owned(),
            votes: vec![("depression".to_owned(), predicted)],
            degraded: false,
        }
    }

    pub(crate) fn figures(rows: &[Judged]) -> Figures {
        let by = Provenance { versions: BTreeMap::new(), precision: "int8".to_owned() };
        Figures::of(rows, by, 1.0)
    }

    #[test]
    fn slices_and_categories_are_measured_apart() {
        let mut rows = vec![
            judged("A1", Level::High, Level::High),
            judged("A2", Level::Critical, Level::Medium),
            judged("D1", Level::None, Level::Medium),
            judged("D2", Level::None, Level::None),
            judged("D3", Level::None, Level::None),
            judged("D4", Level::None, Level::None),
        ];
        rows[3].category = "gaming".to_owned();
        let f = figures(&rows);
        assert_eq!(f.urgent_recall, Some(0.5));
        assert_eq!(f.false_alarms_per_1000, Some(250.0));
        assert_eq!(f.false_alarms_high_per_1000, Some(0.0));
        assert_eq!(f.low_raised, None);
        assert_eq!(Some(f.by_slice["A"].accuracy), Some(0.5));
        assert_eq!(f.by_slice["A"].false_alarms_per_1000, None);
        assert_eq!(f.by_slice["D"].urgent_recall, None);
        assert_eq!(f.by_slice["D"].support, 4);
        assert_eq!(Some(f.by_category["gaming"].accuracy), Some(1.0));
        assert_eq!(f.by_category["other"].support, 5);
        assert_eq!(f.confusion[&Level::Critical][&Level::Medium], 1);
    }

    #[test]
    fn a_pair_is_right_only_if_all_its_members_are() {
        let pair = |id: &str, pair: &str, right: bool| Judged {
            pair: Some(pair.to_owned()),
            ..judged(id, Level::Low, if right { Level::Low } else { Level::Medium })
        };
        let rows = [
            pair("F1", "1", true),
            pair("F2", "1", true),
            pair("F3", "2", true),
            pair("F4", "2", false),
            pair("F5", "3", true),
        ];
        assert_eq!(figures(&rows).pairs, Pairs { right: 1, total: 2, share: Some(0.5) });
    }

    #[test]
    fn json_has_the_promised_keys_and_level_names() {
        let json = serde_json::to_value(figures(&[judged("A1", Level::High, Level::Low)])).expect("JSON");
        for key in [
            "accuracy",
            "macro_f1",
            "urgent_recall",
            "false_alarms_per_1000",
            "by_level",
            "by_slice",
            "by_category",
            "confusion",
            "rows",
            "model_versions",
            "precision",
            "seconds",
        ] {
            assert!(json.get(key).is_some(), "{key} is missing");
        }
        assert_eq!(json["confusion"]["high"]["low"], 1);
        assert_eq!(json["by_level"]["high"]["support"], 1);
        assert!(json.get("against").is_none());
    }
}
