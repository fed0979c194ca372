//! The way of a batch with everything written down that happens on it: for looking at, not for serving.
//!
//! What is recorded is what the encoder computes ([`ash_encoder::recording`]) inside of the stages of the pipeline.
//! Nothing of it depends on what a message says, and a verdict does not depend on being recorded.

use ash_analysis::{Assessment, MessageText};
use ash_encoder::Limits;
use ash_encoder::recording::{Level, Recording, enter, record};

use crate::compute::pool;
use crate::error::{AnalyzeError, LoadError};
use crate::pipeline;
use crate::service::Service;

/// Does `work` as the stage `name`.
pub(crate) fn stage<R>(name: &str, work: impl FnOnce() -> R) -> R {
    let _stage = enter(Level::Stage, name);
    work()
}

/// Verdicts, and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// One a text, in order.
    pub assessments: Vec<Assessment>,
    /// Tokens that the models read.
    pub tokens: usize,
    /// All that happened, from giving the texts to having the verdicts.
    pub recording: Recording,
}

impl Service {
    /// Judges `texts` as one batch and records it. One text takes the way of every request, through the queue; several
    /// go past it, for the queue would cut them into batches by what waits at the moment. Blocks; not for async code.
    pub fn record(&self, texts: Vec<MessageText>) -> Result<Recorded, AnalyzeError> {
        if let [_] = texts[..] {
            let (analyzed, recording) = record(|| self.analyze(texts));
            let analyzed = analyzed?;
            let tokens = analyzed.iter().map(|a| a.timing.tokens).sum();
            let assessments = analyzed.into_iter().map(|a| a.assessment).collect();
            return Ok(Recorded { assessments, tokens, recording });
        }
        let analyzer = self.analyzer();
        let ((assessments, stages), recording) = record(|| pipeline::assess(&analyzer, &texts));
        Ok(Recorded { assessments, tokens: stages.spent.tokens, recording })
    }

    /// What this machine could do at most, measured on as many threads as the models run on. Takes about half a second.
    pub fn limits(&self) -> Result<Limits, LoadError> {
        Ok(pool(self.settings().models.threads)?.install(Limits::measure))
    }
}
