//! The analyzer: asks the models, looks for patterns, judges what both say.

use std::sync::Arc;

use crate::answers::{self, Answer, Answers};
use crate::assessment::Assessment;
use crate::classifier::{Classifier, ClassifyError, ModelInfo};
use crate::decision::ModeCuts;
use crate::found::Found;
use crate::message::Message;
use crate::patterns::PatternPacks;
use crate::settings::{AnalyzerSettings, SettingsError};
use crate::verdict;
use crate::words::Words;

/// Classifiers, patterns, and the settings to judge them by, known to fit each other.
pub struct CrisisAnalyzer {
    classifiers: Vec<Arc<dyn Classifier>>,
    words: Arc<Words>,
    settings: AnalyzerSettings,
    /// The cuts before what was learnt shifted those of the settings.
    configured: ModeCuts,
}

impl CrisisAnalyzer {
    /// Refuses settings that leave a model without weight or cuts, or nobody with weight.
    pub fn new(
        classifiers: Vec<Arc<dyn Classifier>>,
        words: impl Into<Arc<Words>>,
        settings: AnalyzerSettings,
    ) -> Result<Self, SettingsError> {
        let models: Vec<Arc<ModelInfo>> = classifiers.iter().flat_map(|c| c.models()).collect();
        settings.validate(models.iter().map(Arc::as_ref))?;
        let configured = settings.decision.cuts;
        Ok(Self { classifiers, words: words.into(), settings, configured })
    }

    /// Judges by words alone: every verdict is degraded. For the time before there are models, and for when there
    /// are none.
    pub fn without_models(
        words: impl Into<Arc<Words>>,
        settings: AnalyzerSettings,
    ) -> Result<Self, SettingsError> {
        settings.validate_ranges()?;
        let configured = settings.decision.cuts;
        Ok(Self { classifiers: Vec::new(), words: words.into(), settings, configured })
    }

    /// The same where the cuts of its settings are shifted ones, and `configured` those before: see
    /// [`verdict::judge_beside`].
    #[must_use]
    pub fn shifted_from(self, configured: ModeCuts) -> Self {
        Self { configured, ..self }
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

    /// What looks at the words.
    pub fn words(&self) -> &Arc<Words> {
        &self.words
    }

    /// The patterns that it looks for.
    pub fn patterns(&self) -> &PatternPacks {
        self.words.patterns()
    }

    /// What is found in the words of a message; see [`Words::find`].
    pub fn find(&self, message: &Message) -> Option<Found> {
        self.words.find(message)
    }

    /// The verdict on one message from what the models said of it and what was found in its words. Takes
    /// microseconds.
    pub fn judge(&self, answers: &[Answer], found: Option<&Found>) -> Assessment {
        verdict::judge_beside(&self.settings, &self.configured, answers, found)
    }

    /// The verdict on one message by its words, for when its models cannot be asked because of `why`: that counts as
    /// a failure of each of them, so that the verdict is degraded, says why, and asks for a human.
    pub fn judge_unasked(&self, message: &Message, why: &str) -> Assessment {
        let why = || why.to_owned();
        let unasked =
            |model: Arc<ModelInfo>| ClassifyError::NotAsked { model: model.name.clone(), why: why() };
        let mut failures: Vec<ClassifyError> = self.models().map(unasked).collect();
        if failures.is_empty() {
            failures.push(ClassifyError::NobodyToAsk { why: why() });
        }
        verdict::by_words(&self.settings, failures, self.find(message).as_ref())
    }

    /// Asks, looks and judges: one verdict a message, in order, each the same as if it had come alone.
    pub fn assess(&self, messages: &[&Message]) -> Vec<Assessment> {
        let answers = self.classify(messages);
        answers.iter().zip(messages).map(|(a, m)| self.judge(a, self.find(m).as_ref())).collect()
    }
}
