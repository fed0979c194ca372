//! Everything that decides a verdict besides the models, and whether it fits them.

use serde::{Deserialize, Serialize};

use crate::classifier::ModelInfo;
use crate::decision::DecisionSettings;
use crate::ensemble::EnsembleSettings;
use crate::evidence::EvidenceSettings;
use crate::patterns::FactorError;

/// Everything that decides a verdict besides the models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalyzerSettings {
    /// How the models are combined.
    pub ensemble: EnsembleSettings,
    /// How the combined score becomes a level.
    pub decision: DecisionSettings,
    /// How what patterns find moves the score.
    pub evidence: EvidenceSettings,
}

/// Settings that do not fit the models, or no settings at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// There is nobody to ask.
    #[error("no model is configured")]
    NoModels,
    /// Two models have one name, so settings could not tell them apart.
    #[error("two models are named {model:?}")]
    SameName {
        /// The name.
        model: String,
    },
    /// A model has no entry in the weights.
    #[error("model {model:?} has no weight; write 0 to silence it")]
    NoWeight {
        /// The model's name.
        model: String,
    },
    /// No model has any weight.
    #[error("the weights of all models are 0")]
    AllSilent,
    /// A model has no entry in the tail thresholds.
    #[error("model {model:?} has no tail thresholds")]
    NoTails {
        /// The model's name.
        model: String,
    },
    /// A factor of a cue is outside of its range.
    #[error(transparent)]
    Cue(#[from] FactorError),
    /// A setting is outside of its range.
    #[error("{setting} is {value}, outside of {range}")]
    OutOfRange {
        /// Which setting: its dotted key, or in words what a label set says.
        setting: String,
        /// What it is.
        value: f32,
        /// What it may be.
        range: &'static str,
    },
}

impl AnalyzerSettings {
    /// Equal weights and even cuts for the named models: where fitting starts, not what a team should run.
    pub fn unfitted<'a>(models: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        Self {
            ensemble: EnsembleSettings::unfitted(models.clone()),
            decision: DecisionSettings::unfitted(models),
            evidence: EvidenceSettings::unfitted(),
        }
    }

    /// Whether `models` can be judged by these settings. Entries for models that are not configured are
    /// allowed: a profile may switch a model off and keep its figures.
    pub fn validate<'a>(&self, models: impl IntoIterator<Item = &'a ModelInfo>) -> Result<(), SettingsError> {
        self.validate_ranges()?;
        let mut seen: Vec<&str> = Vec::new();
        let mut total = 0.0;
        for info in models {
            let model = info.name.as_str();
            if seen.contains(&model) {
                return Err(SettingsError::SameName { model: model.to_owned() });
            }
            seen.push(model);
            let weight = self.ensemble.weights.get(model);
            total += weight.ok_or_else(|| SettingsError::NoWeight { model: model.to_owned() })?;
            if !self.decision.model_tails.contains_key(model) {
                return Err(SettingsError::NoTails { model: model.to_owned() });
            }
            for label in &info.labels {
                unit(
                    || format!("the severity of label {:?} of model {model:?}", label.name),
                    label.severity,
                )?;
            }
        }
        match (seen.is_empty(), total > 0.0) {
            (true, _) => Err(SettingsError::NoModels),
            (false, false) => Err(SettingsError::AllSilent),
            (false, true) => Ok(()),
        }
    }

    /// The first number outside of its range whatever the models are: its dotted key, what it is, and what
    /// is allowed.
    pub fn fault(&self) -> Option<(String, f32, &'static str)> {
        match self.validate_ranges().err()? {
            SettingsError::OutOfRange { setting, value, range } => Some((setting, value, range)),
            SettingsError::Cue(FactorError { cue, value }) => {
                Some((format!("evidence.cues.{}", cue.as_str()), value, "0 to 1"))
            }
            _ => None,
        }
    }

    /// Whether every figure lies within its range, whatever the models.
    pub(crate) fn validate_ranges(&self) -> Result<(), SettingsError> {
        for (model, &value) in &self.ensemble.weights {
            unit(|| format!("ensemble.weights.{model}"), value)?;
        }
        for (model, &value) in &self.ensemble.temperatures {
            if !(0.05..=20.0).contains(&value) {
                let setting = format!("ensemble.temperatures.{model}");
                return Err(SettingsError::OutOfRange { setting, value, range: "0.05 to 20" });
            }
        }
        unit(|| "ensemble.max_spread".to_owned(), self.ensemble.max_spread)?;
        unit(|| "ensemble.min_agreement".to_owned(), self.ensemble.min_agreement)?;
        unit(|| "decision.minimum_review_confidence".to_owned(), self.decision.minimum_review_confidence)?;
        unit(|| "decision.review_margin".to_owned(), self.decision.review_margin)?;
        self.evidence.validate()
    }
}

