//! `context_analysis`: what the messages before this one add to it.

use ash_analysis::ContextAnalysis;
use ash_analysis::conversation::EscalationKind;
use serde::Serialize;
use utoipa::ToSchema;

/// The analysis, and beside it the one word of it that the newest bot reads.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Context {
    /// The scores rose, at whatever pace `escalation` names.
    escalation_detected: bool,
    #[serde(flatten)]
    analysis: ContextAnalysis,
}

impl From<ContextAnalysis> for Context {
    fn from(analysis: ContextAnalysis) -> Self {
        Context { escalation_detected: analysis.escalation.kind != EscalationKind::None, analysis }
    }
}
