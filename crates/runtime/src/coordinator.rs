//! Brings the models up and vouches for them: loaded, warmed, or not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ash_analysis::{Classifier, ClassifyError, ModelInfo};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cache::{CacheStatus, InferenceCache};
use crate::compact::CompactProfile;
use crate::error::StartError;
use crate::lifecycle::Lifecycle;
use crate::settings::{CacheSettings, ModelSettings, Profile};
use crate::telemetry::Telemetry;
use crate::warmup::{FirstLive, Measured, Run, WarmupStatus, warm_up};
use crate::zero_shot::ZeroShotProfile;

/// What became of one configured model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ModelStatus {
    /// The model's name, which is its role in the ensemble.
    pub name: String,
    /// It answers.
    pub loaded: bool,
    /// Where its weights are from, if not from the profile itself: a repository on the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Content hash of its files (and of what it is asked), as in `model_versions` of answers; empty if unknown.
    pub version: String,
    /// `f32` or `int8`.
    pub precision: String,
    /// The size of its files, the shared layers not counted; 0 if unknown.
    pub size_bytes: u64,
    /// How long loading took.
    pub load_ms: f64,
    /// Why it does not answer.
    pub error: Option<String>,
}

impl ModelStatus {
    /// Of a model that took no time and no room.
    pub(crate) fn new(info: &ModelInfo, error: Option<&ClassifyError>) -> Self {
        ModelStatus {
            name: info.name.clone(),
            loaded: error.is_none(),
            repository: None,
            version: info.version.clone(),
            precision: info.precision.clone(),
            size_bytes: 0,
            load_ms: 0.0,
            error: error.map(ToString::to_string),
        }
    }
}

/// Exists only with models loaded: [`ModelCoordinator::preload_models`] is its constructor.
pub struct ModelCoordinator {
    profile: String,
    classifier: Arc<dyn Classifier>,
    /// The same classifier, if it is one whose labels can be switched.
    zero_shot: Option<Arc<ZeroShotProfile>>,
    models: Vec<ModelStatus>,
    cache: Arc<InferenceCache>,
    warmup: Mutex<WarmupStatus>,
}

impl ModelCoordinator {
    /// Loads every configured model, in parallel, and tells `life` how far it is. Some may fail (see
    /// [`ModelCoordinator::models`]); it is an error only if none is left that could answer.
    pub fn preload_models(
        settings: &ModelSettings,
        cache: &CacheSettings,
        telemetry: &Arc<Telemetry>,
        life: &Lifecycle,
    ) -> Result<Self, StartError> {
        let cache = Arc::new(InferenceCache::new(cache, Arc::clone(telemetry)));
        let coordinator = match settings.profile {
            Profile::Compact => {
                Self::compact(CompactProfile::load(settings, Arc::clone(&cache), life)?, cache)
            }
            Profile::ZeroShot => {
                Self::zero_shot(ZeroShotProfile::load(settings, Arc::clone(&cache), life)?, cache)
            }
        };
        ash_encoder::release_freed_memory();
        if coordinator.models.iter().any(|m| m.loaded) {
            return Ok(coordinator);
        }
        let configured = coordinator.models.len();
        let first = coordinator.models.into_iter().find_map(|m| m.error).unwrap_or_default();
        Err(StartError::NoModel { configured, first })
    }

    fn compact(profile: CompactProfile, cache: Arc<InferenceCache>) -> Self {
        let models = profile.loads().collect();
        Self::new(profile.name().to_owned(), Arc::new(profile), models, cache)
    }

    fn zero_shot(profile: ZeroShotProfile, cache: Arc<InferenceCache>) -> Self {
        let models = profile.loads().collect();
        let profile = Arc::new(profile);
        let name = Profile::ZeroShot.to_string();
        let zero_shot = Some(Arc::clone(&profile));
        ModelCoordinator { zero_shot, ..Self::new(name, profile, models, cache) }
    }

    /// Vouches for models that are there already: a test's, or those of another program. What they say is not
    /// remembered, for nobody knows what it depends on.
    pub fn with_classifier(
        profile: &str,
        classifier: Arc<dyn Classifier>,
        telemetry: &Arc<Telemetry>,
    ) -> Self {
        let models = classifier.models().iter().map(|info| ModelStatus::new(info, None)).collect();
        let cache = InferenceCache::new(&CacheSettings::OFF, Arc::clone(telemetry));
        Self::new(profile.to_owned(), classifier, models, Arc::new(cache))
    }

    fn new(
        profile: String,
        classifier: Arc<dyn Classifier>,
        models: Vec<ModelStatus>,
        cache: Arc<InferenceCache>,
    ) -> Self {
        ModelCoordinator { profile, classifier, zero_shot: None, models, cache, warmup: Mutex::default() }
    }

    /// Sends representative messages through the live pipeline, by `run`, until it is at its pace. Returns what
    /// the pipeline took, by tokens.
    pub(crate) fn warm_up_analysis_pipeline(&self, run: Run<'_>) -> Measured {
        let warmed = catch_unwind(AssertUnwindSafe(|| warm_up(run)));
        let (mut status, measured) = warmed.unwrap_or_else(|_| {
            let error = Some("the pipeline panicked".into());
            (WarmupStatus { error, ..WarmupStatus::default() }, Measured::new())
        });
        status.ready_for_production &= self.models.iter().all(|m| m.loaded);
        for pace in &mut status.models {
            pace.load_ms = self.models.iter().find(|m| m.name == pace.name).map(|m| m.load_ms);
        }
        *self.warmup() = status;
        measured
    }

    /// What the warm-up did; the default before it ran.
    pub fn warmup_status(&self) -> WarmupStatus {
        self.warmup().clone()
    }

    /// Notes the first real request, which may prove the warm-up wrong.
    pub(crate) fn first_live(&self, first: FirstLive) {
        let mut status = self.warmup();
        status.cold_start_eliminated &= first.within;
        status.first_live = Some(first);
    }

    fn warmup(&self) -> MutexGuard<'_, WarmupStatus> {
        self.warmup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of each configured model.
    pub fn models(&self) -> &[ModelStatus] {
        &self.models
    }

    /// Every model is loaded and the pipeline was warmed.
    pub(crate) fn is_whole(&self) -> bool {
        self.warmup().ready_for_production
    }

    /// The profile's name.
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// The profile zero-shot, if it is the one that is loaded.
    pub fn zero_shot_profile(&self) -> Option<&Arc<ZeroShotProfile>> {
        self.zero_shot.as_ref()
    }

    /// The models as the analyzer asks them.
    pub fn classifier(&self) -> Arc<dyn Classifier> {
        Arc::clone(&self.classifier)
    }

    /// What is remembered of what the models said.
    pub(crate) fn cache(&self) -> CacheStatus {
        self.cache.status()
    }
}
