//! Two runs on the same rows: how a change of precision, model or setting is measured.

use ash_analysis::Level;
use ash_analysis::evaluate::{Figure, Group, Headline, Interval, Prevalence, intervals};
use serde::Serialize;

use super::groups::groups;
use super::judging::Judged;
use super::saved::Saved;

/// More ids than this would bury the figure they explain.
const IDS_LISTED: usize = 20;

/// How two sets of verdicts differ.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// Rows judged in both.
    pub(crate) compared: usize,
    /// Of those, rows with another verdict.
    pub(crate) changed: usize,
    /// `changed / compared`.
    pub(crate) share: Option<f64>,
    /// Of the changed rows, those that are right now and were not before.
    pub(crate) better: usize,
    /// Of the changed rows, those that were right before and are not now.
    pub(crate) worse: usize,
    /// The first changed rows, in the order of the evaluation.
    pub(crate) examples: Vec<Change>,
    /// Rows that only this evaluation has, and rows that only the file has.
    pub(crate) unmatched: usize,
    /// By figure, on the rows of both; figures that one of the runs does not have are left out.
    pub(crate) difference: Vec<Difference>,
}

/// By how much a figure changed; if the interval holds 0, it may be chance.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    #[serde(serialize_with = "key")]
    pub(crate) figure: Figure,
    pub(crate) before: f64,
    pub(crate) now: f64,
    /// `now − before`.
    pub(crate) change: f64,
    /// Where 95 of 100 draws of groups lie, the same draws for both runs (a paired bootstrap).
    pub(crate) likely: Option<Interval>,
}

/// One row whose verdict changed.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) level: Level,
    pub(crate) before: Level,
    pub(crate) now: Level,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn key<S: serde::Serializer>(figure: &Figure, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(figure.key())
}

impl Comparison {
    /// Of `rows` with the verdicts of an earlier run, by id.
    pub(crate) fn of(rows: &[Judged], earlier: &Saved, prevalence: &Prevalence) -> Self {
        let before = |row: &Judged| earlier.0.get(&row.id).map(|saved| (saved.predicted, saved.score));
        let both: Vec<(&Judged, Level)> =
            rows.iter().filter_map(|row| before(row).map(|(level, _)| (row, level))).collect();
        let changed: Vec<&(&Judged, Level)> =
            both.iter().filter(|(r, before)| r.predicted != *before).collect();
        let change = |&&(row, before): &&(&Judged, Level)| Change {
            id: row.id.clone(),
            level: row.level,
            before,
            now: row.predicted,
        };
        let matched = both.iter().map(|(row, _)| *row);
        // Rows without an earlier verdict are not among those matched.
        let then = groups(matched.clone(), |row| before(row).unwrap_or((row.predicted, row.score)));
        let now = groups(matched, |row| (row.predicted, row.score));
        Comparison {
            compared: both.len(),
            changed: changed.len(),
            share: (!both.is_empty()).then(|| changed.len() as f64 / both.len() as f64),
            better: changed.iter().filter(|(row, _)| row.predicted == row.level).count(),
            worse: changed.iter().filter(|(row, before)| *before == row.level).count(),
            examples: changed.iter().take(IDS_LISTED).map(change).collect(),
            unmatched: (rows.len() - both.len()) + (earlier.0.len() - both.len()),
            difference: differences(&then.into_iter().zip(now).collect::<Vec<_>>(), prevalence),
        }
    }
}

/// Now minus before, on the same draws of groups.
fn differences(groups: &[(Group, Group)], prevalence: &Prevalence) -> Vec<Difference> {
    let of = |drawn: &[&(Group, Group)]| {
        let before = Headline::of(drawn.iter().map(|pair| &pair.0), prevalence);
        let now = Headline::of(drawn.iter().map(|pair| &pair.1), prevalence);
        (before, now)
    };
    let (before, now) = of(&groups.iter().collect::<Vec<_>>());
    let likely = intervals(groups, |drawn| {
        let (before, now) = of(drawn);
        now.minus(&before).values()
    });
    let difference = |(figure, likely): (Figure, Option<Interval>)| {
        let (before, now) = (before.get(figure)?, now.get(figure)?);
        Some(Difference { figure, before, now, change: now - before, likely })
    };
    Figure::ALL.into_iter().zip(likely).filter_map(difference).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::figures::tests::judged;
    use super::super::saved::Prediction;
    use super::*;

    fn saved(verdicts: &[(&str, Level)]) -> Saved {
        let line = |(id, level): &(&str, Level)| {
            let json =
                format!(r#"{{"id":"{id}","level":"none","predicted":"{level}","score":0.5,"votes":{{}}}}"#);
            ((*id).to_owned(), serde_json::from_str::<Prediction>(&json).expect("a line of an older version"))
        };
        Saved(verdicts.iter().map(line).collect::<BTreeMap<_, _>>())
    }

    fn compare(rows: &[Judged], earlier: &[(&str, Level)]) -> Comparison {
        Comparison::of(rows, &saved(earlier), &Prevalence::ASSUMED)
    }

    #[test]
    fn changed_verdicts_are_counted_by_id() {
        let earlier = [("A1", Level::High), ("A2", Level::Low), ("Z9", Level::None)];
        let rows = [
            judged("A1", Level::High, Level::High),
            judged("A2", Level::Medium, Level::Medium),
            judged("B1", Level::None, Level::None),
        ];
        let comparison = compare(&rows, &earlier);
        assert_eq!((comparison.compared, comparison.changed, comparison.unmatched), (2, 1, 2));
        assert_eq!((comparison.better, comparison.worse), (1, 0));
        assert_eq!(comparison.share, Some(0.5));
        let change =
            Change { id: "A2".to_owned(), level: Level::Medium, before: Level::Low, now: Level::Medium };
        assert_eq!(comparison.examples, [change]);
    }

    #[test]
    fn figures_are_compared_on_the_same_draws() {
        let rows: Vec<Judged> = (0..30).map(|i| judged(&format!("A{i}"), Level::High, Level::High)).collect();
        let ids: Vec<String> = (0..30).map(|i| format!("A{i}")).collect();
        let found_before = |i: usize| if i.is_multiple_of(3) { Level::Low } else { Level::High };
        let earlier: Vec<_> = ids.iter().enumerate().map(|(i, id)| (id.as_str(), found_before(i))).collect();
        let comparison = compare(&rows, &earlier);
        let recall = comparison.difference.iter().find(|d| d.figure == Figure::UrgentRecall).expect("recall");
        assert!((recall.change - 1.0 / 3.0).abs() < 1e-9, "{recall:?}");
        let likely = recall.likely.expect("an interval");
        assert!(0.0 < likely.low && likely.low < recall.change && recall.change < likely.high, "{recall:?}");
        assert!(comparison.difference.iter().all(|d| d.figure != Figure::FalseAlarms), "no row is none");
    }

    #[test]
    fn at_most_twenty_changes_are_listed() {
        let ids: Vec<String> = (0..30).map(|i| format!("A{i}")).collect();
        let earlier: Vec<_> = ids.iter().map(|id| (id.as_str(), Level::None)).collect();
        let rows: Vec<Judged> = ids.iter().map(|id| judged(id, Level::Low, Level::Low)).collect();
        let comparison = compare(&rows, &earlier);
        assert_eq!((comparison.changed, comparison.examples.len()), (30, 20));
    }
}
