//! The way of a batch through the analyzer, with a clock beside it.

use std::time::{Duration, Instant};

use ash_analysis::{Assessment, CrisisAnalyzer, Message, MessageText};

use crate::clock::{self, Spent};
use crate::recorded::stage;
use crate::timing::{ByModel, Timing, ms};

/// The time of each stage of one batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stages {
    normalise: Duration,
    /// In the models, tokenising apart.
    inference: Duration,
    patterns: Duration,
    decision: Duration,
    pub(crate) spent: Spent,
}

impl Stages {
    /// All of them together.
    pub(crate) fn total(&self) -> Duration {
        self.normalise + self.spent.tokenise + self.inference + self.patterns + self.decision
    }

    /// The timing of one message of the batch.
    pub(crate) fn timing(&self, queued: Duration, total: Duration, batch: usize) -> Timing {
        let by_model = self.spent.models.iter().map(|(name, took)| (name.clone(), ms(*took)));
        Timing {
            queue_ms: ms(queued),
            normalise_ms: ms(self.normalise),
            cache_ms: 0.0,
            tokenise_ms: ms(self.spent.tokenise),
            inference_ms: ByModel(by_model.collect()),
            models_ms: ms(self.inference),
            patterns_ms: ms(self.patterns),
            decision_ms: ms(self.decision),
            total_ms: ms(total),
            tokens: self.spent.tokens,
            batch,
        }
    }
}

/// Normalises, asks the models, looks for patterns, judges: one assessment a text, in order.
pub(crate) fn assess(analyzer: &CrisisAnalyzer, texts: &[MessageText]) -> (Vec<Assessment>, Stages) {
    let start = Instant::now();
    let messages: Vec<Message> = stage("normalise", || texts.iter().cloned().map(Message::new).collect());
    let normalised = Instant::now();
    clock::take();
    let answers = analyzer.classify(&messages.iter().collect::<Vec<_>>());
    let answered = Instant::now();
    let spent = clock::take();
    let find = || messages.iter().map(|message| analyzer.find(message)).collect();
    let words: Vec<_> = stage("patterns", find);
    let found = Instant::now();
    let judged = answers.iter().zip(&words).map(|(a, w)| analyzer.judge(a, w.as_ref()));
    let assessments = stage("decide", || judged.collect());
    let stages = Stages {
        normalise: normalised - start,
        inference: (answered - normalised).saturating_sub(spent.tokenise),
        patterns: found - answered,
        decision: found.elapsed(),
        spent,
    };
    (assessments, stages)
}

/// The same without asking the models, because of `why`; degraded.
pub(crate) fn assess_unasked(
    analyzer: &CrisisAnalyzer,
    text: MessageText,
    why: &str,
) -> (Assessment, Stages) {
    let start = Instant::now();
    let message = Message::new(text);
    let normalised = Instant::now();
    let assessment = analyzer.judge_unasked(&message, why);
    let stages =
        Stages { normalise: normalised - start, patterns: normalised.elapsed(), ..Stages::default() };
    (assessment, stages)
}
