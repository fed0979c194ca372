//! How often, how unevenly and at what time of day somebody writes. Told to the team; never changes a level.

use serde::Serialize;
use utoipa::ToSchema;

use super::history::{Item, newest};
use crate::score::Score;

/// Night begins at this hour…
const NIGHT_FROM: u8 = 23;
/// … and ends at this one.
const NIGHT_UNTIL: u8 = 5;

/// A time of day on the user's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub local_hour: u8,
    /// From 23 to 5 o'clock.
    pub night: bool,
}

impl TimeOfDay {
    pub(super) const fn at(local_hour: u8) -> Self {
        Self { local_hour, night: local_hour >= NIGHT_FROM || local_hour < NIGHT_UNTIL }
    }
}

/// Messages an hour, this one included; less than an hour counts as one, so that two quick messages are no flood.
pub(super) fn posting_rate(at: Option<i64>, items: &[Item]) -> Option<f64> {
    let oldest = items.iter().filter_map(|item| item.at).min()?;
    let latest = at.max(newest(items))?;
    let timed = 1 + items.iter().filter(|item| item.at.is_some()).count();
    let hours = (latest.saturating_sub(oldest) as f64 / 3600.0).max(1.0);
    Some((timed as f64 / hours * 100.0).round() / 100.0)
}

/// Standard deviation of all scores, about their own mean.
pub(super) fn volatility(now: Score, items: &[Item]) -> Score {
    let scores = || items.iter().map(|item| item.score.get()).chain([now.get()]);
    let n = (items.len() + 1) as f32;
    let mean = scores().sum::<f32>() / n;
    Score::clamped((scores().map(|s| (s - mean).powi(2)).sum::<f32>() / n).sqrt())
}
