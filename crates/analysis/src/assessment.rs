//! The verdict on one message. Every surface renders it, none recomputes it.

use std::sync::Arc;

use crate::classifier::{ClassifyError, ModelInfo};
use crate::conversation::ContextAnalysis;
use crate::ensemble::Mode;
use crate::evidence::Weighed;
use crate::level::{Action, Level};
use crate::patterns::Finding;
use crate::score::Score;

/// What one model contributed.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSignal {
    /// The model that spoke.
    pub model: Arc<ModelInfo>,
    /// Temperature-scaled probabilities, in the order of the model's labels.
    pub probabilities: Vec<f32>,
    /// The tags it reported, most probable first, only those worth telling.
    pub tags: Vec<Tag>,
    /// How far up the even scale of levels the evidence reaches; see [`crate::tails`].
    pub signal: Score,
    /// c = 1 − H(p)/ln n.
    pub confidence: Score,
    /// The level that the model gives by itself, at its own tail thresholds.
    pub vote: Level,
    /// Its weight in the ensemble; the weights of the models that answered sum to 1.
    pub weight: Score,
}

impl ModelSignal {
    /// The most probable label and its probability.
    pub fn top(&self) -> (&str, f32) {
        let best = (0..self.probabilities.len())
            .max_by(|&a, &b| self.probabilities[a].total_cmp(&self.probabilities[b]));
        best.map_or(("", 0.0), |i| (self.model.labels[i].name.as_str(), self.probabilities[i]))
    }
}

/// A tag of a model (a crisis category, an emotion) with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The tag's name.
    pub name: String,
    /// Its probability.
    pub probability: Score,
}

/// The models disagree so much, or contradict the wording so much, that a human should look.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// What was found, as a machine-readable word: `spread`, `agreement`, `votes` or `patterns`.
    pub kind: &'static str,
    /// A sentence for people, with the figures.
    pub detail: String,
}

/// A level, and the score behind it on the even scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// The level.
    pub level: Level,
    /// The score.
    pub score: Score,
}

/// The verdict on one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// How urgent it is.
    pub level: Level,
    /// The combined score on the even scale: low begins at 0.2, medium at 0.4, high at 0.6, critical at 0.8.
    pub score: Score,
    /// What it would be by the cuts of the configuration alone, without what was learnt and without the conversation:
    /// messages are compared with each other by this.
    pub as_configured: Standing,
    /// How sure the ensemble is of the level; lowered by disagreement.
    pub confidence: Score,
    /// What the team is advised to do.
    pub action: Action,
    /// A human should look, whatever the level says.
    pub requires_staff_review: bool,
    /// What the message seems to be about, most important first; empty for level none.
    pub categories: Vec<String>,
    /// One sentence, made from what was found in this message; never quotes it.
    pub reason: String,
    /// Further short statements, most important first.
    pub key_factors: Vec<String>,
    /// How the models were combined.
    pub mode: Mode,
    /// One entry a model that answered, in configured order.
    pub signals: Vec<ModelSignal>,
    /// What patterns found, in the order of the text.
    pub findings: Vec<Finding>,
    /// How the findings moved the score.
    pub weighed: Weighed,
    /// Where the models disagree; not empty means `gaps_detected`.
    pub gaps: Vec<Gap>,
    /// Models that did not answer. Not empty means the assessment is degraded.
    pub failures: Vec<ClassifyError>,
    /// Longer than the models read; only its last part was judged.
    pub truncated: bool,
    /// What earlier messages add; none if none came. Set by [`crate::conversation::apply`] alone.
    pub context: Option<ContextAnalysis>,
}

impl Assessment {
    /// Some part failed: the verdict rests on less than it should, and asks for a human.
    pub fn is_degraded(&self) -> bool {
        !self.failures.is_empty() || self.signals.is_empty()
    }
}