/// `value` lies within [0, 1]; a NaN does not.
pub(crate) fn unit(setting: impl Fn() -> String, value: f32) -> Result<(), SettingsError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(SettingsError::OutOfRange { setting: setting(), value, range: "0 to 1" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Label;

    fn info(name: &str, severity: f32) -> ModelInfo {
        ModelInfo {
            name: name.into(),
            labels: vec![Label { name: "x".into(), severity }],
            exclusive: true,
            tags: Vec::new(),
            version: String::new(),
            precision: "f32".into(),
        }
    }

    #[test]
    fn settings_that_do_not_fit_are_refused_by_name() {
        struct Case {
            models: Vec<ModelInfo>,
            spoil: fn(&mut AnalyzerSettings),
            message: &'static str,
        }
        let one = || vec![info("a", 1.0)];
        let case = |models, spoil, message| Case { models, spoil, message };
        for case in [
            case(vec![], |_| {}, "no model is configured"),
            case(vec![info("a", 1.0), info("a", 1.0)], |_| {}, "two models are named \"a\""),
            case(vec![info("c", 1.0)], |_| {}, "model \"c\" has no weight; write 0 to silence it"),
            case(one(), |s| s.decision.model_tails.clear(), "model \"a\" has no tail thresholds"),
            case(
                one(),
                |s| s.ensemble.weights = [("a".into(), 0.0)].into(),
                "the weights of all models are 0",
            ),
            case(
                one(),
                |s| s.ensemble.weights = [("a".into(), -1.0)].into(),
                "ensemble.weights.a is -1, outside of 0 to 1",
            ),
            case(
                one(),
                |s| s.ensemble.weights = [("a".into(), f32::NAN)].into(),
                "ensemble.weights.a is NaN, outside of 0 to 1",
            ),
            case(
                one(),
                |s| s.ensemble.temperatures = [("a".into(), 0.0)].into(),
                "ensemble.temperatures.a is 0, outside of 0.05 to 20",
            ),
            case(one(), |s| s.ensemble.max_spread = 2.0, "ensemble.max_spread is 2, outside of 0 to 1"),
            case(
                vec![info("a", 1.5)],
                |_| {},
                "the severity of label \"x\" of model \"a\" is 1.5, outside of 0 to 1",
            ),
        ] {
            let mut settings = AnalyzerSettings::unfitted(["a", "b"]);
            (case.spoil)(&mut settings);
            let error = settings.validate(&case.models).expect_err(case.message);
            assert_eq!(error.to_string(), case.message);
        }
    }

    #[test]
    fn a_number_out_of_range_is_known_by_its_key() {
        let fault = |spoil: fn(&mut AnalyzerSettings)| {
            let mut settings = AnalyzerSettings::unfitted(["a"]);
            spoil(&mut settings);
            settings.fault().map(|(key, value, range)| format!("{key} = {value}: {range}"))
        };
        assert_eq!(fault(|_| {}), None);
        let spread = fault(|s| s.ensemble.max_spread = 2.0);
        assert_eq!(spread.as_deref(), Some("ensemble.max_spread = 2: 0 to 1"));
        let cue = fault(|s| s.evidence.cues.quoted = -1.0);
        assert_eq!(cue.as_deref(), Some("evidence.cues.quoted = -1: 0 to 1"));
    }

    #[test]
    fn entries_for_models_that_are_off_are_kept() {
        assert_eq!(AnalyzerSettings::unfitted(["a", "b"]).validate([&info("b", 0.5)]), Ok(()));
    }

    #[test]
    fn settings_survive_being_written_and_read_and_a_wrong_word_does_not() {
        let settings = AnalyzerSettings::unfitted(["a", "b"]);
        let written = serde_json::to_string(&settings).expect("json");
        assert!(written.contains(r#""max_spread":0.6"#), "{written}");
        assert_eq!(serde_json::from_str::<AnalyzerSettings>(&written).expect("read"), settings);
        let wrong = written.replace("max_spread", "max_sprad");
        assert!(serde_json::from_str::<AnalyzerSettings>(&wrong).is_err());
    }
}
