//! The state of one webhook: what is under way, how it went lately, and when it may go on.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use ash_analysis::Level;

use super::intake::Intake;
use crate::clock::Millis;
use crate::notice::Notice;
use crate::outbox::Row;
use crate::retry::{LONGEST_WAIT, SHORTEST_AWAY, away, backoff, chance};
use crate::settings::{AlertSettings, WebhookSettings};

/// A receiver that fails is named in the log this often.
const COMPLAIN_EVERY: Millis = 60 * 60 * 1_000;
/// While new alerts come, a receiver that fails is tried at least this often.
const URGED_AFTER: Millis = 30_000;

/// The state of one webhook.
pub(crate) struct Desk {
    pub(crate) name: Arc<str>,
    pub(super) from: Level,
    pub(super) with_text: bool,
    pub(super) post: SyncSender<Notice>,
    pub(super) intake: Intake,
    pub(super) in_flight: Option<Row>,
    /// When the last attempt began.
    pub(super) tried_at: Millis,
    pub(super) pause_until: Millis,
    /// The receiver asked for this pause.
    pause_is_asked: bool,
    /// While new alerts come, it is tried again this long after the last attempt.
    urged_after: Millis,
    /// In a row.
    failures: u32,
    complained_at: Option<Millis>,
    turned_away_told_at: Option<Millis>,
    refusal_told_at: Option<Millis>,
}

impl Desk {
    pub(crate) fn new(
        name: &str,
        webhook: &WebhookSettings,
        settings: &AlertSettings,
        post: SyncSender<Notice>,
    ) -> Self {
        Desk {
            name: name.into(),
            from: webhook.from,
            with_text: settings.sends_text(webhook),
            post,
            intake: Intake::new(settings.repeat_after(), settings.max_per_minute),
            in_flight: None,
            tried_at: 0,
            pause_until: 0,
            pause_is_asked: false,
            urged_after: URGED_AFTER,
            failures: 0,
            complained_at: None,
            turned_away_told_at: None,
            refusal_told_at: None,
        }
    }

    /// Nothing is under way, and no pause; a pause longer than any was made by a clock that was wrong.
    pub(super) const fn is_free(&self, now: Millis) -> bool {
        self.in_flight.is_none() && (self.pause_until <= now || self.pause_until > now + LONGEST_WAIT)
    }

    /// The receiver took one. Answers whether it did not for a while before.
    pub(super) fn succeeded(&mut self) -> bool {
        let was_down = self.failures >= 2;
        if self.complained_at.take().is_some() {
            tracing::info!(webhook = &*self.name, "the webhook takes alerts again");
        }
        (self.failures, self.pause_until, self.pause_is_asked) = (0, 0, false);
        was_down
    }

    /// The receiver did not take one. Answers the pause, in milliseconds: `asked`, or longer with each failure.
    pub(super) fn failed(&mut self, asked: Option<Millis>, now: Millis) -> Millis {
        self.failures = self.failures.saturating_add(1);
        let pause = asked.unwrap_or_else(|| backoff(self.failures, chance()));
        self.pause_until = now + pause;
        self.pause_is_asked = asked.is_some();
        self.urged_after = URGED_AFTER;
        pause
    }

    /// Whoever answers takes nothing there. Answers the pause, in milliseconds, which is longer.
    pub(super) fn turned_away(&mut self, now: Millis) -> Millis {
        let pause = away(self.failures.saturating_add(1), chance());
        self.failed(Some(pause), now);
        self.pause_is_asked = false;
        self.urged_after = SHORTEST_AWAY;
        pause
    }

    /// A new alert is there: a pause that the receiver did not ask for need not be so long.
    pub(super) fn urge(&mut self, now: Millis) {
        if !self.pause_is_asked {
            self.pause_until = self.pause_until.min((self.tried_at + self.urged_after).max(now));
        }
    }

    pub(super) fn complain(&mut self, why: &str, now: Millis) {
        if is_time(self.complained_at, now) {
            self.complained_at = Some(now);
            let webhook = &*self.name;
            tracing::warn!(webhook, why, "the webhook takes no alerts now: they wait, and are tried again");
        }
    }

    pub(super) fn complain_of_turning_away(&mut self, why: &str, now: Millis) {
        if is_time(self.turned_away_told_at, now) {
            self.turned_away_told_at = Some(now);
            // So that it is told when this is over.
            self.complained_at.get_or_insert(now);
            let webhook = &*self.name;
            tracing::error!(
                webhook,
                why,
                "the webhook turns alerts away: check its address; they wait, and are tried again"
            );
        }
    }

    pub(super) fn complain_of_refusal(&mut self, why: &str, now: Millis) {
        if is_time(self.refusal_told_at, now) {
            self.refusal_told_at = Some(now);
            let webhook = &*self.name;
            tracing::error!(
                webhook,
                why,
                "the webhook refuses alerts: check its kind; what it refuses is lost"
            );
        }
    }
}

fn is_time(last: Option<Millis>, now: Millis) -> bool {
    last.is_none_or(|last| !(0..COMPLAIN_EVERY).contains(&(now - last)))
}
