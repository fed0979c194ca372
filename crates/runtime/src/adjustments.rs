//! What was changed while the service runs, over what the configuration says: by hand, and by what staff said.

use std::collections::BTreeMap;

use ash_analysis::{AnalyzerSettings, EnsembleSettings, Mode, Offsets};

/// Laid over the configured analysis; none of it outlives the process by itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Adjustments {
    /// Set by hand: the whole ensemble as it is to be.
    pub(crate) ensemble: Option<EnsembleSettings>,
    /// Learnt: how far the cuts are shifted.
    pub(crate) offsets: Offsets,
}

impl Adjustments {
    /// What verdicts are made by.
    pub(crate) fn over(&self, configured: &AnalyzerSettings) -> AnalyzerSettings {
        let mut effective = configured.clone();
        if let Some(ensemble) = &self.ensemble {
            effective.ensemble = ensemble.clone();
        }
        let cuts = &mut effective.decision.cuts;
        for mode in [&mut cuts.consensus, &mut cuts.majority, &mut cuts.weighted] {
            *mode = mode.shifted(&self.offsets);
        }
        effective
    }
}

/// Another say for the models; what is not named stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EnsembleChange {
    /// Weights by model, 0 to 1.
    pub weights: BTreeMap<String, f32>,
    /// How models are combined.
    pub mode: Option<Mode>,
}

/// The ensemble cannot be set like this; nothing has changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EnsembleError {
    /// A weight for a model that is not configured.
    #[error("there is no model {name:?}; there are {}", known.join(", "))]
    UnknownModel {
        /// The name.
        name: String,
        /// Those with a weight.
        known: Vec<String>,
    },
    /// A weight out of range, or all of them 0.
    #[error(transparent)]
    Settings(#[from] ash_analysis::SettingsError),
    /// What judges could not be made anew; a bug, contained.
    #[error("the ensemble could not be set: {0}")]
    Failed(String),
}

impl EnsembleChange {
    pub(crate) fn applied(&self, ensemble: &EnsembleSettings) -> Result<EnsembleSettings, EnsembleError> {
        let mut changed = ensemble.clone();
        for (name, &weight) in &self.weights {
            let Some(old) = changed.weights.get_mut(name) else {
                let known = ensemble.weights.keys().cloned().collect();
                return Err(EnsembleError::UnknownModel { name: name.clone(), known });
            };
            *old = weight;
        }
        changed.mode = self.mode.unwrap_or(changed.mode);
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use ash_analysis::Cuts;

    use super::*;

    fn configured() -> AnalyzerSettings {
        AnalyzerSettings::unfitted(["a", "b"])
    }

    #[test]
    fn nothing_changed_is_the_configuration() {
        assert_eq!(Adjustments::default().over(&configured()), configured());
    }

    #[test]
    fn offsets_shift_the_cuts_of_every_mode_and_a_set_ensemble_takes_the_place_of_the_configured() {
        let change = EnsembleChange { weights: [("b".into(), 0.25)].into(), mode: Some(Mode::Majority) };
        let ensemble = change.applied(&configured().ensemble).unwrap();
        let offsets = Offsets::bounded([0.05, -0.05, 0.0, 0.0]);
        let effective = Adjustments { ensemble: Some(ensemble), offsets }.over(&configured());
        assert_eq!(effective.ensemble.weights, [("a".into(), 1.0), ("b".into(), 0.25)].into());
        assert_eq!(effective.ensemble.mode, Mode::Majority);
        for mode in Mode::ALL {
            assert_eq!(*effective.decision.cuts.of(mode), Cuts::EVEN.shifted(&offsets));
        }
        assert_eq!(effective.evidence, configured().evidence);
    }

    #[test]
    fn a_model_that_is_not_there_is_named_with_those_that_are() {
        let change = EnsembleChange { weights: [("c".into(), 0.5)].into(), mode: None };
        let error = change.applied(&configured().ensemble).unwrap_err().to_string();
        assert_eq!(error, "there is no model \"c\"; there are a, b");
    }
}
