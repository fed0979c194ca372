//! From what the models said to what the team is told. The one place where a verdict is made.

use std::sync::Arc;

use crate::answers::{Answer, check};
use crate::assessment::{Assessment, Gap, ModelSignal, Standing, Tag};
use crate::classifier::{ClassifyError, ModelInfo, Reading};
use crate::decision::ModeCuts;
use crate::ensemble::{self, Voice};
use crate::evidence::{Evidence, Weighed};
use crate::found::Found;
use crate::independent;
use crate::level::Level;
use crate::reason;
use crate::score::Score;
use crate::settings::AnalyzerSettings;
use crate::tails::Tails;

/// A tag less probable than this is not worth telling.
const TELLING: f32 = 0.2;
/// At most this many tags of a model are told.
const MAX_TAGS: usize = 5;

/// The verdict on one message: what the models said, moved by what patterns found (see [`crate::evidence`]).
///
/// Models that did not answer make it degraded, and a human is asked; the weights of the others fill the
/// place. If nobody answered, the words alone decide; without patterns (`None`) the verdict is then
/// *medium*: the message may be anything, and neither silence nor an alarm would be true.
///
/// Answers are checked here again, so that it does not matter by which way they came. `settings` are expected
/// to have been validated for these models; a model without an entry would count with weight 0 and even
/// thresholds.
pub fn judge(settings: &AnalyzerSettings, answers: &[Answer], found: Option<&Found>) -> Assessment {
    judge_beside(settings, &settings.decision.cuts, answers, found)
}

/// The same where the cuts of `settings` were shifted by what was learnt: `configured` are those before. What is urgent
/// by them stays so; a shift may make a verdict more careful, and one below high more relaxed.
pub fn judge_beside(
    settings: &AnalyzerSettings,
    configured: &ModeCuts,
    answers: &[Answer],
    found: Option<&Found>,
) -> Assessment {
    let (mut answered, mut failures) = (Vec::new(), Vec::new());
    for (model, answer) in answers {
        let checked = answer.as_ref().map_err(Clone::clone);
        match checked.and_then(|reading| check(model, reading).map(|()| reading)) {
            Ok(reading) => answered.push((model, reading)),
            Err(error) => failures.push(error),
        }
    }
    if answered.is_empty() {
        return by_words(settings, failures, found);
    }
    let evidence = found.map(|found| Evidence::of(found, &settings.evidence.cues)).unwrap_or_default();
    let findings = found.map_or_else(Vec::new, |found| found.findings.clone());
    let truncated = answered.iter().any(|(_, reading)| reading.truncated);
    let signals = signals(settings, &answered);

    let voices: Vec<Voice> = signals.iter().map(voice).collect();
    let combined = ensemble::combine(&settings.ensemble, &voices);
    let mode = settings.ensemble.mode;
    let weigh = |cuts: &ModeCuts| settings.evidence.weigh(cuts.of(mode).place(combined.score), &evidence);
    let (weighed, before) = (weigh(&settings.decision.cuts), weigh(configured));
    let as_configured = Standing { level: before.level, score: before.score };
    let weighed = if before.level.is_urgent() && before.level > weighed.level { before } else { weighed };
    let (level, score) = (weighed.level, weighed.score);
    let mut gaps = combined.gaps;
    gaps.extend(contradiction(level, &evidence));
    let mut verdict = Assessment {
        level,
        score,
        as_configured,
        confidence: combined.confidence,
        action: level.action(),
        requires_staff_review: settings.decision.asks_for_review(level, score, combined.confidence),
        categories: reason::categories(level, &signals),
        reason: String::new(),
        key_factors: Vec::new(),
        mode,
        signals,
        findings,
        weighed,
        gaps,
        failures,
        truncated,
        context: None,
    };
    verdict.requires_staff_review |= verdict.is_degraded() || !verdict.gaps.is_empty();
    explained(verdict, settings)
}

