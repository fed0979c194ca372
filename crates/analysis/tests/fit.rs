//! What fitting promises: better figures on what it was given, the same ones again, and settings that run.

mod fakes;

use ash_analysis::evaluate::figures;
use ash_analysis::fit::{FitError, LabelledReadings, fit};
use ash_analysis::{AnalyzerSettings, Answers, ClassifyError, Level, Mode, verdict};
use fakes::{LEVELS, SENTIMENTS, info, reading};

/// As many as a dev set has, levels as rare as there, models that err as models do: one sees the level
/// through noise and is too sure, one sees only the mood.
fn rows(n: u32) -> Vec<LabelledReadings> {
    let depression = info("depression", LEVELS, &[]);
    let sentiment = info("sentiment", SENTIMENTS, &[]);
    let row = |i: u32| {
        let noise =
            |salt: u32| f64::from((i ^ salt).wrapping_mul(2_654_435_761) >> 8) / f64::from(1_u32 << 24);
        let truth = match i % 20 {
            0..=9 => Level::None,
            10..=13 => Level::Low,
            14..=16 => Level::Medium,
            17..=18 => Level::High,
            _ => Level::Critical,
        };
        let seen = truth.index() as f64 + 1.6 * (noise(17) + noise(4242) - 1.0);
        let levels = softmax((0..5).map(|level| -3.0 * (f64::from(level) - seen).powi(2)));
        let mood = truth.index() as f64 / 4.0 + 0.8 * (noise(99) - 0.5);
        let sentiments = softmax([4.0 * mood, 1.5, 3.0 * (0.5 - mood)].into_iter());
        let answers: Answers = vec![
            (depression.clone(), Ok(reading(&levels, &[]))),
            (sentiment.clone(), Ok(reading(&sentiments, &[]))),
        ];
        LabelledReadings { truth, answers, found: None }
    };
    (0..n).map(row).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "probabilities")]
fn softmax(logits: impl Iterator<Item = f64>) -> Vec<f32> {
    let powers: Vec<f64> = logits.map(f64::exp).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| (p / sum) as f32).collect()
}

fn start() -> AnalyzerSettings {
    AnalyzerSettings::unfitted(["depression", "sentiment"])
}

#[test]
fn fitting_gains_and_what_it_reports_is_what_runs() {
    let rows = rows(2600);
    let report = fit(&rows, &start()).expect("rows that can be fitted");
    assert!(report.after.objective() > report.before.objective() + 0.03, "{report:?}");
    let verdicts: Vec<_> =
        rows.iter().map(|r| (r.truth, verdict::judge(&report.settings, &r.answers, None).level)).collect();
    assert_eq!(figures(&verdicts), report.after);

    let weights = &report.settings.ensemble.weights;
    assert!(weights["depression"] > weights["sentiment"], "{weights:?}");
    let temperatures = &report.settings.ensemble.temperatures;
    assert!(temperatures["depression"] > 1.0, "it is too sure: {temperatures:?}");
    assert!(!temperatures.contains_key("sentiment"), "its own truth is not known");
}

#[test]
fn the_same_rows_give_the_same_settings_and_a_second_fit_loses_nothing() {
    let rows = rows(400);
    let first = fit(&rows, &start()).expect("fit");
    assert_eq!(fit(&rows, &start()), Ok(first.clone()));
    let second = fit(&rows, &first.settings).expect("fit");
    assert!(second.after.objective() >= first.after.objective());
}

#[test]
fn every_mode_is_at_least_as_good_as_its_start() {
    let rows = rows(400);
    for mode in Mode::ALL {
        let mut start = start();
        start.ensemble.mode = mode;
        let report = fit(&rows, &start).expect("fit");
        assert!(report.after.objective() >= report.before.objective(), "{mode}");
        assert_eq!(report.settings.ensemble.mode, mode);
        assert_eq!(report.settings.ensemble.max_spread.to_bits(), start.ensemble.max_spread.to_bits());
    }
}

#[test]
fn fitted_settings_can_be_written_and_read_back_unchanged() {
    let report = fit(&rows(400), &start()).expect("fit");
    let written = serde_json::to_string(&report.settings).expect("json");
    assert_eq!(serde_json::from_str::<AnalyzerSettings>(&written).expect("settings"), report.settings);
}

#[test]
fn rows_that_cannot_be_fitted_to_are_refused_by_number() {
    assert_eq!(fit(&[], &start()), Err(FitError::Empty));

    let mut silent = rows(3);
    let error = ClassifyError::NotLoaded { model: "sentiment".into(), why: "gone".into() };
    silent[2].answers[1].1 = Err(error.clone());
    assert_eq!(fit(&silent, &start()), Err(FitError::Unanswered { row: 2, error }));

    let mut other = rows(3);
    other[1].answers.swap(0, 1);
    assert_eq!(fit(&other, &start()), Err(FitError::OtherModels { row: 1 }));

    let stranger = AnalyzerSettings::unfitted(["depression"]);
    assert!(matches!(fit(&rows(3), &stranger), Err(FitError::Settings(_))));
}

#[test]
fn one_row_or_one_level_is_no_error() {
    assert!(fit(&rows(1), &start()).is_ok());
    assert!(fit(&rows(9), &start()).is_ok());
}
