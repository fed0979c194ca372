//! Models whose answers a test writes down.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of these")]

use std::sync::Arc;

use ash_analysis::{Classifier, ClassifyError, Label, Message, MessageText, ModelAnswer, ModelInfo, Reading};

pub const LEVELS: &[(&str, f32)] =
    &[("none", 0.0), ("low", 0.25), ("medium", 0.5), ("high", 0.75), ("critical", 1.0)];
pub const SENTIMENTS: &[(&str, f32)] = &[("negative", 1.0), ("neutral", 0.1), ("positive", 0.0)];
pub const DISTRESS: &[(&str, f32)] = &[("none", 0.0), ("mild", 0.33), ("moderate", 0.66), ("severe", 1.0)];

pub fn info(name: &str, labels: &[(&str, f32)], tags: &[&str]) -> Arc<ModelInfo> {
    Arc::new(ModelInfo {
        name: name.into(),
        labels: labels.iter().map(|&(name, severity)| Label { name: name.into(), severity }).collect(),
        exclusive: true,
        tags: tags.iter().map(|&t| t.into()).collect(),
        version: "0".into(),
        precision: "f32".into(),
    })
}

pub fn message(raw: &str) -> Message {
    Message::new(MessageText::parse(raw).expect("a message"))
}

pub fn reading(probabilities: &[f32], tags: &[f32]) -> Reading {
    Reading { probabilities: probabilities.to_vec(), tags: tags.to_vec(), truncated: false }
}

/// A classifier of some models that answers by a function of model and message.
pub struct Fake<F> {
    pub models: Vec<Arc<ModelInfo>>,
    pub say: F,
}

impl<F: Fn(&ModelInfo, &[&Message]) -> ModelAnswer + Send + Sync> Classifier for Fake<F> {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.models.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        self.models.iter().map(|m| (Arc::clone(m), (self.say)(m, messages))).collect()
    }
}

/// A classifier of one model that gives the same reading to every message.
pub fn always(model: Arc<ModelInfo>, reading: Reading) -> Arc<dyn Classifier> {
    Arc::new(Fake {
        models: vec![model],
        say: move |_: &ModelInfo, m: &[&Message]| Ok(vec![reading.clone(); m.len()]),
    })
}

/// A classifier of one model that is not there.
pub fn absent(model: Arc<ModelInfo>) -> Arc<dyn Classifier> {
    let say = |m: &ModelInfo, _: &[&Message]| {
        Err(ClassifyError::NotLoaded { model: m.name.clone(), why: "its file is missing".into() })
    };
    Arc::new(Fake { models: vec![model], say })
}
