//! The one bounded queue before the models.
//!
//! Whoever pushes is told at once whether the message will be looked at in time: a queue that is full, or too slow
//! at the pace of the moment, refuses, it does not make the caller wait for an answer that comes too late. Whoever
//! takes gets a batch of what waits *now*, as much as the token budget allows; there is no timer, so a lone message
//! never waits for company. Who somebody waits for goes first, but does not starve the rest.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ash_analysis::{Assessment, MessageText};
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use crate::error::AnalyzeError;
use crate::settings::QueueSettings;
use crate::timing::{Timing, ms};

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Somebody waits for this one answer.
    #[default]
    Interactive,
    /// One of many that are wanted together.
    Batch,
}

/// What a caller gets for a message.
pub(crate) type Outcome = Result<(Assessment, Timing), AnalyzeError>;

/// A message that waits, and the way back to its caller.
pub(crate) struct Job {
    pub(crate) text: MessageText,
    pub(crate) cost: usize,
    pub(crate) since: Instant,
    /// After this it is not worth asking the models.
    pub(crate) deadline: Option<Instant>,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

/// How many tokens the models will read for a message, before anybody has counted them. A batch takes as
/// long as its tokens, and its first message waits for its last.
pub(crate) type Cost = Box<dyn Fn(&MessageText) -> usize + Send + Sync>;

/// After so many batches that left [`Priority::Batch`] waiting, one begins with it.
const PATIENCE: u32 = 3;

/// The longest time that a caller is asked to stay away.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// See the module's documentation.
pub(crate) struct Queue {
    limits: QueueSettings,
    cost: Cost,
    state: Mutex<State>,
    arrived: Condvar,
    room: Condvar,
}

struct State {
    interactive: Line,
    batch: Line,
    closed: bool,
    passed_over: u32,
    active: usize,
    /// Smoothed seconds a token of recent batches took.
    pace: f64,
}

/// Messages of one priority, oldest first.
#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    tokens: usize,
}

/// The queue at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct QueueStatus {
    /// Messages that the models are reading.
    pub active: usize,
    /// Messages that wait.
    pub queued: usize,
    /// Their tokens, estimated.
    pub queued_tokens: usize,
    /// How many tokens may wait.
    pub capacity: usize,
    /// How long the oldest has waited.
    pub oldest_age_ms: Option<f64>,
}

impl Queue {
    pub(crate) fn new(limits: QueueSettings, cost: Cost) -> Self {
        let state = State {
            interactive: Line::default(),
            batch: Line::default(),
            closed: false,
            passed_over: 0,
            active: 0,
            pace: 0.0,
        };
        Queue { limits, cost, state: Mutex::new(state), arrived: Condvar::new(), room: Condvar::new() }
    }

