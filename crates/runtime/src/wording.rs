//! The way around the models: a thread that judges by words alone what cannot wait for them.
//!
//! A verdict by words takes a fraction of a millisecond, so a short queue is enough; only if even that is full is
//! a caller turned away. A thread of its own, because compiled patterns warm up by thread, and because nothing
//! that reads a message runs on an async worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ash_analysis::{Assessment, MessageText};
use tokio::sync::oneshot;

use crate::error::AnalyzeError;
use crate::pipeline::Stages;
use crate::queue::Outcome;

/// Judges a message by its words, for the reason given.
pub(crate) type Judge = Box<dyn Fn(MessageText, &str) -> (Assessment, Stages) + Send>;

/// So many messages may wait: a tenth of a second of them.
const WAITING: usize = 256;

/// Whom even this thread cannot serve should stay away for so long.
const RETRY: Duration = Duration::from_secs(1);

struct Job {
    text: MessageText,
    why: String,
    since: Instant,
    reply: oneshot::Sender<Outcome>,
}

/// Owns the thread; dropping it finishes what was accepted.
pub(crate) struct Wording {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Wording {
    /// Starts the thread.
    pub(crate) fn start(judge: Judge) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel::<Job>(WAITING);
        let thread = thread::Builder::new().name("ash-wording".into()).spawn(move || {
            for Job { text, why, since, reply } in waiting {
                if reply.is_closed() {
                    continue;
                }
                let queued = since.elapsed();
                let judged = catch_unwind(AssertUnwindSafe(|| judge(text, &why)));
                let answer = judged.map_err(|_| AnalyzeError::Failed);
                let answer = answer.map(|(a, stages)| (a, stages.timing(queued, since.elapsed(), 1)));
                // A caller that left meanwhile is no error.
                let _ = reply.send(answer);
            }
        })?;
        Ok(Wording { jobs: Some(jobs), thread: Some(thread) })
    }

    /// The verdict by words, which names `why` the models were not asked.
    pub(crate) async fn judge(&self, text: MessageText, why: String) -> Outcome {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(AnalyzeError::Closed)?;
        let job = Job { text, why, since: Instant::now(), reply };
        jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => AnalyzeError::Overloaded { retry_after: RETRY },
            TrySendError::Disconnected(_) => AnalyzeError::Failed,
        })?;
        answer.await.unwrap_or(Err(AnalyzeError::Failed))
    }
}

impl Drop for Wording {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use ash_analysis::{AnalyzerSettings, CrisisAnalyzer, Words};

    fn analyzer() -> CrisisAnalyzer {
        CrisisAnalyzer::without_models(Words::none(), AnalyzerSettings::unfitted(["a"])).unwrap()
    }

    fn text(i: usize) -> MessageText {
        MessageText::parse(&format!("message {i}")).unwrap()
    }

    #[tokio::test]
    async fn only_who_finds_even_this_thread_full_is_turned_away() {
        let (release, hold) = channel::<()>();
        let analyzer = analyzer();
        let wording = Wording::start(Box::new(move |text, why| {
            let _ = hold.recv();
            crate::pipeline::assess_unasked(&analyzer, text, why)
        }))
        .unwrap();
        let all = futures_util::future::join_all((0..WAITING + 20).map(|i| {
            let (wording, release) = (&wording, &release);
            async move {
                if i == WAITING + 19 {
                    // All before this one were pushed when they were polled first.
                    (0..WAITING + 20).for_each(|_| release.send(()).unwrap());
                }
                wording.judge(text(i), "the queue is full".into()).await
            }
        }))
        .await;
        let turned_away =
            all.iter().filter(|outcome| matches!(outcome, Err(AnalyzeError::Overloaded { .. }))).count();
        let judged = all.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(turned_away + judged, WAITING + 20);
        assert!((1..=20).contains(&turned_away) && judged >= WAITING, "{turned_away}");
    }

    #[tokio::test]
    async fn a_panic_fails_one_message_and_the_thread_lives() {
        let analyzer = analyzer();
        let wording = Wording::start(Box::new(move |text, why| {
            assert!(!text.expose().contains('0'), "told to");
            crate::pipeline::assess_unasked(&analyzer, text, why)
        }))
        .unwrap();
        assert_eq!(wording.judge(text(0), "why".into()).await.unwrap_err(), AnalyzeError::Failed);
        assert!(wording.judge(text(1), "why".into()).await.is_ok());
    }
}
