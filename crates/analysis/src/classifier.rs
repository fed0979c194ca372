//! The door between the domain and the models: labels in, probabilities out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::level::Level;
use crate::message::Message;

/// A label of a model and how severe it is when it is true, 0 (harmless) to 1 (danger to life now).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The label's name, as the model was trained on it.
    pub name: String,
    /// Which levels it reaches: at least 0.25 low, 0.5 medium, 0.75 high, 1.0 critical.
    pub severity: f32,
}

impl Label {
    /// The severities at which low, medium, high and critical begin.
    pub const STEPS: [f32; 4] = [0.25, 0.5, 0.75, 1.0];

    /// The level of somebody of whom this label is true.
    pub fn level(&self) -> Level {
        Level::ALL[Self::STEPS.iter().filter(|&&step| self.severity >= step).count()]
    }
}

/// What is known about a model before it answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelInfo {
    /// The role in the ensemble: `depression`, `sentiment`, `emotional_distress`, or any other.
    pub name: String,
    /// The labels whose probabilities make the signal.
    pub labels: Vec<Label>,
    /// Exactly one label is true, so that the probabilities sum to 1; if not, each is true or not by
    /// itself.
    pub exclusive: bool,
    /// Names of the further tags that it may report (categories, emotions); empty if none.
    pub tags: Vec<String>,
    /// Content hash of the model's files, hex.
    pub version: String,
    /// `f32` or `int8`.
    pub precision: String,
}

/// One model's answer for one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// `p_j`, in the order of [`ModelInfo::labels`]; they sum to 1 if the labels exclude each other.
    pub probabilities: Vec<f32>,
    /// Independent probabilities, in the order of [`ModelInfo::tags`].
    pub tags: Vec<f32>,
    /// The message was longer than the model reads; only its last part was seen.
    pub truncated: bool,
}

/// Why a model did not answer. Never carries message text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassifyError {
    /// The model is configured but could not be loaded.
    #[error("model {model} is not loaded: {why}")]
    NotLoaded {
        /// The model's name.
        model: String,
        /// The loader's sentence.
        why: String,
    },
    /// The model is there, but the message could not wait for it.
    #[error("model {model} was not asked: {why}")]
    NotAsked {
        /// The model's name.
        model: String,
        /// Why there was no time for it.
        why: String,
    },
    /// There is no model at all.
    #[error("no model could be asked: {why}")]
    NobodyToAsk {
        /// Why there is none.
        why: String,
    },
    /// The model ran and failed.
    #[error("model {model} failed: {why}")]
    Failed {
        /// The model's name.
        model: String,
        /// What went wrong.
        why: String,
    },
}

/// What one model said of a batch: one [`Reading`] a message, in order, or why there is none.
pub type ModelAnswer = Result<Vec<Reading>, ClassifyError>;

/// One or more models that answer together (they may share work).
///
/// A failing model fails alone: its place in the answer carries the error, the others answer.
pub trait Classifier: Send + Sync {
    /// The models as they are at this moment, in the order of the answers. Their names never change;
    /// labels may, where they can be exchanged while the service runs.
    fn models(&self) -> Vec<Arc<ModelInfo>>;

    /// One [`ModelAnswer`] a model, each with one reading a message, beside the model *as it was when it
    /// answered*: between two calls the labels may have been exchanged, and probabilities read by
    /// another list of labels would be a wrong verdict that nobody notices.
    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)>;
}
