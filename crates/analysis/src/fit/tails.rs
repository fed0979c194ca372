//! The best tail thresholds of one model, one threshold at a time until none can be bettered.

use crate::evaluate::Confusion;
use crate::level::Level;
use crate::tails::Tails;

/// Thresholds are tried in steps of one percent; finer would fit the noise of some thousand rows.
const STEPS: std::ops::RangeInclusive<u8> = 5..=95;
/// More sweeps than were ever needed; a bound, not a setting.
const MAX_SWEEPS: usize = 12;
/// A gain below this is rounding.
const GAIN: f64 = 1e-9;

/// The best thresholds found from `start` and from [`Tails::EVEN`]; of equals, the first.
pub(super) fn best(tails: &[[f32; 4]], truths: &[Level], start: &Tails) -> Tails {
    let climbed = [climb(tails, truths, *start), climb(tails, truths, Tails::EVEN)];
    let [a, b] = climbed;
    if b.1 > a.1 + GAIN { b.0 } else { a.0 }
}

fn climb(tails: &[[f32; 4]], truths: &[Level], start: Tails) -> (Tails, f64) {
    let worth = |tau: &Tails| {
        let verdicts = truths.iter().zip(tails).map(|(&truth, s)| (truth, tau.level(s)));
        verdicts.collect::<Confusion>().figures().objective()
    };
    let mut best = (start, worth(&start));
    for _ in 0..MAX_SWEEPS {
        let before = best.1;
        for k in 0..4 {
            for step in STEPS {
                let mut tau = best.0.get();
                tau[k] = f32::from(step) / 100.0;
                let Ok(tau) = Tails::new(tau) else { continue };
                let objective = worth(&tau);
                if objective > best.1 + GAIN {
                    best = (tau, objective);
                }
            }
        }
        if best.1 <= before + GAIN {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_doubts_too_much_gets_lower_thresholds() {
        // It sees danger rightly, but never gives it more than 40 percent.
        let truths: Vec<Level> =
            (0..60).map(|i| if i % 3 == 0 { Level::High } else { Level::None }).collect();
        let tails: Vec<[f32; 4]> =
            truths.iter().map(|t| if t.is_urgent() { [0.45, 0.42, 0.4, 0.0] } else { [0.1; 4] }).collect();
        let found = best(&tails, &truths, &Tails::EVEN);
        assert!(tails.iter().zip(&truths).all(|(s, &t)| found.level(s) == t), "{found:?}");
    }
}
