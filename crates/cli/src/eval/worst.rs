//! The rows to look at first.

use ash_analysis::Level;
use serde::Serialize;

use super::judging::Judged;

/// At most so many rows of each kind are listed: what one can read in a quarter of an hour.
const WORST: usize = 15;

/// Rows that are judged worst; never their text.
#[derive(Debug, Serialize)]
pub(crate) struct Worst {
    /// Truly high or critical, judged lower; the lowest score first.
    pub(crate) missed: Vec<Miss>,
    /// Truly none, judged high or critical; the highest score first.
    pub(crate) false_alarms: Vec<Miss>,
}

/// One of them.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Miss {
    pub(crate) id: String,
    pub(crate) level: Level,
    pub(crate) predicted: Level,
    pub(crate) score: f32,
}

impl Worst {
    /// Of equal scores, in the order of the rows.
    pub(crate) fn of(rows: &[Judged]) -> Self {
        let list = |mut rows: Vec<&Judged>, order: f32| {
            rows.sort_by(|a, b| (order * a.score).total_cmp(&(order * b.score)));
            let miss = |r: &&Judged| Miss {
                id: r.id.clone(),
                level: r.level,
                predicted: r.predicted,
                score: r.score,
            };
            rows.iter().take(WORST).map(miss).collect()
        };
        let missed = |r: &&Judged| r.level.is_urgent() && !r.predicted.is_urgent();
        let false_alarm = |r: &&Judged| r.level == Level::None && r.predicted.is_urgent();
        Worst {
            missed: list(rows.iter().filter(missed).collect(), 1.0),
            false_alarms: list(rows.iter().filter(false_alarm).collect(), -1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::judged;
    use super::*;

    #[test]
    fn the_most_certain_mistakes_come_first() {
        let scored = |id, level, predicted, score| Judged { score, ..judged(id, level, predicted) };
        let worst = Worst::of(&[
            scored("A1", Level::High, Level::Medium, 0.5),
            scored("A2", Level::Critical, Level::None, 0.1),
            scored("A3", Level::High, Level::Critical, 0.9),
            scored("D1", Level::None, Level::High, 0.6),
            scored("D2", Level::None, Level::Critical, 0.8),
            scored("D3", Level::None, Level::Medium, 0.5),
        ]);
        let ids = |list: &[Miss]| list.iter().map(|miss| miss.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&worst.missed), ["A2", "A1"]);
        assert_eq!(ids(&worst.false_alarms), ["D2", "D1"]);
    }

    #[test]
    fn the_list_stays_short() {
        let rows: Vec<Judged> = (0..40).map(|i| judged(&format!("A{i}"), Level::High, Level::None)).collect();
        assert_eq!(Worst::of(&rows).missed.len(), 15);
    }
}
