//! What staff say: this verdict was wrong, and what it should have been.

use ash_analysis::{Level, MessageText};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::record::RecordId;

/// In which way a verdict was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Too high: the team was called for nothing.
    FalsePositive,
    /// Too low: somebody was overlooked.
    FalseNegative,
}

impl Kind {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::FalsePositive => "false_positive",
            Kind::FalseNegative => "false_negative",
        }
    }
}

/// What staff say of one verdict. It holds the message, so it has no `Debug`.
#[derive(Clone)]
pub struct Feedback {
    pub(crate) kind: Kind,
    pub(crate) given: Level,
    pub(crate) correct: Level,
    pub(crate) text: MessageText,
    pub(crate) score: Option<f64>,
    pub(crate) context: Map<String, Value>,
    pub(crate) id: Option<RecordId>,
}

/// What cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedbackError {
    /// A false alarm would have to have been lower.
    #[error("a false positive of level {given} cannot be {correct}: what is correct must be lower")]
    NotLower {
        /// What the service said.
        given: Level,
        /// What was called correct.
        correct: Level,
    },
    /// A miss would have to have been higher.
    #[error("a false negative of level {given} cannot be {correct}: what is correct must be higher")]
    NotHigher {
        /// What the service said.
        given: Level,
        /// What was called correct.
        correct: Level,
    },
}

impl Feedback {
    /// A verdict of level `given` on `text` should have been `correct`.
    pub fn new(kind: Kind, given: Level, correct: Level, text: MessageText) -> Result<Self, FeedbackError> {
        match kind {
            Kind::FalsePositive if correct >= given => Err(FeedbackError::NotLower { given, correct }),
            Kind::FalseNegative if correct <= given => Err(FeedbackError::NotHigher { given, correct }),
            _ => Ok(Feedback { kind, given, correct, text, score: None, context: Map::new(), id: None }),
        }
    }

    /// The same with the severity that the client tells, on a scale of its own; what is no finite number is dropped.
    #[must_use]
    pub fn with_score(mut self, score: f64) -> Self {
        self.score = Some(score).filter(|score| score.is_finite());
        self
    }

    /// The same with what the client tells beside it. What of it is kept, [`Record::of`](crate::Record::of) decides.
    #[must_use]
    pub fn with_context(mut self, context: Map<String, Value>) -> Self {
        self.context = context;
        self
    }

    /// The same under the client's own id.
    #[must_use]
    pub fn with_id(mut self, id: RecordId) -> Self {
        self.id = Some(id);
        self
    }
}
