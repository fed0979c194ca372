//! What each model said, as JSON objects keyed by its name.

use ash_analysis::{ModelSignal, Score};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A JSON object with one member a model, in the order in which they are configured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ByModel<T>(Vec<(String, T)>);

impl<T> ByModel<T> {
    pub(super) fn new(signals: &[ModelSignal], value: impl Fn(&ModelSignal) -> T) -> Self {
        ByModel(signals.iter().map(|s| (s.model.name.clone(), value(s))).collect())
    }
}

impl<T: Serialize> Serialize for ByModel<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// What one model contributed: its most probable label, that label's probability, and its signal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Signal {
    /// The most probable label.
    label: String,
    /// Its probability.
    score: Score,
    /// How much danger the model sees.
    #[serde(rename = "crisis_signal")]
    danger: Score,
}

impl From<&ModelSignal> for Signal {
    fn from(signal: &ModelSignal) -> Self {
        let (label, probability) = signal.top();
        Signal { label: label.to_owned(), score: Score::clamped(probability), danger: signal.signal }
    }
}
