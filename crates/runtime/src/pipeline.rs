//! The way of a batch through the analyzer, with a clock beside it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use ash_analysis::{Assessment, CrisisAnalyzer, Message, MessageText};

use crate::timing::{Timing, ms};

/// The time of each stage of one batch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stages {
    normalise: Duration,
    tokenise: Duration,
    inference: Duration,
    patterns: Duration,
    decision: Duration,
}

impl Stages {
    /// The timing of one message of the batch.
    pub(crate) fn timing(&self, queued: Duration, total: Duration, batch: usize) -> Timing {
        Timing {
            queue_ms: ms(queued),
            normalise_ms: ms(self.normalise),
            tokenise_ms: ms(self.tokenise),
            inference_ms: ms(self.inference),
            patterns_ms: ms(self.patterns),
            decision_ms: ms(self.decision),
            total_ms: ms(total),
            batch,
        }
    }
}

/// Normalises, asks the models, looks for patterns, judges: one assessment a text, in order.
pub(crate) fn assess(analyzer: &CrisisAnalyzer, texts: &[MessageText]) -> (Vec<Assessment>, Stages) {
    let start = Instant::now();
    let messages: Vec<Message> = texts.iter().cloned().map(Message::new).collect();
    let normalised = Instant::now();
    TOKENISE.set(Duration::ZERO);
    let answers = analyzer.classify(&messages.iter().collect::<Vec<_>>());
    let answered = Instant::now();
    let words: Vec<_> = messages.iter().map(|message| analyzer.find(message)).collect();
    let found = Instant::now();
    let judged = answers.iter().zip(&words).map(|(a, w)| analyzer.judge(a, w.as_ref()));
    let assessments = judged.collect();
    let tokenise = TOKENISE.take();
    let stages = Stages {
        normalise: normalised - start,
        tokenise,
        inference: (answered - normalised).saturating_sub(tokenise),
        patterns: found - answered,
        decision: found.elapsed(),
    };
    (assessments, stages)
}

thread_local! {
    /// The domain's [`Classifier`](ash_analysis::Classifier) knows no tokens, so the time they took
    /// comes out beside it. A classifier is called on the thread that runs [`assess`], which makes
    /// a thread-local the one place that parallel callers cannot mix up.
    static TOKENISE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Adds to the tokenise time of the batch that runs on this thread.
pub(crate) fn record_tokenise(took: Duration) {
    TOKENISE.set(TOKENISE.get() + took);
}
