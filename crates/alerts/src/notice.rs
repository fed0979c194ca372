//! What a receiver is told, as it lies in the outbox.

use ash_analysis::{Action, Level, MessageText};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::clock::{self, Millis};

/// What a receiver is told. Rendered only when it is sent, so that what lies in the outbox for a day follows the
/// settings of the day it is sent on.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Notice {
    /// One message needs a human.
    Alert(Told),
    /// So many more do, that they are told in one.
    Summary(Summary),
    /// An operator wants to see whether this arrives.
    Test { id: String, at: Millis },
}

/// One message that needs a human.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) at: Millis,
    pub(crate) level: Level,
    pub(crate) score: f64,
    pub(crate) confidence: f64,
    pub(crate) action: Action,
    pub(crate) reason: String,
    pub(crate) categories: Vec<String>,
    pub(crate) is_degraded: bool,
    pub(crate) requires_staff_review: bool,
    pub(crate) person: Option<String>,
    pub(crate) channel: Option<String>,
    /// Only if the webhook is to have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

/// Messages that were too many to be told one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    /// Of the first message.
    pub(crate) since: Millis,
    /// Of the last one.
    pub(crate) until: Millis,
    /// How many messages of each level, by [`Level::index`].
    pub(crate) messages: [u32; 5],
}

impl Told {
    /// With the message itself or without it.
    pub(crate) fn of(alert: &Alert, with_text: bool) -> Self {
        let four_decimals = |x: f32| (f64::from(x) * 1e4).round() / 1e4;
        Told {
            id: alert.id.clone(),
            at: clock::millis(alert.at),
            level: alert.level,
            score: four_decimals(alert.score.get()),
            confidence: four_decimals(alert.confidence.get()),
            action: alert.action,
            reason: alert.reason.clone(),
            categories: alert.categories.clone(),
            is_degraded: alert.is_degraded,
            requires_staff_review: alert.requires_staff_review,
            person: alert.person.clone(),
            channel: alert.channel.clone(),
            text: alert.text.as_ref().filter(|_| with_text).map(|text| MessageText::expose(text).to_owned()),
        }
    }
}

impl Summary {
    /// Of nothing yet.
    pub(crate) fn new(webhook: &str, at: Millis) -> Self {
        Summary { id: format!("summary-{webhook}-{at}"), since: at, until: at, messages: [0; 5] }
    }

    /// With one message more.
    pub(crate) fn add(&mut self, level: Level, at: Millis) {
        if let Some(count) = self.messages.get_mut(level.index()) {
            *count = count.saturating_add(1);
        }
        self.since = self.since.min(at);
        self.until = self.until.max(at);
    }

    /// How many in all.
    pub(crate) fn count(&self) -> u32 {
        self.messages.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The levels there are, the most urgent first, and how many of each.
    pub(crate) fn levels(&self) -> impl DoubleEndedIterator<Item = (Level, u32)> + '_ {
        let counted = Level::ALL.into_iter().zip(self.messages).rev();
        counted.filter(|(_, count)| *count > 0)
    }

    /// The most urgent level.
    pub(crate) fn highest(&self) -> Level {
        self.levels().next().map_or(Level::None, |(level, _)| level)
    }

    /// The least urgent level.
    pub(crate) fn lowest(&self) -> Level {
        self.levels().next_back().map_or(Level::None, |(level, _)| level)
    }
}

impl Notice {
    /// How urgent it is to tell.
    pub(crate) fn level(&self) -> Level {
        match self {
            Notice::Alert(told) => told.level,
            Notice::Summary(summary) => summary.highest(),
            Notice::Test { .. } => Level::None,
        }
    }
}
