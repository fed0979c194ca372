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
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the contract's own names, each read by some client")]
pub struct Answer {
    /// The level is at least the configured one (`server.needs_response_from`).
    needs_response: bool,
    /// The level; "high" for critical if that was configured for this client.
    crisis_level: Level,
    crisis_score: Score,
    confidence_score: Score,
    /// What the message speaks of.
    detected_categories: Vec<String>,
    /// How the models were combined.
    #[schema(examples("ensemble_weighted"))]
    method: String,
    #[serde(serialize_with = "microseconds")]
    processing_time_ms: f64,
    /// Profile, models and precision.
    model_info: String,
    /// One sentence, made for this message; it quotes nothing.
    reasoning: String,
    /// A human should look at this verdict.
    requires_staff_review: bool,
    /// Models, or models and wording, contradict each other.
    gaps_detected: bool,
    analysis: Nest,
    /// The level is above none.
    crisis_detected: bool,
    /// The level; "safe" for none.
    #[schema(schema_with = severity)]
    severity: &'static str,
    confidence: Score,
    /// The level is high or critical.
    requires_intervention: bool,
    recommended_action: Action,
    /// What each model said, by its name.
    #[schema(value_type = BTreeMap<String, Signal>)]
    signals: ByModel<Signal>,
    models_used: Vec<String>,
    /// Made with less than there should be, for instance by the words alone.
    is_degraded: bool,
    request_id: String,
    #[schema(format = DateTime)]
    timestamp: String,
    /// Null if it was declined.
    #[schema(required)]
    explanation: Option<Explanation>,
    /// Always null, for clients that look for it.
    #[schema(schema_with = null)]
    conflict_analysis: (),
    /// Always null, for clients that look for it.
    #[schema(schema_with = null)]
    consensus: (),
    /// What the messages before add; null without any, or if it was declined.
    #[schema(required)]
    context_analysis: Option<Context>,
    /// The level, whatever `crisis_level` says.
    level: Level,
    /// What was found in the words, in the order of the text.
    evidence: Vec<Evidence>,
    /// The message was longer than the models read; only its last part was seen.
    truncated: bool,
    timing: Timing,
    cache: Source,
    /// Content hashes, by model.
    #[schema(value_type = BTreeMap<String, String>)]
    model_versions: ByModel<String>,
}

/// Why, in words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Explanation {
    /// The reasoning.
    summary: String,
    /// The same under the name that the newest bot reads.
    decision_summary: String,
    /// What spoke for and against, the most important first.
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

fn severity() -> Object {
    let words = Level::ALL.map(|level| if level == Level::None { "safe" } else { level.as_str() });
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

fn null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}

/// Clients know three words; with the cache switched off every answer is a miss.
pub(crate) fn shown(source: Source) -> Source {
    if source == Source::Bypass { Source::Miss } else { source }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn microseconds<S: Serializer>(ms: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((ms * 1e3).round() / 1e3)
}
