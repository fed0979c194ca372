//! From a verdict to the events that tell of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ash_analysis::{Assessment, ClassifyError};

use crate::service::Analyzed;
use crate::telemetry::{Answered, Degraded, ModelFailed, Stage, StageTimes, Telemetry};
use crate::timing::Timing;

/// Counts an answer, with the time of every stage that it went through.
pub(crate) fn answered(telemetry: &Telemetry, analyzed: &Analyzed, degraded: Option<Degraded>) {
    let Analyzed { assessment, timing, source } = analyzed;
    let models: Vec<(Arc<str>, Duration)> =
        timing.inference_ms.0.iter().map(|(name, ms)| (Arc::clone(name), duration(*ms))).collect();
    telemetry.emit(&Answered {
        stages: stages(timing),
        models: &models,
        level: assessment.level,
        source: *source,
        degraded,
    });
}

/// Counts the models that failed on a batch, each once.
pub(crate) fn failures(telemetry: &Telemetry, assessments: &[Assessment]) {
    let failed = assessments.iter().flat_map(|a| &a.failures).filter_map(|failure| match failure {
        ClassifyError::Failed { model, .. } => Some(model.as_str()),
        // What is not there is told by the health of the service, not once a message.
        ClassifyError::NotLoaded { .. }
        | ClassifyError::NotAsked { .. }
        | ClassifyError::NobodyToAsk { .. } => None,
    });
    for model in failed.collect::<BTreeSet<_>>() {
        telemetry.emit(&ModelFailed { model });
    }
}

/// The stages that happened: one that was not gone through is no sample of 0.
fn stages(timing: &Timing) -> StageTimes {
    let judged = timing.batch > 0;
    let all = [
        (Stage::Queue, timing.queue_ms, judged),
        (Stage::Normalise, timing.normalise_ms, judged),
        (Stage::Cache, timing.cache_ms, true),
        (Stage::Tokenise, timing.tokenise_ms, timing.tokenise_ms > 0.0),
        (Stage::Inference, timing.models_ms, timing.tokens > 0),
        (Stage::Patterns, timing.patterns_ms, judged),
        (Stage::Decision, timing.decision_ms, judged),
        (Stage::Total, timing.total_ms, true),
    ];
    let happened = all.into_iter().filter(|(_, _, happened)| *happened);
    happened.fold(StageTimes::default(), |times, (stage, ms, _)| times.with(stage, duration(ms)))
}

fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()
}
