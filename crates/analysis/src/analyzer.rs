//! The analyzer: asks the models, looks for patterns, judges what both say.

use std::sync::Arc;

use crate::answers::{self, Answer, Answers};
use crate::assessment::Assessment;
use crate::classifier::{Classifier, ModelInfo};
use crate::found::Found;
use crate::lexicon::Lexicon;
use crate::message::Message;
use crate::patterns::PatternPacks;
use crate::settings::{AnalyzerSettings, SettingsError};
use crate::verdict;

/// Classifiers, patterns, and the settings to judge them by, known to fit each other.
pub struct CrisisAnalyzer {
    classifiers: Vec<Arc<dyn Classifier>>,
    patterns: PatternPacks,
    lexicon: Option<Lexicon>,
    settings: AnalyzerSettings,
}

impl CrisisAnalyzer {
    /// Refuses settings that leave a model without weight or cuts, or nobody with weight.
    pub fn new(
        classifiers: Vec<Arc<dyn Classifier>>,
        patterns: PatternPacks,
        lexicon: Option<Lexicon>,
        settings: AnalyzerSettings,
    ) -> Result<Self, SettingsError> {
        let models: Vec<Arc<ModelInfo>> = classifiers.iter().flat_map(|c| c.models()).collect();
        settings.validate(models.iter().map(Arc::as_ref))?;
        Ok(Self { classifiers, patterns, lexicon, settings })
    }

    /// The settings that it judges by.
    pub fn settings(&self) -> &AnalyzerSettings {
        &self.settings
    }

    /// The models as they are at this moment, in the order of the answers.
    pub fn models(&self) -> impl Iterator<Item = Arc<ModelInfo>> {
        self.classifiers.iter().flat_map(|c| c.models())
    }

    /// Asks every model about all messages: one [`Answers`] a message, in order. This is where the time
    /// goes; models run in this call, on the caller's thread.
    pub fn classify(&self, messages: &[&Message]) -> Vec<Answers> {
        answers::ask(&self.classifiers, messages)
    }

    /// The patterns that it looks for.
    pub fn patterns(&self) -> &PatternPacks {
        &self.patterns
    }

    /// What is found in the words of a message; none if there are neither patterns nor a lexicon. Takes
    /// microseconds.
    pub fn find(&self, message: &Message) -> Option<Found> {
        if self.patterns.rules().is_empty() && self.lexicon.is_none() {
            return None;
        }
        let words = self.lexicon.as_ref().map(|lexicon| {
            let words = self.patterns.words(message);
            lexicon.read(&words.iter().map(String::as_str).collect::<Vec<_>>())
        });
        Some(Found { findings: self.patterns.find(message), words })
    }

    /// The verdict on one message from what the models said of it and what was found in its words. Takes
    /// microseconds.
    pub fn judge(&self, answers: &[Answer], found: Option<&Found>) -> Assessment {
        verdict::judge(&self.settings, answers, found)
    }

    /// Asks, looks and judges: one verdict a message, in order, each the same as if it had come alone.
    pub fn assess(&self, messages: &[&Message]) -> Vec<Assessment> {
        let answers = self.classify(messages);
        answers.iter().zip(messages).map(|(a, m)| self.judge(a, self.find(m).as_ref())).collect()
    }
}
