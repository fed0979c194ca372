//! The thread that keeps the outbox: the only one that touches the database.
//!
//! `intake` decides what becomes of an alert; `desk` is the state of one webhook; here is the loop that goes from
//! notes (alerts raised, attempts done) to the outbox, and from the outbox to the threads that post. Its rules take
//! the time as an argument, so that tests need not wait.

mod desk;
mod intake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::alert::Alert;
use crate::clock::{self, Millis};
use crate::notice::{Notice, Told};
use crate::observer::{Event, Lost, Observer};
use crate::outbox::{Entry, Outbox, RowId};
use crate::retry::{self, MOST_REFUSALS, Outcome};
use crate::settings::AlertSettings;
use crate::status::{Board, OutboxState};

pub(crate) use desk::Desk;
use intake::Decision;

/// At most this many notes are dealt with in one commit.
const MOST_AT_ONCE: usize = 256;
/// How often it is looked for what is too old to be told.
const EXPIRE_EVERY: Millis = 60_000;
/// The shortest sleep, so that a disk that cannot be read does not keep a core busy.
const SHORTEST_NAP: Millis = 20;
/// The longest sleep.
const LONGEST_NAP: Millis = 60_000;

/// What the keeper is told.
pub(crate) enum Note {
    /// A verdict may be worth an alert.
    Raised(Box<Alert>),
    /// The attempt of the desk `index` is over.
    Done { index: usize, outcome: Outcome, took: Duration },
    /// Look up: it is closing time.
    Nudge,
}

/// The thread's state.
pub(crate) struct Keeper {
    pub(crate) settings: AlertSettings,
    pub(crate) outbox: Outbox,
    pub(crate) desks: Vec<Desk>,
    pub(crate) board: Arc<Board>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) closing: Arc<AtomicBool>,
    pub(crate) expired_at: Millis,
}

