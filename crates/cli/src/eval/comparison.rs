//! Verdicts written down and compared: how a change of precision, model or setting is measured.
//!
//! A line of a predictions file is `{id, level, predicted, score, votes}`: no text, so that the file
//! may be kept and passed on.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use ash_analysis::Level;
use ash_analysis::evaluate::{Confusion, Interval, intervals, sum};
use serde::{Deserialize, Serialize};

use super::figures::Judged;

/// More ids than this would bury the figure they explain.
const IDS_LISTED: usize = 20;

/// One line of a predictions file.
#[derive(Debug, Serialize, Deserialize)]
struct Prediction {
    id: String,
    level: Level,
    predicted: Level,
    score: f64,
    votes: BTreeMap<String, Level>,
}

/// How two sets of verdicts differ.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Comparison {
    /// Rows judged in both.
    pub(crate) compared: usize,
    /// Of those, rows with another verdict.
    pub(crate) changed: usize,
    /// `changed / compared`.
    pub(crate) share: Option<f64>,
    /// The first changed rows, in the order of the evaluation.
    pub(crate) examples: Vec<Change>,
    /// Rows that only this evaluation has, and rows that only the file has.
    pub(crate) unmatched: usize,
    /// This run's figures minus the earlier one's, on the rows of both.
    pub(crate) difference: Vec<Difference>,
}

/// By how much a figure changed; if the interval holds 0, it may be chance.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    pub(crate) figure: &'static str,
    pub(crate) change: f64,
    /// Where 95 of 100 draws of groups lie, the same draws for both runs (a paired bootstrap).
    pub(crate) likely: Interval,
}

/// One row whose verdict changed.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    pub(crate) id: String,
    pub(crate) level: Level,
    pub(crate) before: Level,
    pub(crate) now: Level,
}

/// The verdicts of an earlier run, by id.
#[derive(Debug)]
pub(crate) struct Earlier(BTreeMap<String, Level>);

/// Writes one line a row.
pub(crate) fn write(path: &Path, rows: &[Judged]) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(fs::File::create(path).with_context(context)?);
    for row in rows {
        let line = Prediction {
            id: row.id.clone(),
            level: row.level,
            predicted: row.predicted,
            // Six decimals: enough to see a quantisation error, the same in every run.
            score: (f64::from(row.score) * 1e6).round() / 1e6,
            votes: row.votes.iter().cloned().collect(),
        };
        serde_json::to_writer(&mut file, &line).with_context(context)?;
        file.write_all(b"\n").with_context(context)?;
    }
    file.flush().with_context(context)
}

impl Earlier {
    /// Reads a file that [`write()`] made.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut verdicts = BTreeMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let prediction: Prediction = serde_json::from_str(line).map_err(|_| {
                anyhow!(
                    "{}:{}: no prediction; expected a line as `ash-nlp eval --predictions` writes it: \
                     {{\"id\", \"level\", \"predicted\", \"score\", \"votes\"}}",
                    path.display(),
                    index + 1
                )
            })?;
            verdicts.insert(prediction.id, prediction.predicted);
        }
        Ok(Earlier(verdicts))
    }

    /// Compares `rows` with these verdicts, by id.
    pub(crate) fn compare(&self, rows: &[Judged]) -> Comparison {
        let both: Vec<(&Judged, Level)> =
            rows.iter().filter_map(|row| self.0.get(&row.id).map(|&before| (row, before))).collect();
        let differing: Vec<Change> = both
            .iter()
            .filter(|(row, before)| row.predicted != *before)
            .map(|(row, before)| Change {
                id: row.id.clone(),
                level: row.level,
                before: *before,
                now: row.predicted,
            })
            .collect();
        let (compared, changed) = (both.len(), differing.len());
        Comparison {
            compared,
            changed,
            share: (compared > 0).then(|| changed as f64 / compared as f64),
            examples: differing.into_iter().take(IDS_LISTED).collect(),
            unmatched: (rows.len() - compared) + (self.0.len() - compared),
            difference: differences(&both),
        }
    }
}

/// Macro-F1, urgent recall and false alarms, now minus before.
fn differences(both: &[(&Judged, Level)]) -> Vec<Difference> {
    let mut groups: BTreeMap<&str, [Confusion; 2]> = BTreeMap::new();
    for (row, before) in both {
        let [earlier, now] = groups.entry(&row.group).or_default();
        earlier.add(row.level, *before);
        now.add(row.level, row.predicted);
    }
    let groups: Vec<[Confusion; 2]> = groups.into_values().collect();
    if groups.is_empty() {
        return Vec::new();
    }
    let change = |drawn: &mut dyn Iterator<Item = &[Confusion; 2]>| {
        let drawn: Vec<&[Confusion; 2]> = drawn.collect();
        let [before, now] = [0, 1].map(|run| sum(drawn.iter().map(|pair| &pair[run])).figures());
        [
            now.macro_f1 - before.macro_f1,
            now.urgent_recall - before.urgent_recall,
            now.false_alarms_per_1000 - before.false_alarms_per_1000,
        ]
    };
    let whole = change(&mut groups.iter());
    let names = ["macro-F1", "urgent recall", "false alarms / 1,000"];
    let all = names.into_iter().zip(whole).zip(intervals(&groups, change));
    all.map(|((figure, change), likely)| Difference { figure, change, likely }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::judged;
    use super::*;

    #[test]
    fn changed_verdicts_are_counted_by_id() {
        let earlier = Earlier(BTreeMap::from([
            ("A1".to_owned(), Level::High),
            ("A2".to_owned(), Level::Low),
            ("Z9".to_owned(), Level::None),
        ]));
        let rows = [
            judged("A1", Level::High, Level::High),
            judged("A2", Level::Medium, Level::Medium),
            judged("B1", Level::None, Level::None),
        ];
        let comparison = earlier.compare(&rows);
        assert_eq!((comparison.compared, comparison.changed, comparison.unmatched), (2, 1, 2));
        assert_eq!(comparison.share, Some(0.5));
        let change =
            Change { id: "A2".to_owned(), level: Level::Medium, before: Level::Low, now: Level::Medium };
        assert_eq!(comparison.examples, [change]);
    }

    #[test]
    fn at_most_twenty_changes_are_listed() {
        let ids: Vec<String> = (0..30).map(|i| format!("A{i}")).collect();
        let earlier = Earlier(ids.iter().map(|id| (id.clone(), Level::None)).collect());
        let rows: Vec<Judged> = ids.iter().map(|id| judged(id, Level::Low, Level::Low)).collect();
        let comparison = earlier.compare(&rows);
        assert_eq!((comparison.changed, comparison.examples.len()), (30, 20));
    }
}
