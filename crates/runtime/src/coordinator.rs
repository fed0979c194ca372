//! Brings the models up and vouches for them: loaded, warmed, or not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use ash_analysis::{Classifier, CrisisAnalyzer};
use serde::Serialize;

use crate::compact::CompactProfile;
use crate::error::StartError;
use crate::settings::ModelSettings;
use crate::warmup::{WarmupStatus, warm_up};

/// What became of one configured model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelStatus {
    /// The model's name.
    pub name: String,
    /// It answers.
    pub loaded: bool,
    /// How long loading took.
    pub load_ms: f64,
    /// Why it does not answer.
    pub error: Option<String>,
}

/// Exists only with models loaded: [`ModelCoordinator::preload_models`] is its constructor.
pub struct ModelCoordinator {
    profile: String,
    classifier: Arc<dyn Classifier>,
    models: Vec<ModelStatus>,
    warmup: Mutex<WarmupStatus>,
}

impl ModelCoordinator {
    /// Loads every configured model, in parallel. Some may fail (see [`ModelCoordinator::models`]);
    /// it is an error only if none is left that could answer.
    pub fn preload_models(settings: &ModelSettings) -> Result<Self, StartError> {
        let profile = CompactProfile::load(settings)?;
        let models: Vec<ModelStatus> = profile
            .loads()
            .map(|(name, load_ms, error)| ModelStatus {
                name: name.to_owned(),
                loaded: error.is_none(),
                load_ms,
                error: error.map(ToString::to_string),
            })
            .collect();
        if models.iter().all(|m| !m.loaded) {
            let first = models.into_iter().find_map(|m| m.error).unwrap_or_default();
            return Err(StartError::NoModel { configured: profile.models().len(), first });
        }
        Ok(Self::new(profile.name().to_owned(), Arc::new(profile), models))
    }

    /// Vouches for models that are there already: a test's, or those of another program.
    pub fn with_classifier(profile: &str, classifier: Arc<dyn Classifier>) -> Self {
        let loaded =
            |name: &str| ModelStatus { name: name.to_owned(), loaded: true, load_ms: 0.0, error: None };
        let models = classifier.models().iter().map(|m| loaded(&m.name)).collect();
        Self::new(profile.to_owned(), classifier, models)
    }

    fn new(profile: String, classifier: Arc<dyn Classifier>, models: Vec<ModelStatus>) -> Self {
        ModelCoordinator { profile, classifier, models, warmup: Mutex::default() }
    }

    /// Runs the live analyzer on representative messages until it is at its pace.
    pub fn warm_up_analysis_pipeline(&self, analyzer: &CrisisAnalyzer) -> WarmupStatus {
        let mut status = catch_unwind(AssertUnwindSafe(|| warm_up(analyzer))).unwrap_or_else(|_| {
            WarmupStatus { error: Some("the pipeline panicked".into()), ..WarmupStatus::default() }
        });
        status.ready_for_production &= self.models.iter().all(|m| m.loaded);
        self.warmup.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&status);
        status
    }

    /// What the warm-up did; the default before it ran.
    pub fn warmup_status(&self) -> WarmupStatus {
        self.warmup.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What became of each configured model.
    pub fn models(&self) -> &[ModelStatus] {
        &self.models
    }

    /// The profile's name.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The models as the analyzer asks them.
    pub fn classifier(&self) -> Arc<dyn Classifier> {
        Arc::clone(&self.classifier)
    }
}
