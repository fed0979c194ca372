//! Turning what judges while it runs: the say of each model by hand, the cuts by what staff said.

use std::sync::{Arc, PoisonError};

use ash_analysis::{AnalyzerSettings, CrisisAnalyzer, Offsets};

use super::Service;
use crate::adjustments::{Adjustments, EnsembleChange, EnsembleError};
use crate::engine::Engine;
use crate::error::StartError;
use crate::settings::Settings;

/// By what verdicts are made at this moment, and what of it the configuration does not say.
#[derive(Clone)]
pub struct JudgedBy {
    /// As it is configured.
    pub configured: Arc<Settings>,
    /// How far the cuts are shifted by what was learnt.
    pub offsets: Offsets,
    /// The ensemble was set while it runs.
    pub ensemble_is_set: bool,
    analyzer: Arc<CrisisAnalyzer>,
}

impl JudgedBy {
    /// What judges: the configuration with all that lies over it.
    pub fn effective(&self) -> &AnalyzerSettings {
        self.analyzer.settings()
    }
}

impl Service {
    /// By what verdicts are made at this moment.
    pub fn judged_by(&self) -> JudgedBy {
        let engine = self.engine.get();
        JudgedBy {
            configured: Arc::clone(&engine.settings),
            offsets: engine.adjustments.offsets,
            ensemble_is_set: engine.adjustments.ensemble.is_some(),
            analyzer: Arc::clone(&engine.analyzer),
        }
    }

    /// Gives the models another say from the next message on, until the service ends or reads its configuration
    /// again. On an error nothing has changed.
    pub fn set_ensemble(&self, change: &EnsembleChange) -> Result<JudgedBy, EnsembleError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let ensemble = change.applied(&engine.analyzer.settings().ensemble)?;
        if !ensemble.weights.values().any(|&weight| weight > 0.0) {
            return Err(ash_analysis::SettingsError::AllSilent.into());
        }
        let adjustments = Adjustments { ensemble: Some(ensemble), ..engine.adjustments.clone() };
        match self.turn(&engine, adjustments) {
            Ok(()) => tracing::info!("the ensemble was set while running; a restart or reload undoes it"),
            Err(StartError::Analysis(error)) => return Err(error.into()),
            Err(error) => return Err(EnsembleError::Failed(error.to_string())),
        }
        Ok(self.judged_by())
    }

    /// The say of the models is the configured one again.
    pub fn reset_ensemble(&self) -> Result<JudgedBy, StartError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        self.turn(&engine, Adjustments { ensemble: None, ..engine.adjustments.clone() })?;
        Ok(self.judged_by())
    }

    /// Shifts the cuts from the next message on; for whoever holds `changing`. Differences that no verdict would show are left for later, because
    /// each change forgets what was remembered.
    pub(super) fn shift_cuts(&self, offsets: Offsets) -> Result<(), StartError> {
        let engine = self.engine.get();
        let now = engine.adjustments.offsets.get().into_iter().zip(offsets.get());
        if now.into_iter().all(|(a, b)| (a - b).abs() < NEGLIGIBLE) {
            return Ok(());
        }
        self.turn(&engine, Adjustments { offsets, ..engine.adjustments.clone() })
    }

    fn turn(&self, engine: &Engine, adjustments: Adjustments) -> Result<(), StartError> {
        if engine.adjustments != adjustments {
            self.install(engine.adjusted(adjustments)?);
        }
        Ok(())
    }
}

/// A shift of less is not worth forgetting every verdict for.
const NEGLIGIBLE: f32 = 5e-4;
