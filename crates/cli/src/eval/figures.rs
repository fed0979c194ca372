//! What `eval` reports, from rows and verdicts alone; `--json` is this struct.
//!
//! The formulas are those of `ash_analysis::evaluate`, by which `tune` fits. Here they are taken apart by
//! level, slice, category and pair, and a figure without rows to stand on becomes absent (`null`): a
//! slice of gaming talk has no urgent recall, neither a perfect nor a hopeless one.

use std::collections::BTreeMap;

use ash_analysis::Level;
use ash_analysis::evaluate::{
    Confusion, Figure, Headline, Interval, LevelFigures, Prevalence, Reliability, intervals,
};
use serde::Serialize;

use super::comparison::Comparison;
use super::groups::{Pairs, groups};
use super::judging::Judged;
use super::robustness::Robustness;
use super::worst::Worst;
use crate::setup::Provenance;

/// The report.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// Each under its own key.
    #[serde(flatten)]
    pub(crate) headline: Headline,
    /// Where 95 of 100 draws of groups lie, by the key of the figure.
    pub(crate) intervals: BTreeMap<&'static str, Interval>,
    /// What a thousand messages of a community are assumed to be.
    pub(crate) prevalence: Prevalence,
    /// Contrast pairs: right only if every member is.
    pub(crate) pairs: Pairs,
    /// Whether the confidence can be believed: is the verdict right as often as it says?
    pub(crate) reliability: Reliability,
    /// The same of the probability that a row is urgent; absent if no model knows the levels.
    pub(crate) urgent_reliability: Option<Reliability>,
    /// Urgent rows with the lowest scores, and rows truly none with the highest: those to look at first.
    pub(crate) worst: Worst,
    pub(crate) by_level: BTreeMap<Level, LevelFigures>,
    /// By the capital letters that the id begins with.
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
    pub(crate) robustness: Option<Robustness>,
    /// The comparison that `--against` asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<Comparison>,
}

/// Figures of a slice or category.
#[derive(Debug, Serialize)]
pub(crate) struct GroupFigures {
    pub(crate) accuracy: f64,
    pub(crate) urgent_recall: Option<f64>,
    pub(crate) false_alarms_per_1000: Option<f64>,
    pub(crate) support: u32,
}

impl Figures {
    /// Measures `rows`, of which there is at least one.
    pub(crate) fn of(rows: &[Judged], prevalence: Prevalence, by: Provenance, seconds: f64) -> Self {
        let all: Confusion = rows.iter().map(|r| (r.level, r.predicted)).collect();
        let groups = groups(rows.iter(), |r| (r.predicted, r.score));
        let likely = intervals(&groups, |drawn| Headline::of(drawn.iter().copied(), &prevalence).values());
        let named_interval = |(figure, likely): (Figure, Option<Interval>)| Some((figure.key(), likely?));
        let right: Vec<_> = rows.iter().map(|r| (r.confidence, r.level == r.predicted)).collect();
        let urgent: Vec<_> = rows.iter().filter_map(|r| Some((r.urgent?, r.level.is_urgent()))).collect();
        Figures {
            headline: Headline::of(groups.iter(), &prevalence),
            intervals: Figure::ALL.into_iter().zip(likely).filter_map(named_interval).collect(),
            prevalence,
            pairs: Pairs::of(rows),
            reliability: Reliability::of(&right),
            urgent_reliability: (!urgent.is_empty()).then(|| Reliability::of(&urgent)),
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

fn grouped(rows: &[Judged], key: impl Fn(&Judged) -> String) -> BTreeMap<String, GroupFigures> {
    let mut groups: BTreeMap<String, Confusion> = BTreeMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().add(row.level, row.predicted);
    }
    let figures = |table: Confusion| GroupFigures {
        accuracy: table.figures().accuracy,
        urgent_recall: table.urgent_recall(),
        false_alarms_per_1000: table.false_alarms_per_1000(),
        support: table.total(),
    };
    groups.into_iter().map(|(name, table)| (name, figures(table))).collect()
}

/// The capital letters that an id begins with (`A0012`, `AB7`), else its first character.
fn slice(id: &str) -> String {
    let letters = id.chars().take_while(char::is_ascii_uppercase).count();
    id.chars().take(letters.max(1)).collect()
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
            urgent: Some(0.5),
            group: id.to_owned(),
            votes: vec![("depression".to_owned(), predicted)],
            degraded: false,
        }
    }

    pub(crate) fn figures(rows: &[Judged]) -> Figures {
        let by = Provenance { versions: BTreeMap::new(), precision: "int8".to_owned() };
        Figures::of(rows, Prevalence::ASSUMED, by, 1.0)
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
        assert_eq!(f.headline.get(Figure::UrgentRecall), Some(0.5));
        assert_eq!(f.headline.get(Figure::FalseAlarms), Some(250.0));
        assert_eq!(f.headline.get(Figure::FalseUrgent), Some(0.0));
        assert_eq!(f.headline.get(Figure::LowRaised), None);
        assert_eq!(Some(f.by_slice["A"].accuracy), Some(0.5));
        assert_eq!(f.by_slice["A"].false_alarms_per_1000, None);
        assert_eq!(f.by_slice["D"].urgent_recall, None);
        assert_eq!(f.by_slice["D"].support, 4);
        assert_eq!(["AB12", "A0012", "msg-7", "7", ""].map(slice), ["AB", "A", "m", "7", ""]);
        assert_eq!(Some(f.by_category["gaming"].accuracy), Some(1.0));
        assert_eq!(f.by_category["other"].support, 5);
        assert_eq!(f.confusion[&Level::Critical][&Level::Medium], 1);
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
        assert_eq!(json["intervals"]["accuracy"]["high"], 0.0);
        assert_eq!(json["prevalence"]["none"], 0.93);
        assert_eq!(json["worst"]["missed"][0]["id"], "A1");
        assert!(json["low_raised"].is_null() && json["intervals"].get("low_raised").is_none());
        assert!(json.get("against").is_none());
    }
}
