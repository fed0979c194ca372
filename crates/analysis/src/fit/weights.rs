//! The best weights, each set judged by the best cuts that it allows: a coarse grid over all of them, then
//! finer and finer shifts from one model to another.

use super::cuts::{FittedCuts, Ranked};
use crate::decision::Cuts;
use crate::level::Level;

/// The finest share of a weight: one percent. Finer would fit the noise of some thousand rows.
const WHOLE: u32 = 100;
/// The grid has as fine a step as keeps it below this many points.
const GRID: usize = 100;
/// Percent moved between two models after the grid.
const SHIFTS: [u32; 3] = [5, 2, 1];
/// Rounds at each shift; a bound, not a setting.
const MAX_ROUNDS: usize = 16;
/// No model that is configured is silenced on some thousand rows: its voice is what is left if another one fails.
const LEAST: u32 = 5;
/// A gain below this is rounding.
const GAIN: f64 = 1e-9;

/// Weights, in the order of the signals, and the cuts of their mean.
pub(super) struct FittedWeights {
    pub(super) weights: Vec<f32>,
    pub(super) cuts: Cuts,
}

/// The best weights for `signals` (one list a model, one signal a row).
pub(super) fn best(signals: &[Vec<f32>], truths: &[Level], start: &Cuts) -> FittedWeights {
    let judged = |weights: &[u32], cuts: &Cuts| Ranked::new(&mean(signals, weights), truths).best_cuts(cuts);
    let mut best = Vec::new();
    let mut found = FittedCuts { cuts: *start, objective: f64::NEG_INFINITY };
    let mut consider = |weights: Vec<u32>, best: &mut Vec<u32>| {
        if weights.iter().any(|&w| w < least(signals.len())) {
            return false;
        }
        let candidate = judged(&weights, &found.cuts);
        let better = best.is_empty() || candidate.objective > found.objective + GAIN;
        if better {
            (found, *best) = (candidate, weights);
        }
        better
    };
    for weights in grid(signals.len()) {
        consider(weights, &mut best);
    }
    for shift in SHIFTS {
        for _ in 0..MAX_ROUNDS {
            let mut moved = false;
            for (from, to) in pairs(signals.len()) {
                if best[from] >= shift {
                    let mut weights = best.clone();
                    weights[from] -= shift;
                    weights[to] += shift;
                    moved |= consider(weights, &mut best);
                }
            }
            if !moved {
                break;
            }
        }
    }
    FittedWeights { weights: best.into_iter().map(share).collect(), cuts: found.cuts }
}

/// The weighted mean of each row's signals.
fn mean(signals: &[Vec<f32>], weights: &[u32]) -> Vec<f32> {
    let mut means = vec![0.0; signals.first().map_or(0, Vec::len)];
    for (signal, &weight) in signals.iter().zip(weights) {
        for (mean, x) in means.iter_mut().zip(signal) {
            *mean += share(weight) * x;
        }
    }
    means
}

/// Percent to a weight.
fn share(percent: u32) -> f32 {
    percent as f32 / WHOLE as f32
}

/// Every ordered pair of two different models.
fn pairs(models: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..models).flat_map(move |a| (0..models).map(move |b| (a, b))).filter(|(a, b)| a != b)
}

/// Weights that sum to the whole, in even steps, from the first model having it all to the last.
fn grid(models: usize) -> Vec<Vec<u32>> {
    let size = |steps: usize| (1..models).fold(1, |n, i| n * (steps + i) / i);
    let steps = [10, 5, 4, 2, 1].into_iter().find(|&n| size(n as usize) <= GRID).unwrap_or(1);
    let mut all = Vec::new();
    compositions(models, steps, &mut Vec::new(), &mut all);
    let free = WHOLE - least(models) * u32::try_from(models).unwrap_or(WHOLE);
    for weights in &mut all {
        for part in weights.iter_mut() {
            *part = least(models) + *part * free / steps;
        }
        // What rounding left over.
        let rest = WHOLE - weights.iter().sum::<u32>();
        if let Some(first) = weights.first_mut() {
            *first += rest;
        }
    }
    all
}

/// The least weight of one of so many models.
fn least(models: usize) -> u32 {
    match u32::try_from(models) {
        Ok(n) if n > 1 => LEAST.min(WHOLE / n / 2),
        _ => 0,
    }
}

/// All ways to write `rest` as an ordered sum of `parts` numbers, after `head`.
fn compositions(parts: usize, rest: u32, head: &mut Vec<u32>, all: &mut Vec<Vec<u32>>) {
    if parts <= 1 {
        head.push(rest);
        all.push(head.clone());
        head.pop();
        return;
    }
    for first in (0..=rest).rev() {
        head.push(first);
        compositions(parts - 1, rest - first, head, all);
        head.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_covers_all_shares_and_stays_small() {
        assert_eq!(grid(1), [[100]]);
        assert_eq!(grid(2).len(), 11);
        assert_eq!(grid(3).len(), 66);
        for models in 1..12 {
            let grid = grid(models);
            assert!(grid.len() <= GRID, "{models} models, {} points", grid.len());
            assert!(grid.iter().all(|w| w.len() == models && w.iter().sum::<u32>() == WHOLE));
        }
    }

    #[test]
    fn the_model_that_knows_gets_the_weight() {
        let truths: Vec<Level> = (0..50).map(|i| Level::ALL[i % 5]).collect();
        let knows: Vec<f32> = truths.iter().map(|t| t.index() as f32 / 4.0).collect();
        let guesses: Vec<f32> = (0..50_u16).map(|i| f32::from(i * 37 % 50) / 50.0).collect();
        let found = best(&[guesses, knows], &truths, &Cuts::EVEN);
        assert!(found.weights[1] > 0.5, "{:?}", found.weights);
        assert!((found.weights.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
