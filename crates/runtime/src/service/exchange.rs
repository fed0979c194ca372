//! What judges, brought up and exchanged while the service runs.

use std::sync::{Arc, PoisonError};

use super::Service;
use crate::adjustments::Adjustments;
use crate::coordinator::{ModelCoordinator, ModelStatus};
use crate::engine::Engine;
use crate::error::StartError;
use crate::lifecycle::{Lifecycle, Phase};
use crate::settings::Settings;
use crate::telemetry::{Baseline, Cache, CacheCounts, LoadRetried};
use crate::words::load_words;
use crate::zero_shot::SwitchError;

impl Service {
    /// Loads the models and warms them up, while words answer. Models that fail leave the service degraded and are
    /// logged; an error only if the settings do not fit the models. `rehearse` runs once the pipeline is warm and
    /// before anybody is told that the service is ready: for what lies before the pipeline. Blocks.
    pub fn bring_up(&self, rehearse: impl FnOnce()) -> Result<(), StartError> {
        let settings = self.settings();
        // A start that is called off while it reads files ends at the next step: nobody waits for the rest of it.
        let ends = || self.life.phase() == Phase::Draining;
        if ends() {
            return Ok(());
        }
        let asked = self.asked();
        match self.preload(&settings, &self.life) {
            Ok(models) => {
                self.install_models(models)?;
                if ends() {
                    return Ok(());
                }
                self.warm_up_pipeline();
            }
            Err(error) => {
                tracing::error!(%error, "no model answers: messages are judged by their words");
                self.install_words(&error.to_string())?;
            }
        }
        rehearse();
        self.is_up(asked);
        Ok(())
    }

    fn preload(&self, settings: &Settings, life: &Lifecycle) -> Result<ModelCoordinator, StartError> {
        ModelCoordinator::preload_models(&settings.models, &settings.cache, &self.telemetry, life)
    }

    /// Loads the models once more if some are missing or the warm-up failed, and takes them over if they are
    /// better than what is there. Blocks. `true`: nothing is missing now.
    pub fn retry(&self) -> bool {
        if self.is_whole() {
            return true;
        }
        let ok = self.load_again();
        self.telemetry.emit(&LoadRetried { ok });
        ok
    }

    fn load_again(&self) -> bool {
        let models = match self.preload(&self.settings(), &Lifecycle::default()) {
            Ok(models) => models,
            Err(error) => {
                tracing::warn!(%error, "the models still cannot be loaded");
                return false;
            }
        };
        let loaded = |models: &[ModelStatus]| models.iter().filter(|m| m.loaded).count();
        let now = loaded(models.models());
        if now < loaded(&self.models()) {
            return false;
        }
        if let Err(error) = self.install_models(models) {
            tracing::error!(%error, "the models that were loaded do not fit the settings");
            return false;
        }
        self.warm_up();
        tracing::info!(models = now, whole = self.is_whole(), "the models were loaded again");
        self.is_whole()
    }

    /// Every configured model is loaded, and the pipeline was warmed with them.
    pub fn is_whole(&self) -> bool {
        self.engine.get().models.as_ref().is_ok_and(|models| models.is_whole())
    }

    /// Judges by other settings and words from the next message on, by those of `settings` that can be exchanged
    /// while it runs; files of patterns are read again, and what [`Service::set_ensemble`] did is undone. On an error
    /// nothing has changed. Returns the keys whose changes need a restart. Blocks.
    pub fn reload(&self, settings: &Settings) -> Result<Vec<String>, StartError> {
        let words = load_words(&settings.patterns)?;
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let (settings, restart) = engine.settings.reloaded(settings);
        let label_set = settings.models.zero_shot.label_set.clone();
        // What was set by hand was set over the configuration before; what was learnt holds on.
        let adjustments = Adjustments { ensemble: None, ..engine.adjustments.clone() };
        let next = engine.with(Arc::new(settings), adjustments, words)?;
        if let Some(zero_shot) = engine.models.as_ref().ok().and_then(|models| models.zero_shot_profile())
            && zero_shot.labels().name() != label_set
        {
            zero_shot.switch_labels(&label_set).map_err(StartError::Labels)?;
        }
        self.install(next);
        Ok(restart)
    }

