//! The best weights of themes, dampers of frames and the use of floors, one number at a time.
//!
//! Every number starts at 0, and it moves only for a gain that a handful of rows could not give by chance
//! ([`WORTHWHILE`]): two dozen themes on some thousand rows would otherwise fit the rows, not the themes.

use std::collections::BTreeMap;

use crate::decision::Cuts;
use crate::evaluate::Confusion;
use crate::evidence::{Evidence, EvidenceSettings};
use crate::fit::cuts::Ranked;
use crate::fit::tails;
use crate::level::Level;
use crate::patterns::{Polarity, Theme};
use crate::score::Score;

/// What a number must gain, in the objective, to leave 0.
const WORTHWHILE: f64 = 0.003;
/// A gain below this is rounding.
const GAIN: f64 = 1e-9;
/// Sweeps over all numbers; a bound, not a setting.
const MAX_SWEEPS: usize = 6;
const WEIGHTS: [f32; 8] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5];
const DAMPERS: [f32; 7] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
/// Without models a theme must be able to speak for itself.
const ALONE: [f32; 11] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// What is known of a row: the models' score on the even scale, the evidence, the truth.
pub(super) struct Row {
    pub(super) models: Score,
    pub(super) evidence: Evidence,
    pub(super) truth: Level,
}

/// The best settings found beside the models, keeping the cues and what counts alone.
pub(super) fn best(rows: &[Row], start: &EvidenceSettings) -> EvidenceSettings {
    let mut best = EvidenceSettings {
        weights: BTreeMap::new(),
        dampers: BTreeMap::new(),
        floors: false,
        ..start.clone()
    };
    let worth = |settings: &EvidenceSettings| {
        let verdicts = rows.iter().map(|row| (row.truth, settings.weigh(row.models, &row.evidence).level));
        verdicts.collect::<Confusion>().figures().objective()
    };
    let mut objective = worth(&best);
    let mut consider = |candidate: EvidenceSettings, best: &mut EvidenceSettings, least: f64| {
        let gained = worth(&candidate);
        let better = gained > objective + least;
        if better {
            (*best, objective) = (candidate, gained);
        }
        better
    };
    for _ in 0..MAX_SWEEPS {
        let mut moved =
            consider(EvidenceSettings { floors: !best.floors, ..best.clone() }, &mut best, WORTHWHILE);
        for &theme in Theme::ALL {
            let (steps, risk): (&[f32], bool) = match theme.polarity() {
                Polarity::Risk => (&WEIGHTS, true),
                Polarity::Frame | Polarity::Protective => (&DAMPERS, false),
                Polarity::Cue => continue,
            };
            for &step in steps {
                let mut candidate = best.clone();
                let numbers = if risk { &mut candidate.weights } else { &mut candidate.dampers };
                let was = set(numbers, theme, step);
                let least = if was == 0.0 { WORTHWHILE } else { GAIN };
                moved |= consider(candidate, &mut best, least);
            }
        }
        if !moved {
            break;
        }
    }
    best
}

/// The best weights and cuts for the evidence without any model.
pub(super) fn best_alone(rows: &[Row], start: &EvidenceSettings) -> EvidenceSettings {
    let truths: Vec<Level> = rows.iter().map(|row| row.truth).collect();
    let mut best = start.clone();
    best.alone.weights =
        Theme::ALL.iter().filter(|t| t.polarity() == Polarity::Risk).map(|&t| (t, 0.5)).collect();
    let words: Vec<[f32; 4]> = rows.iter().map(|row| row.evidence.words).collect();
    best.alone.tails = tails::best(&words, &truths, &best.alone.tails);
    best.alone.cuts = Cuts::EVEN;
    let judged = |settings: &EvidenceSettings| {
        let even = EvidenceSettings {
            alone: crate::evidence::Alone { cuts: Cuts::EVEN, ..settings.alone.clone() },
            ..settings.clone()
        };
        let scores: Vec<f32> = rows.iter().map(|row| even.weigh_alone(&row.evidence).score.get()).collect();
        Ranked::new(&scores, &truths).best_cuts(&settings.alone.cuts)
    };
    let first = judged(&best);
    best.alone.cuts = first.cuts;
    let mut objective = first.objective;
    for _ in 0..MAX_SWEEPS {
        let mut moved = false;
        for &theme in Theme::ALL.iter().filter(|t| t.polarity() == Polarity::Risk) {
            for step in ALONE {
                let mut candidate = best.clone();
                set(&mut candidate.alone.weights, theme, step);
                let found = judged(&candidate);
                if found.objective > objective + GAIN {
                    candidate.alone.cuts = found.cuts;
                    (best, objective, moved) = (candidate, found.objective, true);
                }
            }
        }
        if !moved {
            break;
        }
    }
    best
}

/// Writes a number, 0 by leaving it out; gives back what it was.
fn set(numbers: &mut BTreeMap<Theme, f32>, theme: Theme, value: f32) -> f32 {
    let was = if value == 0.0 { numbers.remove(&theme) } else { numbers.insert(theme, value) };
    was.unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every third row is urgent. Either the theme tells so and the models see a little too little, or the models
    /// see right and the theme comes as it likes.
    fn rows(theme: Theme, tells: bool) -> Vec<Row> {
        let row = |i: usize| {
            let urgent = i.is_multiple_of(3);
            let speaks = if tells { urgent } else { i.is_multiple_of(5) };
            let risks = if speaks { BTreeMap::from([(theme, 1.0)]) } else { BTreeMap::new() };
            Row {
                models: Score::clamped(match (urgent, tells) {
                    (true, true) => 0.58,
                    (true, false) => 0.65,
                    (false, _) => 0.17,
                }),
                evidence: Evidence { risks, ..Evidence::default() },
                truth: if urgent { Level::High } else { Level::None },
            }
        };
        (0..300).map(row).collect()
    }

    #[test]
    fn a_theme_that_tells_gets_a_weight_and_one_that_does_not_gets_none() {
        let start = EvidenceSettings::unfitted();
        let tells = best(&rows(Theme::Ideation, true), &start);
        assert!(tells.weights.get(&Theme::Ideation).is_some_and(|w| *w > 0.0), "{tells:?}");
        let noise = best(&rows(Theme::Burden, false), &start);
        assert!(noise.weights.is_empty() && noise.dampers.is_empty() && !noise.floors, "{noise:?}");
    }

    #[test]
    fn alone_the_theme_that_tells_finds_what_is_urgent() {
        let rows = rows(Theme::Ideation, true);
        let found = best_alone(&rows, &EvidenceSettings::unfitted());
        let right = rows.iter().filter(|r| found.weigh_alone(&r.evidence).level == r.truth).count();
        assert_eq!(right, rows.len());
    }
}
