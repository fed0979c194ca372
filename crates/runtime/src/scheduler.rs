//! The thread that runs batches: inference never happens on an async worker.
//!
//! One batch runs at a time and uses every core by itself, so a second inference thread would only
//! make both slower. The thread outlives any panic of the pipeline: a batch that panics is run
//! again message by message, so that one poisonous message fails alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use ash_analysis::{Assessment, MessageText};

use crate::error::AnalyzeError;
use crate::pipeline::Stages;
use crate::queue::{Cost, Job, Queue};
use crate::settings::QueueSettings;
use crate::telemetry::{Telemetry, WorkerPanicked};

/// Assesses messages: one assessment each, in order, and the time of every stage.
pub(crate) type Work = Box<dyn Fn(&[MessageText]) -> (Vec<Assessment>, Stages) + Send>;

/// Owns the inference thread; dropping it finishes what was accepted and stops the thread.
pub(crate) struct Scheduler {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Scheduler {
    /// Starts the thread, which hands every batch to `work`.
    pub(crate) fn start(
        limits: QueueSettings,
        cost: Cost,
        work: Work,
        telemetry: Arc<Telemetry>,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(limits, cost));
        let source = Arc::clone(&queue);
        let thread = thread::Builder::new().name("ash-inference".into()).spawn(move || {
            while let Some(batch) = source.next_batch() {
                let (started, tokens) = (Instant::now(), batch.iter().map(|job| job.cost).sum());
                run(batch, &work, &telemetry);
                source.done(tokens, started.elapsed());
            }
        })?;
        Ok(Scheduler { queue, thread: Some(thread) })
    }

    /// The queue that the thread empties.
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs a batch and answers every caller of it.
fn run(batch: Vec<Job>, work: &Work, telemetry: &Telemetry) {
    let size = batch.len();
    let (mut texts, mut callers) = (Vec::with_capacity(size), Vec::with_capacity(size));
    for job in batch {
        callers.push((job.since, job.since.elapsed(), job.reply));
        texts.push(job.text);
    }
    let outcomes = attempt(&texts, work, telemetry);
    for ((since, queued, reply), outcome) in callers.into_iter().zip(outcomes) {
        // A caller that left meanwhile is no error.
        let _ =
            reply.send(outcome.map(|(assessment, stages, batch)| {
                (assessment, stages.timing(queued, since.elapsed(), batch))
            }));
    }
}

type Attempt = Result<(Assessment, Arc<Stages>, usize), AnalyzeError>;

/// One outcome a message, whatever happens.
fn attempt(texts: &[MessageText], work: &Work, telemetry: &Telemetry) -> Vec<Attempt> {
    let done = catch_unwind(AssertUnwindSafe(|| work(texts)));
    match done {
        Ok((assessments, stages)) if assessments.len() == texts.len() => {
            let stages = Arc::new(stages);
            assessments.into_iter().map(|a| Ok((a, Arc::clone(&stages), texts.len()))).collect()
        }
        _ if texts.len() > 1 => {
            texts.iter().flat_map(|text| attempt(std::slice::from_ref(text), work, telemetry)).collect()
        }
        _ => {
            telemetry.emit(&WorkerPanicked);
            vec![Err(AnalyzeError::Failed)]
        }
    }
}