    pub(super) fn install_models(&self, models: ModelCoordinator) -> Result<(), StartError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        keep_labels(&engine, &models);
        let words = Arc::clone(engine.analyzer.words());
        let (settings, adjustments) = (Arc::clone(&engine.settings), engine.adjustments.clone());
        self.install(Engine::of_models(settings, adjustments, words, Arc::new(models))?);
        Ok(())
    }

    fn install_words(&self, why: &str) -> Result<(), StartError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let words = Arc::clone(engine.analyzer.words());
        let (settings, adjustments) = (Arc::clone(&engine.settings), engine.adjustments.clone());
        self.install(Engine::of_words(settings, adjustments, words, why.to_owned())?);
        Ok(())
    }

    pub(super) fn install(&self, engine: Engine) {
        self.engine.install(engine);
        self.verdicts.clear();
    }

    /// Warms up what is installed, through the queue and the thread that everybody's messages go through.
    pub(super) fn warm_up(&self) {
        let asked = self.asked();
        self.warm_up_pipeline();
        self.is_up(asked);
    }

    fn warm_up_pipeline(&self) {
        self.life.advance(Phase::Warming);
        if let Ok(models) = &self.engine.get().models {
            let measured = models.warm_up_analysis_pipeline(&|texts| {
                let answers = self.analyze(texts.to_vec()).map_err(|error| error.to_string())?;
                match answers.iter().flat_map(|a| &a.assessment.failures).next() {
                    Some(failure) => Err(failure.to_string()),
                    None => Ok(answers.into_iter().map(|a| a.timing).collect()),
                }
            });
            *self.baseline.write().unwrap_or_else(PoisonError::into_inner) = Baseline::fit(&measured);
            if let Some(error) = models.warmup_status().error {
                tracing::error!(error, "the warm-up failed");
            }
        }
    }

    /// What the models' cache was asked so far.
    fn asked(&self) -> CacheCounts {
        self.telemetry.cache_counts(Cache::Inference)
    }

    /// The warm-up is over, before which the models' cache had been `asked` so much.
    fn is_up(&self, asked: CacheCounts) {
        self.telemetry.leave_out_rehearsal(asked);
        self.life.advance(Phase::Ready);
        self.telemetry.mark_ready();
    }

    /// Judges by another label set from the next message on. What runs finishes with the set that it
    /// began with; on an error nothing has changed.
    pub fn switch_labels(&self, name: &str) -> Result<(), SwitchError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let models = engine.models.as_ref().map_err(|why| SwitchError::NoModels { why: why.clone() })?;
        let profile = models.zero_shot_profile();
        let profile =
            profile.ok_or_else(|| SwitchError::NoLabels { profile: models.profile().to_owned() })?;
        profile.switch_labels(name)?;
        tracing::info!(label_set = name, "the label set was switched");
        // The same engine under a new generation: what was remembered was another set's.
        self.install(Engine {
            generation: 0,
            settings: Arc::clone(&engine.settings),
            adjustments: engine.adjustments.clone(),
            analyzer: Arc::clone(&engine.analyzer),
            models: Ok(Arc::clone(models)),
        });
        Ok(())
    }
}

/// Models that were loaded anew are asked what those before were asked: labels may have been switched by hand meanwhile.
fn keep_labels(engine: &Engine, models: &ModelCoordinator) {
    let before = engine.models.as_ref().ok().and_then(|models| models.zero_shot_profile());
    let (Some(before), Some(anew)) = (before, models.zero_shot_profile()) else { return };
    let labels = before.labels();
    if labels.name() != anew.labels().name()
        && let Err(error) = anew.switch_labels(labels.name())
    {
        tracing::warn!(%error, "the models that were loaded anew are asked the configured label set");
    }
}
