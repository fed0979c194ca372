//! Fitting the settings to messages whose level is known: nobody types a constant that data can give.
//!
//! In this order, each step on what the ones before it found:
//! 1. the *temperature* of every model whose labels are the five levels (the only ones whose truth is
//!    known), by least negative log-likelihood;
//! 2. the *tail thresholds* of every model: they make its vote and its signal;
//! 3. the *weights*, and with them the cuts of the weighted mean: a weight is only as good as the best cuts
//!    it allows, so the two are searched together;
//! 4. the cuts of the majority's mean. Consensus combines as weighted does and shares its cuts;
//! 5. how *evidence* moves that score: the weights of themes, the dampers of frames, floors or not;
//! 6. how evidence counts *alone*, for when no model answers.
//!
//! What is maximised is [`Figures::objective`]. The search draws no random numbers: the same rows and the
//! same start give the same settings.

mod cuts;
mod evidence;
mod tails;
mod temperature;
mod weights;

use serde::Serialize;

use crate::answers::Answers;
use crate::classifier::{ClassifyError, ModelInfo, Reading};
use crate::decision::{Cuts, ModeCuts};
use crate::ensemble::Mode;
use crate::evaluate::{Figures, figures};
use crate::evidence::{Evidence, EvidenceSettings};
use crate::found::Found;
use crate::independent;
use crate::level::Level;
use crate::settings::{AnalyzerSettings, SettingsError};
use crate::tails::Tails;
use crate::verdict::judge;
use cuts::Ranked;

/// What every model said of one message whose level is known.
#[derive(Debug, Clone)]
pub struct LabelledReadings {
    /// The true level.
    pub truth: Level,
    /// What [`crate::CrisisAnalyzer::classify`] gave; the same models in the same order in every row.
    pub answers: Answers,
    /// What [`crate::CrisisAnalyzer::find`] gave.
    pub found: Option<Found>,
}

/// Fitted settings and what they gain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitReport {
    /// The fitted settings.
    pub settings: AnalyzerSettings,
    /// The figures of the settings that fitting started from.
    pub before: Figures,
    /// The figures of the fitted settings, on the same rows.
    pub after: Figures,
}

/// Rows that cannot be fitted to.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// There are no rows.
    #[error("there are no labelled messages to fit to")]
    Empty,
    /// A model did not answer; fitting without it would fit to something else than what runs.
    #[error("row {row}: {error}")]
    Unanswered {
        /// The row, from 0.
        row: usize,
        /// Why it did not.
        error: ClassifyError,
    },
    /// A row has other models than the first.
    #[error("row {row} was read by other models than row 0")]
    OtherModels {
        /// The row, from 0.
        row: usize,
    },
    /// The settings to start from do not fit the models.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// The best settings for `rows` that the search finds, keeping from `start` what is not fitted (the mode,
/// the limits of gaps and of review). They are never worse on `rows` than `start` in its mode: if the
/// search finds nothing better, `start` comes back.
pub fn fit(rows: &[LabelledReadings], start: &AnalyzerSettings) -> Result<FitReport, FitError> {
    let models = readings_by_model(rows)?;
    start.validate(models.iter().map(|m| m.info))?;
    let truths: Vec<Level> = rows.iter().map(|row| row.truth).collect();
    let before = figures_of(rows, start);

    let mut settings = start.clone();
    for model in &models {
        if let Some(t) = temperature::best(model.info, &model.readings, &truths) {
            settings.ensemble.temperatures.insert(model.info.name.clone(), t);
        }
    }
    let mut signals: Vec<Vec<f32>> = Vec::with_capacity(models.len());
    for model in &models {
        let reached = model.tails(&settings);
        let thresholds = settings.decision.model_tails.entry(model.info.name.clone()).or_insert(Tails::EVEN);
        *thresholds = tails::best(&reached, &truths, thresholds);
        signals.push(reached.iter().map(|s| thresholds.signal(s).get()).collect());
    }
    let found = weights::best(&signals, &truths, &settings.decision.cuts.weighted);
    for (model, weight) in models.iter().zip(found.weights) {
        settings.ensemble.weights.insert(model.info.name.clone(), weight);
    }
    settings.decision.cuts.weighted = found.cuts;
    settings.decision.cuts.consensus = found.cuts;
    let majority = scores_in(Mode::Majority, rows, &settings);
    let cuts = &mut settings.decision.cuts.majority;
    *cuts = Ranked::new(&majority, &truths).best_cuts(cuts).cuts;

    fit_evidence(rows, &mut settings);

    let after = figures_of(rows, &settings);
    if after.objective() < before.objective() {
        return Ok(FitReport { settings: start.clone(), before, after: before });
    }
    Ok(FitReport { settings, before, after })
}

