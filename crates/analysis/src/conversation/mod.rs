//! What the messages before this one add to it: trend, escalation, rhythm, and at most one level.
//!
//! Pure: the times come with the request, there is no clock, and the same inputs give the same verdict. The rule
//! by which a conversation may raise a level stands in [`Conversation::read`]; [`apply`] is the one place that does.

mod escalation;
mod history;
mod rhythm;
mod settings;
mod trend;

use serde::Serialize;
use utoipa::ToSchema;

use crate::assessment::Assessment;
use crate::decision::BAND;
use crate::level::Level;
use crate::score::Score;

pub use escalation::{Escalation, EscalationKind};
pub use history::{CALM_BELOW, Item, MAX_ITEMS, newest};
pub use rhythm::TimeOfDay;
pub use settings::ConversationSettings;
pub use trend::{Direction, Trend};

/// So many earlier messages must show trouble of their own before a conversation raises a level: one may be a slip.
pub const MIN_CONCERNING: usize = 2;

/// What the conversation around one message shows.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ContextAnalysis {
    /// Where the scores go.
    pub trend: Trend,
    /// How fast they rose.
    pub escalation: Escalation,
    /// Standard deviation of the scores, this message's included; 0 to 0.5.
    pub volatility: Score,
    /// How many earlier messages had a score.
    pub messages_considered: usize,
    /// Messages an hour; none without times.
    pub posting_rate_per_hour: Option<f64>,
    /// The user's time of day; none without a known time zone and a time. It never changes a level.
    pub time_of_day: Option<TimeOfDay>,
    /// The level is one step higher than the message alone would have it.
    pub raised_level: bool,
    /// One sentence that says why, or why not; quotes nothing.
    pub reason: String,
    /// What of the request could not be used.
    pub notes: Vec<&'static str>,
}

/// The message in question, as the conversation sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// The level of the message alone.
    pub level: Level,
    /// Its score on the even scale.
    pub score: Score,
    /// When it was written, in seconds since 1970; none means with the newest of the history.
    pub at: Option<i64>,
    /// The hour on the user's clock, 0 to 23.
    pub local_hour: Option<u8>,
}

/// Reads a message in the light of those before it.
pub struct Conversation;

impl Conversation {
    /// What `history` adds to `now`. Items with times may come in any order; if one has none, all are taken as
    /// given, newest first.
    ///
    /// The level is raised by one step if all of this holds:
    /// - it is low, medium or high by itself: what was said before makes no alarm of a harmless message;
    /// - at least [`MIN_CONCERNING`] earlier messages were at low or worse, and none was above this one;
    /// - from one of those the score rose by as much as `settings` asks for in that time.
    ///
    /// Calm messages (below [`CALM_BELOW`]) have no part in this rule: a cry out of calm is judged by what it
    /// says, and adding calm messages can never raise a level. Nor has the time of day.
    pub fn read(now: &Now, history: &[Item], settings: &ConversationSettings) -> ContextAnalysis {
        let at = now.at.or_else(|| newest(history));
        let items = history::in_order(history);
        let troubled: Vec<Item> = items.iter().copied().filter(Item::is_concerning).collect();
        let rise = escalation::find(now.score, at, &troubled, settings);
        let peak = troubled.iter().all(|item| item.score <= now.score);
        let possible = settings.may_raise && now.level > Level::None && now.level < Level::Critical;
        let raised =
            possible && peak && troubled.len() >= MIN_CONCERNING && rise.kind != EscalationKind::None;
        ContextAnalysis {
            trend: trend::read(now.score, at, &items),
            escalation: escalation::find(now.score, at, &items, settings),
            volatility: rhythm::volatility(now.score, &items),
            messages_considered: items.len(),
            posting_rate_per_hour: rhythm::posting_rate(at, &items),
            time_of_day: now.local_hour.map(TimeOfDay::at),
            raised_level: raised,
            reason: if raised { why(troubled.len(), &rise) } else { why_not(items.len(), now.level) },
            notes: Vec::new(),
        }
    }
}

/// Why a level was raised.
fn why(troubled: usize, rise: &Escalation) -> String {
    let pace = match rise.over_minutes {
        Some(minutes) if minutes < 120 => format!("within {minutes} minutes"),
        Some(minutes) if minutes < 2 * 24 * 60 => format!("within {} hours", minutes / 60),
        Some(minutes) => format!("within {} days", minutes / (24 * 60)),
        None => "from message to message".to_owned(),
    };
    format!("Raised by one level: {troubled} earlier messages showed distress, and it has grown {pace}.")
}

fn why_not(items: usize, level: Level) -> String {
    match (items, level) {
        (0, _) => "No earlier message could be judged.",
        (_, Level::None) => {
            "The message itself shows no distress, so the conversation does not change its level."
        }
        (_, Level::Critical) => "The message is at the highest level by itself.",
        _ => "The conversation does not change the level.",
    }
    .to_owned()
}

/// The assessment with what the conversation adds: the only place where a context touches a verdict.
///
/// `context` was read by what the configuration alone makes of the messages ([`Assessment::as_configured`]), so that
/// what was learnt moves no rise. A raised level stands at the beginning of its range, asks for a human, and says so first. Nothing is ever
/// lowered.
#[must_use]
pub fn apply(mut assessment: Assessment, context: ContextAnalysis) -> Assessment {
    let by_configuration = assessment.as_configured.level;
    if context.raised_level && by_configuration < Level::Critical {
        let above = |level: Level| Level::ALL[(level.index() + 1).min(4)];
        // What was learnt never makes an urgent level rarer, neither by itself nor in a conversation.
        let floor = Some(above(by_configuration)).filter(|level| level.is_urgent());
        let level = above(assessment.level).max(floor.unwrap_or(Level::None));
        assessment.level = level;
        assessment.score = Score::clamped((BAND * level.index() as f32).max(assessment.score.get()));
        assessment.action = level.action();
        assessment.requires_staff_review = true;
        assessment.reason = format!("{} {}", assessment.reason, context.reason);
        assessment.key_factors.insert(0, context.reason.clone());
    }
    assessment.context = Some(context);
    assessment
}

#[cfg(test)]
mod tests;
