//! Times that only a classifier can take: tokenising, and each model by itself.
//!
//! The domain's [`Classifier`](ash_analysis::Classifier) knows neither tokens nor clocks, so they come out beside
//! its answer. A classifier is called on the thread that runs the pipeline, which makes a thread-local the one
//! place that parallel callers cannot mix up.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// What a classifier took, of one batch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spent {
    /// Clean text to tokens.
    pub(crate) tokenise: Duration,
    /// By model, and the layers that they share; models that run side by side may sum to more than the whole.
    pub(crate) models: Vec<(Arc<str>, Duration)>,
    /// Tokens that went through the models; those that were remembered did not.
    pub(crate) tokens: usize,
}

thread_local! {
    static SPENT: RefCell<Spent> = RefCell::default();
}

/// Adds to what the batch on this thread has spent.
pub(crate) fn spend(on: impl FnOnce(&mut Spent)) {
    SPENT.with_borrow_mut(on);
}

/// What was spent since the last time this was asked.
pub(crate) fn take() -> Spent {
    SPENT.take()
}
