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
