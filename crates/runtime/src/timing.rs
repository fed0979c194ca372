//! How long each stage of an answer took: measured, or absent.

use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Where the time of one message went, in milliseconds.
///
/// Messages that wait together run as one batch: the stages after the queue are then the batch's
/// own times, for that is what each of its messages waited for. `batch` says how many shared them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct Timing {
    /// From submission until the batch was taken from the queue.
    #[serde(serialize_with = "rounded")]
    pub queue_ms: f64,
    /// Raw text to clean message.
    #[serde(serialize_with = "rounded")]
    pub normalise_ms: f64,
    /// Looking for the answer among those that are remembered.
    #[serde(serialize_with = "rounded")]
    pub cache_ms: f64,
    /// Clean text to tokens.
    #[serde(serialize_with = "rounded")]
    pub tokenise_ms: f64,
    /// Tokens to probabilities: each model, and the layers that they share (`trunk`). Models run side by side.
    #[schema(value_type = BTreeMap<String, f64>)]
    pub inference_ms: ByModel,
    /// The same, of all models together, as the clock on the wall saw it.
    #[serde(serialize_with = "rounded")]
    pub models_ms: f64,
    /// Words to findings of the pattern packs.
    #[serde(serialize_with = "rounded")]
    pub patterns_ms: f64,
    /// Probabilities and findings to assessment.
    #[serde(serialize_with = "rounded")]
    pub decision_ms: f64,
    /// From submission until the assessment was there.
    #[serde(serialize_with = "rounded")]
    pub total_ms: f64,
    /// How many tokens the models read for the batch; 0 if they were not asked.
    pub tokens: usize,
    /// How many messages ran together; 0 if this one was remembered.
    pub batch: usize,
}

/// Milliseconds by model; an object in JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ByModel(pub Vec<(Arc<str>, f64)>);

impl Serialize for ByModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, ms) in &self.0 {
            map.serialize_entry(&**name, &microseconds(*ms))?;
        }
        map.end()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(microseconds(*value))
}

/// Milliseconds to the microsecond, which is what the clock can tell.
pub(crate) fn microseconds(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