    /// Adds a message for at most `max_wait_ms`, or says at once why not.
    pub(crate) fn push(
        &self,
        text: MessageText,
        priority: Priority,
    ) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        let cost = (self.cost)(&text);
        let (state, max_wait) = (self.lock(), self.limits.max_wait());
        let expected = state.expected(priority);
        if !state.closed && (!state.has_room(cost, self.limits.capacity_tokens) || expected > max_wait) {
            let whole = state.expected(Priority::Batch).as_secs().saturating_add(1);
            let retry_after = Duration::from_secs(whole).min(LONGEST_RETRY);
            return Err(AnalyzeError::Overloaded { retry_after });
        }
        self.add(state, text, cost, priority, Some(Instant::now() + max_wait))
    }

    /// Adds a message, waiting for room as long as it takes: for a caller that has all its
    /// messages at hand and nobody waiting for the single one.
    pub(crate) fn push_patiently(
        &self,
        text: MessageText,
    ) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        let cost = (self.cost)(&text);
        let full = |state: &mut State| !state.has_room(cost, self.limits.capacity_tokens) && !state.closed;
        let state = self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        self.add(state, text, cost, Priority::Batch, None)
    }

    fn add(
        &self,
        mut state: MutexGuard<'_, State>,
        text: MessageText,
        cost: usize,
        priority: Priority,
        deadline: Option<Instant>,
    ) -> Result<oneshot::Receiver<Outcome>, AnalyzeError> {
        if state.closed {
            return Err(AnalyzeError::Closed);
        }
        let (reply, answer) = oneshot::channel();
        let line = state.line(priority);
        line.tokens += cost;
        line.jobs.push_back(Job { text, cost, since: Instant::now(), deadline, reply });
        self.arrived.notify_one();
        Ok(answer)
    }

    /// Waits for messages and takes as many as one batch may hold, oldest first, leaving out those
    /// whose caller is gone and those that are late. `None`: closed, and nothing waits any more.
    pub(crate) fn next_batch(&self) -> Option<Vec<Job>> {
        loop {
            let idle = |state: &mut State| state.is_empty() && !state.closed;
            let mut state =
                self.arrived.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
            if state.is_empty() {
                return None;
            }
            let batch = state.take(self.limits.max_batch_tokens);
            state.active = batch.len();
            self.room.notify_all();
            if !batch.is_empty() {
                return Some(batch);
            }
        }
    }

    /// A batch of this many tokens is done, and took so long.
    pub(crate) fn done(&self, tokens: usize, took: Duration) {
        let each = took.as_secs_f64() / tokens.max(1) as f64;
        let mut state = self.lock();
        state.active = 0;
        state.pace = if state.pace == 0.0 { each } else { (state.pace * 7.0 + each) / 8.0 };
    }

    /// Takes nothing new from now on; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
        self.room.notify_all();
    }

    /// The state at this moment.
    pub(crate) fn status(&self) -> QueueStatus {
        let state = self.lock();
        let oldest = state.lines().filter_map(|line| line.jobs.front()).map(|job| job.since).min();
        QueueStatus {
            active: state.active,
            queued: state.lines().map(|line| line.jobs.len()).sum(),
            queued_tokens: state.lines().map(|line| line.tokens).sum(),
            capacity: self.limits.capacity_tokens,
            oldest_age_ms: oldest.map(|since| ms(since.elapsed())),
        }
    }

    /// No code panics while it holds the lock; if it did, the list would still be whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lines(&self) -> impl Iterator<Item = &Line> {
        [&self.interactive, &self.batch].into_iter()
    }

    fn line(&mut self, priority: Priority) -> &mut Line {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Batch => &mut self.batch,
        }
    }

    fn is_empty(&self) -> bool {
        self.lines().all(|line| line.jobs.is_empty())
    }

    /// Whether one more fits. An empty queue has room for anything, or what is dearer than the whole queue could
    /// never be judged.
    fn has_room(&self, cost: usize, capacity: usize) -> bool {
        self.is_empty() || self.lines().map(|line| line.tokens).sum::<usize>() + cost <= capacity
    }

    /// How long a message would wait at the recent pace: for all that goes before it.
    fn expected(&self, priority: Priority) -> Duration {
        let before = match priority {
            Priority::Interactive => self.interactive.tokens,
            Priority::Batch => self.interactive.tokens + self.batch.tokens,
        };
        Duration::try_from_secs_f64(self.pace * before as f64).unwrap_or(Duration::MAX)
    }

    fn take(&mut self, mut budget: usize) -> Vec<Job> {
        let turn = self.passed_over >= PATIENCE;
        let order = if turn {
            [Priority::Batch, Priority::Interactive]
        } else {
            [Priority::Interactive, Priority::Batch]
        };
        let (mut taken, now) = (Vec::new(), Instant::now());
        for priority in order {
            self.line(priority).take(&mut budget, &mut taken, now);
        }
        let waits = !self.batch.jobs.is_empty() && !turn;
        self.passed_over = if waits { self.passed_over + 1 } else { 0 };
        taken
    }
}

