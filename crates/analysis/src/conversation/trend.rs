//! Where the scores go: the Theil–Sen slope, the median of the slopes between all pairs (Sen 1968,
//! doi:10.1080/01621459.1968.10480934). A single odd message hardly moves it.

use serde::Serialize;
use utoipa::ToSchema;

use super::history::Item;
use crate::score::Score;

/// Fewer points have no trend.
const MIN_POINTS: usize = 3;
/// A change of less than half a level over the whole conversation is steady.
const STEADY: f64 = 0.1;
/// Messages of one minute are one moment: a pair nearer than this, in hours, would be all slope.
const MOMENT: f64 = 1.0 / 60.0;

/// Where scores go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up: worse.
    Rising,
    /// Down: better.
    Falling,
    /// Neither, or too few messages to tell.
    Steady,
}

/// The trend of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Trend {
    /// Where the scores go.
    pub direction: Direction,
    /// Change of the score an hour; none if there are too few messages or times are missing.
    pub slope_per_hour: Option<f64>,
    /// How it was found.
    pub method: &'static str,
}

/// The trend of `items`, oldest first, and `now` behind them.
pub(super) fn read(now: Score, at: Option<i64>, items: &[Item]) -> Trend {
    let timed = items.iter().all(|item| item.at.is_some()) && at.is_some();
    let all = items.iter().map(|item| (item.at, item.score)).chain([(at, now)]);
    let start = items.first().and_then(|item| item.at).unwrap_or(0);
    // An item after the message (clocks differ) counts as simultaneous.
    let place = |i: usize, then: Option<i64>| match then {
        Some(then) if timed => then.min(at.unwrap_or(then)).saturating_sub(start) as f64 / 3600.0,
        _ => i as f64,
    };
    let points: Vec<(f64, f64)> =
        all.enumerate().map(|(i, (then, score))| (place(i, then), f64::from(score.get()))).collect();
    let steady = Trend { direction: Direction::Steady, slope_per_hour: None, method: "theil_sen" };
    if points.len() < MIN_POINTS {
        return steady;
    }
    let mut slopes = Vec::new();
    for (i, a) in points.iter().enumerate() {
        slopes.extend(points[i + 1..].iter().map(|b| (b.1 - a.1) / (b.0 - a.0).max(MOMENT)));
    }
    let slope = median(&mut slopes);
    let span = points.last().map_or(0.0, |last| last.0).max(MOMENT);
    let direction = match slope * span {
        change if change >= STEADY => Direction::Rising,
        change if change <= -STEADY => Direction::Falling,
        _ => Direction::Steady,
    };
    Trend { direction, slope_per_hour: timed.then_some((slope * 1e4).round() / 1e4), ..steady }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}