/// Fits how evidence counts, beside the models as they are fitted now, and alone.
fn fit_evidence(rows: &[LabelledReadings], settings: &mut AnalyzerSettings) {
    let models_only = AnalyzerSettings { evidence: EvidenceSettings::unfitted(), ..settings.clone() };
    let row = |row: &LabelledReadings| evidence::Row {
        models: judge(&models_only, &row.answers, None).score,
        evidence: row
            .found
            .as_ref()
            .map(|found| Evidence::of(found, &settings.evidence.cues))
            .unwrap_or_default(),
        truth: row.truth,
    };
    let rows: Vec<evidence::Row> = rows.iter().map(row).collect();
    settings.evidence = evidence::best_alone(&rows, &evidence::best(&rows, &settings.evidence));
}

/// All that one model said.
struct ModelReadings<'a> {
    info: &'a ModelInfo,
    readings: Vec<&'a Reading>,
}

impl ModelReadings<'_> {
    /// Which levels it reaches in every row, at the temperature of `settings`.
    fn tails(&self, settings: &AnalyzerSettings) -> Vec<[f32; 4]> {
        let t = settings.ensemble.temperatures.get(&self.info.name).copied().unwrap_or(1.0);
        let reached = |r: &&Reading| {
            independent::tails(self.info, &independent::soften(self.info, &r.probabilities, t))
        };
        self.readings.iter().map(reached).collect()
    }
}

/// Rows turned into columns, if every model answered in every row.
fn readings_by_model(rows: &[LabelledReadings]) -> Result<Vec<ModelReadings<'_>>, FitError> {
    let first = rows.first().ok_or(FitError::Empty)?;
    let mut models: Vec<ModelReadings<'_>> = first
        .answers
        .iter()
        .map(|(info, _)| ModelReadings { info, readings: Vec::with_capacity(rows.len()) })
        .collect();
    for (row, LabelledReadings { answers, .. }) in rows.iter().enumerate() {
        if answers.len() != models.len() {
            return Err(FitError::OtherModels { row });
        }
        for (model, (info, reading)) in models.iter_mut().zip(answers) {
            if info.name != model.info.name {
                return Err(FitError::OtherModels { row });
            }
            let reading =
                reading.as_ref().map_err(|error| FitError::Unanswered { row, error: error.clone() })?;
            model.readings.push(reading);
        }
    }
    Ok(models)
}

/// The models' combined score of every row in `mode`, by the code that judges; even cuts leave it as it is.
fn scores_in(mode: Mode, rows: &[LabelledReadings], settings: &AnalyzerSettings) -> Vec<f32> {
    let mut settings = settings.clone();
    settings.ensemble.mode = mode;
    settings.decision.cuts = ModeCuts { consensus: Cuts::EVEN, majority: Cuts::EVEN, weighted: Cuts::EVEN };
    settings.evidence = EvidenceSettings::unfitted();
    rows.iter().map(|row| judge(&settings, &row.answers, None).score.get()).collect()
}

/// The figures of what `settings` say of `rows`, by the code that judges.
fn figures_of(rows: &[LabelledReadings], settings: &AnalyzerSettings) -> Figures {
    let verdicts: Vec<(Level, Level)> =
        rows.iter().map(|row| (row.truth, judge(settings, &row.answers, row.found.as_ref()).level)).collect();
    figures(&verdicts)
}