impl Line {
    fn take(&mut self, budget: &mut usize, taken: &mut Vec<Job>, now: Instant) {
        while let Some(job) = self.jobs.pop_front() {
            let gone = job.reply.is_closed();
            let late = job.deadline.is_some_and(|deadline| deadline < now);
            if !gone && !late && job.cost > *budget && !taken.is_empty() {
                self.jobs.push_front(job);
                // What is taken from another line afterwards must not be a way around the budget.
                *budget = 0;
                return;
            }
            self.tokens = self.tokens.saturating_sub(job.cost);
            if gone {
                continue;
            }
            if late {
                // A caller that left meanwhile is no error.
                let _ = job.reply.send(Err(AnalyzeError::Late));
                continue;
            }
            *budget = budget.saturating_sub(job.cost);
            taken.push(job);
        }
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
    use Priority::{Batch, Interactive};

    fn queue(capacity_tokens: usize) -> Queue {
        let limits = QueueSettings { capacity_tokens, max_batch_tokens: 512, max_wait_ms: 1000 };
        Queue::new(limits, Box::new(tokens))
    }

    fn text(length: usize) -> MessageText {
        MessageText::parse(&"a".repeat(length)).unwrap()
    }

    /// The lengths of the next batch.
    fn next(queue: &Queue) -> Vec<usize> {
        queue.next_batch().unwrap().iter().map(|job| job.text.expose().len()).collect()
    }

    #[test]
    fn a_full_queue_refuses_at_once_and_says_when_to_return() {
        let queue = queue(6);
        let _kept = [queue.push(text(3), Interactive).unwrap(), queue.push(text(3), Batch).unwrap()];
        queue.done(2, Duration::from_millis(600));
        let refused = queue.push(text(3), Batch).unwrap_err();
        assert_eq!(refused, AnalyzeError::Overloaded { retry_after: Duration::from_secs(2) });
    }

    #[test]
    fn who_would_wait_too_long_is_refused_though_there_is_room() {
        let queue = queue(1 << 20);
        let _kept = queue.push(text(300), Interactive).unwrap();
        assert!(queue.push(text(3), Interactive).is_ok(), "nobody knows the pace yet");
        queue.done(1, Duration::from_millis(100));
        let refused = queue.push(text(3), Interactive).unwrap_err();
        assert!(matches!(refused, AnalyzeError::Overloaded { .. }), "{refused}");
    }

    #[test]
    fn an_empty_queue_takes_what_is_dearer_than_the_whole_queue() {
        let queue = queue(6);
        let _kept = queue.push(text(900), Interactive).unwrap();
        assert!(queue.push(text(1), Interactive).is_err());
        assert_eq!(next(&queue), [900]);
    }

    #[test]
    fn batches_keep_order_and_budget() {
        let queue = queue(4096);
        let _kept: Vec<_> =
            [300, 900, 600, 9000, 3].map(|n| queue.push(text(n), Interactive).unwrap()).into();
        assert_eq!(next(&queue), [300, 900]);
        assert_eq!(next(&queue), [600]);
        assert_eq!(next(&queue), [9000], "a message beyond the budget goes alone");
        assert_eq!(next(&queue), [3]);
    }

    #[test]
    fn messages_that_cost_more_are_fewer_in_a_batch() {
        let limits = QueueSettings { capacity_tokens: 4096, max_batch_tokens: 512, max_wait_ms: 1000 };
        let queue = Queue::new(limits, Box::new(|text| 37 * tokens(text)));
        let _kept: Vec<_> = [12, 12, 12].map(|n| queue.push(text(n), Interactive).unwrap()).into();
        assert_eq!([next(&queue).len(), next(&queue).len()], [2, 1]);
    }

    #[test]
    fn who_is_waited_for_goes_first_and_the_rest_is_not_starved() {
        let queue = queue(1 << 20);
        let _batch: Vec<_> = (0..4).map(|_| queue.push(text(1200), Batch).unwrap()).collect();
        let mut kept = Vec::new();
        let mut order = Vec::new();
        for _ in 0..6 {
            kept.push(queue.push(text(1500), Interactive).unwrap());
            order.push(next(&queue)[0]);
        }
        assert_eq!(order, [1500, 1500, 1500, 1200, 1500, 1500]);
    }

    #[test]
    fn callers_that_are_gone_cost_nothing() {
        let queue = queue(4096);
        drop(queue.push(text(1), Interactive).unwrap());
        let _kept = queue.push(text(2), Interactive).unwrap();
        assert_eq!(next(&queue), [2]);
        assert_eq!(queue.status().queued_tokens, 0);
    }

    #[test]
    fn who_is_late_is_told_so_instead_of_being_asked_about() {
        let limits = QueueSettings { capacity_tokens: 4096, max_batch_tokens: 512, max_wait_ms: 0 };
        let queue = Queue::new(limits, Box::new(tokens));
        let late = queue.push(text(1), Interactive).unwrap();
        std::thread::sleep(Duration::from_millis(2));
        let _patient = queue.push_patiently(text(2)).unwrap();
        assert_eq!(next(&queue), [2]);
        assert_eq!(late.blocking_recv().unwrap().unwrap_err(), AnalyzeError::Late);
    }

    #[test]
    fn the_status_counts_what_waits() {
        let queue = queue(4096);
        assert_eq!(queue.status(), QueueStatus { capacity: 4096, ..QueueStatus::default() });
        let _kept = [queue.push(text(4), Interactive).unwrap(), queue.push(text(7), Batch).unwrap()];
        let status = queue.status();
        assert_eq!((status.queued, status.queued_tokens, status.active), (2, 7, 0));
        assert!(status.oldest_age_ms.is_some());
        let taken = queue.next_batch().unwrap();
        assert_eq!((queue.status().queued, queue.status().active), (0, taken.len()));
        queue.done(7, Duration::from_millis(1));
        assert_eq!(queue.status().active, 0);
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_accepted_and_takes_nothing_new() {
        let queue = queue(4096);
        let _kept = queue.push(text(1), Interactive).unwrap();
        queue.close();
        assert_eq!(queue.push(text(1), Interactive).unwrap_err(), AnalyzeError::Closed);
        assert_eq!(queue.push_patiently(text(1)).unwrap_err(), AnalyzeError::Closed);
        assert_eq!(next(&queue).len(), 1);
        assert!(queue.next_batch().is_none());
    }
}
