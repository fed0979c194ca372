//! The one bounded queue before the models.
//!
//! Whoever pushes is told at once whether the message will be looked at: a full queue refuses, it
//! does not make the caller wait for an answer that comes too late. Whoever takes gets a batch of
//! what waits *now*, as much as the token budget allows; there is no timer, so a lone message
//! never waits for company.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ash_analysis::MessageText;
use tokio::sync::oneshot;

use crate::error::AnalyzeError;
use crate::service::Analyzed;
use crate::settings::QueueSettings;

/// What a caller gets for a message.
pub(crate) type Outcome = Result<Analyzed, AnalyzeError>;

/// A message that waits, and the way back to its caller.
pub(crate) struct Job {
    pub(crate) text: MessageText,
    pub(crate) since: Instant,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

/// How many tokens the models will read for a message, before anybody has counted them. A batch takes as
/// long as its tokens, and its first message waits for its last.
pub(crate) type Cost = Box<dyn Fn(&MessageText) -> usize + Send + Sync>;

/// See the module's documentation.
pub(crate) struct Queue {
    limits: QueueSettings,
    cost: Cost,
    state: Mutex<State>,
    arrived: Condvar,
    room: Condvar,
}

struct State {
    waiting: VecDeque<Job>,
    closed: bool,
    /// Smoothed time a message of recent batches took; the basis of `retry_after`.
    pace: Duration,
}

impl Queue {
    pub(crate) fn new(limits: QueueSettings, cost: Cost) -> Self {
        let state = State { waiting: VecDeque::new(), closed: false, pace: Duration::ZERO };
        Queue { limits, cost, state: Mutex::new(state), arrived: Condvar::new(), room: Condvar::new() }
    }

    /// Adds a message, or says at once why not.
    pub(crate) fn push(&self, text: MessageText) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        let state = self.lock();
        if state.waiting.len() >= self.limits.capacity && !state.closed {
            let whole = (state.pace * u32::try_from(state.waiting.len()).unwrap_or(u32::MAX)).as_secs();
            let retry_after = Duration::from_secs(whole.saturating_add(1));
            return Err(AnalyzeError::Overloaded { capacity: self.limits.capacity, retry_after });
        }
        self.add(state, text)
    }

    /// Adds a message, waiting for room as long as it takes: for a caller that has all its
    /// messages at hand and nobody waiting for the single one.
    pub(crate) fn push_patiently(
        &self,
        text: MessageText,
    ) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        let full = |state: &mut State| state.waiting.len() >= self.limits.capacity && !state.closed;
        let state = self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        self.add(state, text)
    }

    fn add(
        &self,
        mut state: MutexGuard<'_, State>,
        text: MessageText,
    ) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        if state.closed {
            return Err(AnalyzeError::Closed);
        }
        let (reply, answer) = oneshot::channel();
        state.waiting.push_back(Job { text, since: Instant::now(), reply });
        self.arrived.notify_one();
        Ok(answer)
    }

    /// Waits for messages and takes as many as one batch may hold, oldest first, leaving out those
    /// whose caller is gone. `None`: closed, and nothing waits any more.
    pub(crate) fn next_batch(&self) -> Option<Vec<Job>> {
        loop {
            let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
            let mut state =
                self.arrived.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            if state.waiting.is_empty() {
                return None;
            }
            let mut batch: Vec<Job> = Vec::new();
            let mut budget = self.limits.max_batch_tokens;
            while let Some(job) = state.waiting.pop_front() {
                if job.reply.is_closed() {
                    continue;
                }
                let cost = (self.cost)(&job.text);
                if cost > budget && !batch.is_empty() {
                    state.waiting.push_front(job);
                    break;
                }
                budget = budget.saturating_sub(cost);
                batch.push(job);
            }
            self.room.notify_all();
            if !batch.is_empty() {
                return Some(batch);
            }
        }
    }

    /// Tells how long a batch of `messages` took.
    pub(crate) fn record_pace(&self, messages: usize, took: Duration) {
        let each = took / u32::try_from(messages.max(1)).unwrap_or(u32::MAX);
        let mut state = self.lock();
        state.pace = if state.pace.is_zero() { each } else { (state.pace * 7 + each) / 8 };
    }

    /// Takes nothing new from now on; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// No code panics while it holds the lock; if it did, the list would still be whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An estimate from above that costs nothing: an English word piece is about four bytes, and
/// the encoder reads at most 512 pieces.
pub(crate) fn tokens(text: &MessageText) -> usize {
    (text.expose().len() / 3 + 2).min(512)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(capacity: usize, max_batch_tokens: usize) -> Queue {
        Queue::new(QueueSettings { capacity, max_batch_tokens }, Box::new(tokens))
    }

    fn text(length: usize) -> MessageText {
        MessageText::parse(&"a".repeat(length)).unwrap()
    }

    #[test]
    fn a_full_queue_refuses_at_once_and_says_when_to_return() {
        let queue = queue(2, 512);
        let _kept = [queue.push(text(3)).unwrap(), queue.push(text(3)).unwrap()];
        queue.record_pace(1, Duration::from_millis(900));
        let refused = queue.push(text(3)).unwrap_err();
        assert_eq!(refused, AnalyzeError::Overloaded { capacity: 2, retry_after: Duration::from_secs(2) });
    }

    #[test]
    fn batches_keep_order_and_budget() {
        let queue = queue(10, 512);
        let _kept: Vec<_> = [300, 900, 600, 9000, 3].map(|n| queue.push(text(n)).unwrap()).into();
        let next = || -> Vec<usize> {
            queue.next_batch().unwrap().iter().map(|job| job.text.expose().len()).collect()
        };
        assert_eq!(next(), [300, 900]);
        assert_eq!(next(), [600]);
        assert_eq!(next(), [9000], "a message beyond the budget goes alone");
        assert_eq!(next(), [3]);
    }

    #[test]
    fn messages_that_cost_more_are_fewer_in_a_batch() {
        let limits = QueueSettings { capacity: 10, max_batch_tokens: 512 };
        let queue = Queue::new(limits, Box::new(|text| 37 * tokens(text)));
        let _kept: Vec<_> = [12, 12, 12].map(|n| queue.push(text(n)).unwrap()).into();
        let sizes = [queue.next_batch().unwrap().len(), queue.next_batch().unwrap().len()];
        assert_eq!(sizes, [2, 1]);
    }

    #[test]
    fn callers_that_are_gone_cost_nothing() {
        let queue = queue(10, 512);
        drop(queue.push(text(1)).unwrap());
        let _kept = queue.push(text(2)).unwrap();
        let batch = queue.next_batch().unwrap();
        assert_eq!(batch.len(), 1);
        assert_eq!(batch[0].text.expose().len(), 2);
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_accepted_and_takes_nothing_new() {
        let queue = queue(10, 512);
        let _kept = queue.push(text(1)).unwrap();
        queue.close();
        assert_eq!(queue.push(text(1)).unwrap_err(), AnalyzeError::Closed);
        assert_eq!(queue.push_patiently(text(1)).unwrap_err(), AnalyzeError::Closed);
        assert_eq!(queue.next_batch().unwrap().len(), 1);
        assert!(queue.next_batch().is_none());
    }
}
