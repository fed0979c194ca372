//! The answer of POST /analyze: one shape for both generations of clients.
//!
//! The old generation reads `crisis_level`, `confidence_score`, `analysis.…`; the new one `severity`,
//! `signals`, `explanation`. Their names do not clash, so everybody gets both. Types are exact:
//! what a client iterates over is never null.

mod by_model;
mod context;
mod evidence;
mod nest;

use ash_analysis::patterns::CueFactors;
use ash_analysis::{Action, Level, MessageText, Score};
use ash_runtime::telemetry::Source;
use ash_runtime::{Analyzed, Service, Timing};
use serde::{Serialize, Serializer};

use by_model::{ByModel, Signal};
use context::Context;
use evidence::Evidence;
use nest::Nest;

/// What of the settings shows in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct WireSettings {
    /// The lowest level that sets `needs_response`.
    pub needs_response_from: Level,
    /// `crisis_level` says "high" for critical, for clients that fail on "critical".
    pub critical_as_high: bool,
    /// Profile, models and precision in one line.
    pub model_info: String,
    /// What each cue leaves of a finding; shown as its credence.
    pub cues: CueFactors,
}

impl WireSettings {
    /// Those of a running service.
    pub fn of(service: &Service) -> Self {
        let settings = service.settings();
        let (health, models) = (service.health(), service.models());
        let names: Vec<&str> = models.iter().map(|m| m.name.as_str()).collect();
        let model_info = match health.profile {
            Some(profile) => {
                format!("{profile}: {} ({})", names.join(", "), settings.models.precision)
            }
            None => "no models: words alone".to_owned(),
        };
        WireSettings {
            needs_response_from: settings.server.needs_response_from,
            critical_as_high: settings.compat.critical_as_high,
            model_info,
            cues: settings.analysis.evidence.cues,
        }
    }
}

/// How much of the explanation a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verbosity {
    /// The summary alone.
    Minimal,
    /// The summary and the three most important factors.
    #[default]
    Standard,
    /// The summary and all factors.
    Detailed,
}

/// An answer as it goes over the wire, and as `ash-nlp analyze --json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's own names, each read by some client")]
pub struct Answer {
    needs_response: bool,
    crisis_level: Level,
    crisis_score: Score,
    confidence_score: Score,
    detected_categories: Vec<String>,
    method: String,
    #[serde(serialize_with = "microseconds")]
    processing_time_ms: f64,
    model_info: String,
    reasoning: String,
    requires_staff_review: bool,
    gaps_detected: bool,
    analysis: Nest,
    crisis_detected: bool,
    severity: &'static str,
    confidence: Score,
    requires_intervention: bool,
    recommended_action: Action,
    signals: ByModel<Signal>,
    models_used: Vec<String>,
    is_degraded: bool,
    request_id: String,
    timestamp: String,
    explanation: Option<Explanation>,
    conflict_analysis: (),
    consensus: (),
    context_analysis: Option<Context>,
    level: Level,
    evidence: Vec<Evidence>,
    truncated: bool,
    timing: Timing,
    cache: Source,
    model_versions: ByModel<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Explanation {
    summary: String,
    /// The same under the name that the newest bot reads.
    decision_summary: String,
    key_factors: Vec<String>,
}

impl Answer {
    /// Renders the assessment of `text`; nothing is decided here that the assessment has not decided.
    pub fn new(
        analyzed: &Analyzed,
        text: &MessageText,
        request_id: String,
        timestamp: String,
        wire: &WireSettings,
    ) -> Self {
        let Analyzed { assessment, timing, source } = analyzed;
        let signals = &assessment.signals;
        Answer {
            needs_response: assessment.level >= wire.needs_response_from,
            crisis_level: match assessment.level {
                Level::Critical if wire.critical_as_high => Level::High,
                level => level,
            },
            crisis_score: assessment.score,
            confidence_score: assessment.confidence,
            detected_categories: assessment.categories.clone(),
            method: format!("ensemble_{}", assessment.mode),
            processing_time_ms: timing.total_ms,
            model_info: wire.model_info.clone(),
            reasoning: assessment.reason.clone(),
            requires_staff_review: assessment.requires_staff_review,
            gaps_detected: !assessment.gaps.is_empty(),
            analysis: Nest::new(assessment),
            crisis_detected: assessment.level > Level::None,
            severity: match assessment.level {
                Level::None => "safe",
                level => level.as_str(),
            },
            confidence: assessment.confidence,
            requires_intervention: assessment.level.is_urgent(),
            recommended_action: assessment.action,
            signals: ByModel::new(signals, |s| Signal::from(s)),
            models_used: signals.iter().map(|s| s.model.name.clone()).collect(),
            is_degraded: assessment.is_degraded(),
            request_id,
            timestamp,
            explanation: Some(Explanation {
                summary: assessment.reason.clone(),
                decision_summary: assessment.reason.clone(),
                key_factors: assessment.key_factors.clone(),
            }),
            conflict_analysis: (),
            consensus: (),
            context_analysis: assessment.context.clone().map(Context::from),
            level: assessment.level,
            evidence: evidence::list(&assessment.findings, text.expose(), &wire.cues),
            truncated: assessment.truncated,
            timing: timing.clone(),
            cache: shown(*source),
            model_versions: ByModel::new(signals, |s| s.model.version.clone()),
        }
    }

    /// Cuts the explanation to what the client asked for; `None` leaves it out (null).
    #[must_use]
    pub fn explained(mut self, verbosity: Option<Verbosity>) -> Self {
        let Some(explanation) = &mut self.explanation else { return self };
        match verbosity {
            None => self.explanation = None,
            Some(Verbosity::Minimal) => explanation.key_factors.clear(),
            Some(Verbosity::Standard) => explanation.key_factors.truncate(3),
            Some(Verbosity::Detailed) => {}
        }
        self
    }

    /// Leaves out what the history adds (null). The verdict stays.
    #[must_use]
    pub fn without_context(mut self) -> Self {
        self.context_analysis = None;
        self
    }
}

/// Clients know three words; with the cache switched off every answer is a miss.
pub(crate) fn shown(source: Source) -> Source {
    if source == Source::Bypass { Source::Miss } else { source }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn microseconds<S: Serializer>(ms: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((ms * 1e3).round() / 1e3)
}
