//! What judges: models, words and settings that are known to fit each other, replaced as a whole.

use std::sync::{Arc, PoisonError, RwLock};

use ash_analysis::{CrisisAnalyzer, Words};

use crate::adjustments::Adjustments;
use crate::coordinator::ModelCoordinator;
use crate::error::StartError;
use crate::settings::Settings;

/// One generation. Whoever holds it can finish with it, whatever is exchanged meanwhile.
pub(crate) struct Engine {
    /// Never used twice: a verdict is remembered for its generation only.
    pub(crate) generation: u64,
    pub(crate) settings: Arc<Settings>,
    pub(crate) adjustments: Adjustments,
    /// Judges by the settings with the adjustments.
    pub(crate) analyzer: Arc<CrisisAnalyzer>,
    /// The models, or why there are none.
    pub(crate) models: Result<Arc<ModelCoordinator>, String>,
}

impl Engine {
    /// Judges by words, because of `why`.
    pub(crate) fn of_words(
        settings: Arc<Settings>,
        adjustments: Adjustments,
        words: Arc<Words>,
        why: String,
    ) -> Result<Self, StartError> {
        let analysis = adjustments.over(&settings.analysis);
        let analyzer = CrisisAnalyzer::without_models(words, analysis)?;
        let analyzer = Arc::new(analyzer.shifted_from(settings.analysis.decision.cuts));
        Ok(Engine { generation: 0, settings, adjustments, analyzer, models: Err(why) })
    }

    /// Judges by models and words.
    pub(crate) fn of_models(
        settings: Arc<Settings>,
        adjustments: Adjustments,
        words: Arc<Words>,
        models: Arc<ModelCoordinator>,
    ) -> Result<Self, StartError> {
        let classifiers = vec![models.classifier()];
        let analysis = adjustments.over(&settings.analysis);
        let analyzer = CrisisAnalyzer::new(classifiers, words, analysis)?;
        let analyzer = Arc::new(analyzer.shifted_from(settings.analysis.decision.cuts));
        Ok(Engine { generation: 0, settings, adjustments, analyzer, models: Ok(models) })
    }

    /// The same models, or the same want of them, with all else new.
    pub(crate) fn with(
        &self,
        settings: Arc<Settings>,
        adjustments: Adjustments,
        words: Arc<Words>,
    ) -> Result<Self, StartError> {
        match &self.models {
            Ok(models) => Self::of_models(settings, adjustments, words, Arc::clone(models)),
            Err(why) => Self::of_words(settings, adjustments, words, why.clone()),
        }
    }

    /// The same with other adjustments.
    pub(crate) fn adjusted(&self, adjustments: Adjustments) -> Result<Self, StartError> {
        self.with(Arc::clone(&self.settings), adjustments, Arc::clone(self.analyzer.words()))
    }
}

/// The generation of the moment.
pub(crate) struct Current(RwLock<Arc<Engine>>);

impl Current {
    pub(crate) fn new(engine: Engine) -> Self {
        Current(RwLock::new(Arc::new(engine)))
    }

    pub(crate) fn get(&self) -> Arc<Engine> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on `engine` judges. What runs finishes with the one before.
    pub(crate) fn install(&self, mut engine: Engine) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        engine.generation = current.generation + 1;
        *current = Arc::new(engine);
    }
}
