//! Rows gathered into the groups that were written together, which is what chance draws.

use std::collections::BTreeMap;

use ash_analysis::Level;
use ash_analysis::evaluate::Group;
use serde::Serialize;

use super::judging::Judged;

/// The groups of `rows`, in the order of their names. `verdict` gives level and score of a row: its own, or those of
/// an earlier run.
pub(crate) fn groups<'a>(
    rows: impl Iterator<Item = &'a Judged> + Clone,
    verdict: impl Fn(&Judged) -> (Level, f32),
) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for row in rows.clone() {
        let (level, score) = verdict(row);
        groups.entry(&row.group).or_default().add(row.level, level, score);
    }
    for pair in pairs(rows, |row| verdict(row).0) {
        groups.entry(pair.group).or_default().add_pair(pair.right);
    }
    groups.into_values().collect()
}

/// How many contrast pairs are right as a whole.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Pairs {
    pub(crate) right: usize,
    pub(crate) total: usize,
    pub(crate) share: Option<f64>,
}

impl Pairs {
    /// Of the rows as they were judged.
    pub(crate) fn of(rows: &[Judged]) -> Self {
        let pairs = pairs(rows.iter(), |row| row.predicted);
        let (total, right) = (pairs.len(), pairs.iter().filter(|pair| pair.right).count());
        Pairs { right, total, share: (total > 0).then(|| right as f64 / total as f64) }
    }
}

struct Pair<'a> {
    /// The group of its first member: pairs lie within groups, and one that did not would count once.
    group: &'a str,
    members: u32,
    right: bool,
}

/// A `pair` with one member only (its twin is in another split) is no contrast and does not count.
fn pairs<'a>(rows: impl Iterator<Item = &'a Judged>, verdict: impl Fn(&Judged) -> Level) -> Vec<Pair<'a>> {
    let mut pairs: BTreeMap<&str, Pair> = BTreeMap::new();
    for row in rows {
        let Some(name) = &row.pair else { continue };
        let pair = pairs.entry(name).or_insert(Pair { group: &row.group, members: 0, right: true });
        pair.members += 1;
        pair.right &= verdict(row) == row.level;
    }
    pairs.into_values().filter(|pair| pair.members > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::judged;
    use super::*;

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
        assert_eq!(Pairs::of(&rows), Pairs { right: 1, total: 2, share: Some(0.5) });
    }
}
