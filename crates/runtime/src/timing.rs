//! How long each stage of an answer took: measured, or absent.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// Where the time of one message went, in milliseconds.
///
/// Messages that wait together run as one batch: the stages after the queue are then the batch's
/// own times, for that is what each of its messages waited for. `batch` says how many shared them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Timing {
    /// From submission until the batch was taken from the queue.
    #[serde(serialize_with = "rounded")]
    pub queue_ms: f64,
    /// Raw text to clean message.
    #[serde(serialize_with = "rounded")]
    pub normalise_ms: f64,
    /// Clean text to tokens.
    #[serde(serialize_with = "rounded")]
    pub tokenise_ms: f64,
    /// Tokens to probabilities, all models.
    #[serde(serialize_with = "rounded")]
    pub inference_ms: f64,
    /// Words to findings of the pattern packs.
    #[serde(serialize_with = "rounded")]
    pub patterns_ms: f64,
    /// Probabilities and findings to assessment.
    #[serde(serialize_with = "rounded")]
    pub decision_ms: f64,
    /// From submission until the assessment was there.
    #[serde(serialize_with = "rounded")]
    pub total_ms: f64,
    /// How many messages ran together.
    pub batch: usize,
}

/// Microseconds are what the clock can tell.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((value * 1e3).round() / 1e3)
}

/// A duration in milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
