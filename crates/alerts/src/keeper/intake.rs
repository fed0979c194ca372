//! What becomes of an alert: told, counted in a summary, or left out because it was told a moment ago.
//!
//! Kept in memory alone: after a restart somebody may be told of once more, which is the better mistake, and no file
//! says who was alerted about.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use ash_analysis::Level;

use crate::clock::{self, Millis};

const MINUTE: Millis = 60_000;
/// As many people are remembered; when there are more, all are forgotten.
const MOST_REMEMBERED: usize = 50_000;

/// What becomes of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is told.
    Tell,
    /// It is counted in the summary that is told at `due`.
    Fold { due: Millis },
    /// It was told a moment ago.
    Repeats,
}

/// The memory of one webhook.
pub(super) struct Intake {
    repeat_after: Millis,
    max_per_minute: usize,
    told: HashMap<[u8; 16], (Level, Millis)>,
    /// What was told within the last minute, the oldest first.
    recent: VecDeque<(Millis, Level)>,
}

impl Intake {
    pub(super) fn new(repeat_after: Duration, max_per_minute: u32) -> Self {
        Intake {
            repeat_after: clock::span(repeat_after),
            max_per_minute: usize::try_from(max_per_minute).unwrap_or(usize::MAX),
            told: HashMap::new(),
            recent: VecDeque::new(),
        }
    }

    /// Decides, and remembers what it decided.
    ///
    /// A person is told of again at a higher level at once. Only alerts at the same or a higher level use up the
    /// minute of an alert: a flood of `high` cannot hide one that is `critical`.
    pub(super) fn decide(&mut self, level: Level, key: [u8; 16], now: Millis) -> Decision {
        if self.told.get(&key).is_some_and(|(told, at)| level <= *told && self.repeats(*at, now)) {
            return Decision::Repeats;
        }
        self.recent.retain(|(at, _)| (0..MINUTE).contains(&(now - at)));
        let as_urgent = || self.recent.iter().filter(|(_, other)| *other >= level);
        if as_urgent().count() >= self.max_per_minute {
            return Decision::Fold { due: as_urgent().next().map_or(now, |(at, _)| *at) + MINUTE };
        }
        self.recent.push_back((now, level));
        self.remember(level, key, now);
        Decision::Tell
    }

    /// An alert that was to be told is lost, and with it whose it was: from now on everybody is told of.
    ///
    /// Told twice of somebody is the better mistake than never.
    pub(super) fn forget(&mut self) {
        self.told.clear();
    }

    fn repeats(&self, told_at: Millis, now: Millis) -> bool {
        (0..self.repeat_after).contains(&(now - told_at))
    }

    fn remember(&mut self, level: Level, key: [u8; 16], now: Millis) {
        if self.told.len() >= MOST_REMEMBERED {
            let repeat_after = self.repeat_after;
            self.told.retain(|_, (_, at)| (0..repeat_after).contains(&(now - *at)));
            if self.told.len() >= MOST_REMEMBERED {
                self.told.clear();
            }
        }
        if self.repeat_after > 0 {
            self.told.insert(key, (level, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Millis = 1_700_000_000_000;
    const FIVE_MINUTES: Millis = 5 * MINUTE;

    fn intake(max_per_minute: u32) -> Intake {
        Intake::new(clock::duration(FIVE_MINUTES), max_per_minute)
    }

    #[test]
    fn a_person_is_told_of_again_after_a_while_or_at_once_when_it_gets_worse() {
        let mut intake = intake(600);
        let mut decide = |level, at| intake.decide(level, [1; 16], NOW + at);
        assert_eq!(decide(Level::High, 0), Decision::Tell);
        assert_eq!(decide(Level::High, FIVE_MINUTES - 1), Decision::Repeats);
        assert_eq!(decide(Level::High, FIVE_MINUTES), Decision::Tell, "repetitions do not prolong it");
        assert_eq!(decide(Level::Critical, FIVE_MINUTES + 1), Decision::Tell);
        assert_eq!(decide(Level::High, FIVE_MINUTES + 2), Decision::Repeats);
        assert_eq!(decide(Level::Critical, -1), Decision::Tell, "a clock that went back hides nobody");
    }

    #[test]
    fn a_flood_uses_up_no_minute_but_its_own_levels() {
        let mut intake = intake(2);
        let mut decide = |level, person: u8, at| intake.decide(level, [person; 16], NOW + at);
        assert_eq!(decide(Level::High, 1, 0), Decision::Tell);
        assert_eq!(decide(Level::High, 2, 10), Decision::Tell);
        assert_eq!(decide(Level::High, 3, 20), Decision::Fold { due: NOW + MINUTE });
        assert_eq!(decide(Level::Critical, 4, 30), Decision::Tell);
        assert_eq!(decide(Level::Critical, 5, 40), Decision::Tell);
        assert_eq!(decide(Level::Critical, 6, 50), Decision::Fold { due: NOW + 30 + MINUTE });
        // Both high ones and both critical ones count against a high one.
        assert_eq!(decide(Level::High, 3, MINUTE + 20), Decision::Fold { due: NOW + 30 + MINUTE });
        assert_eq!(decide(Level::High, 3, MINUTE + 35), Decision::Tell, "who was folded was not told of");
    }

    #[test]
    fn memory_is_bounded() {
        let mut intake = intake(600);
        for n in 0..2 * MOST_REMEMBERED {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&n.to_le_bytes());
            intake.remember(Level::High, key, NOW);
            assert!(intake.told.len() <= MOST_REMEMBERED);
        }
    }

    proptest! {
        #[test]
        fn never_more_than_the_maximum_of_a_level_or_worse_in_any_minute(
            steps in prop::collection::vec((0_i64..20_000, 1_usize..5, any::<u8>()), 1..200),
            max in 1_u32..5,
        ) {
            let mut intake = intake(max);
            let (mut now, mut told) = (NOW, Vec::new());
            for (step, level, person) in steps {
                now += step;
                let level = Level::ALL[level];
                match intake.decide(level, [person; 16], now) {
                    Decision::Tell => {
                        told.push((now, level));
                        let worse = |other: Level| other >= level;
                        let minute = told.iter().filter(|(at, other)| now - at < MINUTE && worse(*other));
                        prop_assert!(minute.count() <= max as usize);
                    }
                    Decision::Fold { due } => prop_assert!(due > now && due <= now + MINUTE),
                    Decision::Repeats => {}
                }
            }
        }
    }
}
