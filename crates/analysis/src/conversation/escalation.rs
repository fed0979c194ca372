//! How fast a score rose.

use serde::Serialize;
use utoipa::ToSchema;

use super::history::Item;
use super::settings::ConversationSettings;
use crate::score::Score;

const HOUR: i64 = 3600;
/// A rise within this is sudden.
const SUDDEN: i64 = HOUR;
/// A rise within this is rapid.
const RAPID: i64 = 4 * HOUR;
/// What lies further back tells nothing about how a person is now.
const GRADUAL: i64 = 7 * 24 * HOUR;

/// How fast a score rose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EscalationKind {
    /// It did not, or too little.
    None,
    /// Within an hour.
    Sudden,
    /// Within four hours.
    Rapid,
    /// Within seven days, or in a time that is not known.
    Gradual,
}

/// The fastest rise that counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Escalation {
    /// How fast.
    pub kind: EscalationKind,
    /// By how much, on the even scale of scores; 0 if it does not count.
    pub rise: Score,
    /// In how many minutes; none without times.
    pub over_minutes: Option<i64>,
}

/// The fastest kind of rise from one of `items` to `now` that is as large as the settings ask, and the largest
/// of that kind. Items after `at` (clocks differ) count as simultaneous.
pub(super) fn find(
    now: Score,
    at: Option<i64>,
    items: &[Item],
    settings: &ConversationSettings,
) -> Escalation {
    let timed = items.iter().all(|item| item.at.is_some());
    let rises: Vec<(f32, Option<i64>)> = items
        .iter()
        .map(|item| {
            let age =
                if timed { at.zip(item.at).map(|(at, then)| at.saturating_sub(then).max(0)) } else { None };
            (now.get() - item.score.get(), age)
        })
        .collect();
    let kinds = [
        (EscalationKind::Sudden, SUDDEN, settings.sudden_rise),
        (EscalationKind::Rapid, RAPID, settings.rapid_rise),
        (EscalationKind::Gradual, GRADUAL, settings.gradual_rise),
    ];
    for (kind, window, least) in kinds {
        let within = |age: Option<i64>| age.map_or(kind == EscalationKind::Gradual, |age| age <= window);
        let counts = rises.iter().filter(|(rise, age)| *rise >= least && within(*age));
        // Of equal rises the faster one.
        let best = counts.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        if let Some(&(rise, age)) = best {
            return Escalation { kind, rise: Score::clamped(rise), over_minutes: age.map(|age| age / 60) };
        }
    }
    Escalation { kind: EscalationKind::None, rise: Score::ZERO, over_minutes: None }
}