/// The wording is unmistakable by itself, and the models see next to nothing: one of the two is wrong, and a person
/// must find out which.
fn contradiction(level: Level, evidence: &Evidence) -> Option<Gap> {
    let floor = evidence.floor.filter(|_| level <= Level::Low)?;
    let detail = format!("The wording by itself would be {floor}, the models read it as {level}.");
    Some(Gap { kind: "patterns", detail })
}

/// The verdict for when no model answered, for the reasons in `failures`.
pub(crate) fn by_words(
    settings: &AnalyzerSettings,
    failures: Vec<ClassifyError>,
    found: Option<&Found>,
) -> Assessment {
    let unknown = || Weighed::unmoved(Score::clamped(0.5));
    let weighed = found.map_or_else(unknown, |found| {
        settings.evidence.weigh_alone(&Evidence::of(found, &settings.evidence.cues))
    });
    let verdict = Assessment {
        level: weighed.level,
        score: weighed.score,
        as_configured: Standing { level: weighed.level, score: weighed.score },
        confidence: Score::ZERO,
        action: weighed.level.action(),
        requires_staff_review: true,
        categories: Vec::new(),
        reason: String::new(),
        key_factors: Vec::new(),
        mode: settings.ensemble.mode,
        signals: Vec::new(),
        findings: found.map_or_else(Vec::new, |found| found.findings.clone()),
        weighed,
        gaps: Vec::new(),
        failures,
        truncated: false,
        context: None,
    };
    explained(verdict, settings)
}

/// The words come last: they tell what all the rest found.
fn explained(mut verdict: Assessment, settings: &AnalyzerSettings) -> Assessment {
    let close = settings.decision.is_close(verdict.score);
    verdict.reason = reason::sentence(&verdict);
    verdict.key_factors = reason::key_factors(&verdict, close, &settings.evidence.cues);
    verdict
}

/// The signals of the models that answered; their weights sum to 1.
fn signals(settings: &AnalyzerSettings, answered: &[(&Arc<ModelInfo>, &Reading)]) -> Vec<ModelSignal> {
    let weight = |model: &ModelInfo| settings.ensemble.weights.get(&model.name).copied().unwrap_or(0.0);
    let total: f32 = answered.iter().map(|(model, _)| weight(model)).sum();
    // Only silent models answered: better all of them alike than nobody.
    let share = |model: &ModelInfo| {
        if total > 0.0 { weight(model) / total } else { 1.0 / answered.len() as f32 }
    };
    answered.iter().map(|(model, reading)| signal(settings, model, reading, share(model))).collect()
}

/// What `reading` means by the settings for its model.
fn signal(settings: &AnalyzerSettings, model: &Arc<ModelInfo>, reading: &Reading, share: f32) -> ModelSignal {
    let temperature = settings.ensemble.temperatures.get(&model.name).copied().unwrap_or(1.0);
    let probabilities = independent::soften(model, &reading.probabilities, temperature);
    let thresholds = settings.decision.model_tails.get(&model.name).unwrap_or(&Tails::EVEN);
    let reached = independent::tails(model, &probabilities);
    ModelSignal {
        tags: tags(model, reading),
        signal: thresholds.signal(&reached),
        confidence: independent::confidence(model, &probabilities),
        vote: thresholds.level(&reached),
        weight: Score::clamped(share),
        model: Arc::clone(model),
        probabilities,
    }
}

/// The tags worth telling, most probable first.
fn tags(model: &ModelInfo, reading: &Reading) -> Vec<Tag> {
    let named = model.tags.iter().zip(&reading.tags).filter(|&(_, &p)| p >= TELLING);
    let mut tags: Vec<Tag> =
        named.map(|(name, &p)| Tag { name: name.clone(), probability: Score::clamped(p) }).collect();
    tags.sort_by(|a, b| b.probability.get().total_cmp(&a.probability.get()));
    tags.truncate(MAX_TAGS);
    tags
}

fn voice(s: &ModelSignal) -> Voice {
    Voice { signal: s.signal, confidence: s.confidence, vote: s.vote, weight: s.weight }
}