impl Keeper {
    /// Until it is closing time, everything raised is in the outbox, and no attempt is under way.
    pub(crate) fn run(mut self, notes: &Receiver<Note>) {
        let _closed = Closed(Arc::clone(&self.board));
        loop {
            let now = clock::now();
            let closing = self.closing.load(Ordering::Acquire);
            if closing && self.desks.iter().all(|desk| desk.in_flight.is_none()) {
                break;
            }
            self.expire(now);
            self.outbox.mend(&self.in_flight(), now);
            // Before anything is posted, so that whoever got an alert finds it among those that wait.
            self.report();
            if !closing {
                self.dispatch(now);
            }
            match notes.recv_timeout(self.nap(now)) {
                Ok(first) => self.take(first, notes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        while let Ok(first) = notes.try_recv() {
            self.take(first, notes);
        }
        self.outbox.mend(&[], clock::now());
        self.outbox.tidy();
        self.report();
    }

    /// Deals with a note and those behind it.
    fn take(&mut self, first: Note, notes: &Receiver<Note>) {
        let now = clock::now();
        let mut alerts = Vec::new();
        for note in std::iter::once(first).chain(notes.try_iter().take(MOST_AT_ONCE)) {
            match note {
                Note::Raised(alert) => alerts.push(*alert),
                Note::Done { index, outcome, took } => self.settle(index, &outcome, took, now),
                Note::Nudge => {}
            }
        }
        if !alerts.is_empty() {
            self.accept(&alerts, now);
        }
    }

    /// Puts into the outbox what each webhook is to be told, in one commit.
    fn accept(&mut self, alerts: &[Alert], now: Millis) {
        let (mut entries, mut events) = (Vec::new(), Vec::new());
        for alert in alerts {
            for desk in self.desks.iter_mut().filter(|desk| alert.level >= desk.from) {
                let webhook = Arc::clone(&desk.name);
                match desk.intake.decide(alert.level, alert.dedupe, now) {
                    Decision::Tell => {
                        let notice = Box::new(Notice::Alert(Told::of(alert, desk.with_text)));
                        desk.urge(now);
                        events.push(Event::Accepted { webhook: Arc::clone(&webhook) });
                        entries.push(Entry::Tell { webhook, notice });
                    }
                    Decision::Fold { due } => {
                        let at = clock::millis(alert.at);
                        events.push(Event::Folded { webhook: Arc::clone(&webhook) });
                        entries.push(Entry::Fold { webhook, level: alert.level, at, due });
                    }
                    Decision::Repeats => events.push(Event::Deduplicated { webhook }),
                }
            }
        }
        if !entries.is_empty() {
            if let Ok(displaced) = self.outbox.add(&entries, now) {
                self.lose(displaced, Lost::OutboxFull);
            } else {
                let whose = entries.iter().map(|entry| entry.webhook().to_owned()).collect();
                events.retain(|event| matches!(event, Event::Deduplicated { .. }));
                self.lose(whose, Lost::Unstored);
            }
        }
        for event in events {
            self.tell(event);
        }
    }

    /// Gives each desk that is free and may, what is next.
    fn dispatch(&mut self, now: Millis) {
        for desk in self.desks.iter_mut().filter(|desk| desk.is_free(now)) {
            let Some(row) = self.outbox.next(&desk.name, now) else { continue };
            if desk.post.try_send(row.notice.clone()).is_ok() {
                desk.tried_at = now;
                desk.in_flight = Some(row);
            }
        }
        let unreadable = self.outbox.take_unreadable();
        self.lose(unreadable, Lost::Unstored);
    }

    /// What an attempt means for its row, and for its desk.
    fn settle(&mut self, index: usize, outcome: &Outcome, took: Duration, now: Millis) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        let Some(mut row) = desk.in_flight.take() else { return };
        let webhook = Arc::clone(&desk.name);
        let event = match outcome.why() {
            None => Event::Sent { webhook: Arc::clone(&webhook), took },
            Some(why) => Event::Failed { webhook: Arc::clone(&webhook), why: Arc::clone(why) },
        };
        let mut lost = Vec::new();
        match outcome {
            Outcome::Delivered => {
                self.outbox.remove(row.id, now);
                if desk.succeeded() {
                    self.outbox.hurry(&webhook, now);
                }
            }
            Outcome::Later { why, wait } => {
                let pause = desk.failed(*wait, now);
                desk.complain(why, now);
                row.tries = row.tries.saturating_add(1);
                let own = retry::backoff(row.tries, retry::chance());
                self.outbox.postpone(&row, now + wait.unwrap_or(own).max(pause), now);
            }
            Outcome::Away { why } => {
                let pause = desk.turned_away(now);
                desk.complain_of_turning_away(why, now);
                row.tries = row.tries.saturating_add(1);
                let own = retry::away(row.tries, retry::chance());
                self.outbox.postpone(&row, now + own.max(pause), now);
            }
            Outcome::Refused { why } => {
                desk.failed(None, now);
                row.tries = row.tries.saturating_add(1);
                row.refusals = row.refusals.saturating_add(1);
                if row.refusals >= MOST_REFUSALS {
                    desk.complain_of_refusal(why, now);
                    self.outbox.remove(row.id, now);
                    lost.push(webhook.to_string());
                } else {
                    self.outbox.postpone(&row, now + retry::backoff(row.tries, retry::chance()), now);
                }
            }
        }
        self.tell(event);
        self.lose(lost, Lost::Refused);
    }

    /// Gives up what is too old.
    fn expire(&mut self, now: Millis) {
        if (0..EXPIRE_EVERY).contains(&(now - self.expired_at)) {
            return;
        }
        self.expired_at = now;
        let expired = self.outbox.expire(now - clock::span(self.settings.give_up_after()), now);
        self.lose(expired, Lost::GaveUp);
    }

    /// Counts alerts that will not be told, and forgets that they were to be: the next message of whom they were about
    /// is no repetition.
    fn lose(&mut self, whose: Vec<String>, why: Lost) {
        if !whose.is_empty() {
            tracing::error!(alerts = whose.len(), why = why.as_str(), "alerts will not be told");
        }
        for webhook in whose {
            for desk in self.desks.iter_mut().filter(|desk| *desk.name == *webhook) {
                desk.intake.forget();
            }
            self.tell(Event::Dropped { webhook: Some(webhook.into()), why });
        }
    }

    /// Counts an event and tells it to whoever else counts.
    fn tell(&self, event: Event) {
        match &event {
            Event::Accepted { .. } => {}
            Event::Sent { webhook, .. } => self.board.webhook(webhook, |status| {
                status.sent += 1;
                status.last_success = Some(clock::stamp(clock::now()));
                status.last_error = None;
            }),
            Event::Failed { webhook, why } => self.board.webhook(webhook, |status| {
                status.failed += 1;
                status.last_error = Some(why.to_string());
            }),
            Event::Dropped { webhook: Some(webhook), .. } => {
                self.board.webhook(webhook, |status| status.dropped += 1);
            }
            Event::Dropped { webhook: None, .. } => self.board.write(|status| status.dropped += 1),
            Event::Deduplicated { webhook } => {
                self.board.webhook(webhook, |status| status.deduplicated += 1);
            }
            Event::Folded { webhook } => self.board.webhook(webhook, |status| status.folded += 1),
        }
        self.observer.on(event);
    }

    /// Writes what waits on the board.
    fn report(&self) {
        let waiting = self.outbox.waiting().ok();
        self.board.outbox(self.outbox.state(), waiting.as_ref());
        if waiting.is_some_and(|waiting| waiting.by_webhook.is_empty()) {
            self.outbox.tidy();
        }
    }

    fn in_flight(&self) -> Vec<RowId> {
        self.desks.iter().filter_map(|desk| desk.in_flight.as_ref()).map(|row| row.id).collect()
    }

    /// How long there is nothing to do unless a note comes.
    fn nap(&self, now: Millis) -> Duration {
        let desks = self.desks.iter().filter(|desk| desk.in_flight.is_none());
        let due = desks.filter_map(|desk| Some(self.outbox.soonest(&desk.name)?.max(desk.pause_until)));
        let soonest = due.chain(self.outbox.mend_at()).min().unwrap_or(Millis::MAX);
        clock::duration(soonest.saturating_sub(now).clamp(SHORTEST_NAP, LONGEST_NAP))
    }
}

/// Says that the outbox is closed, however its thread ends.
struct Closed(Arc<Board>);

impl Drop for Closed {
    fn drop(&mut self) {
        self.0.write(|status| status.outbox = OutboxState::Closed);
    }
}

#[cfg(test)]
mod tests;
