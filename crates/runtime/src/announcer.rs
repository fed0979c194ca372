//! Tells whoever the operator named of verdicts that cannot wait. The alert is put on a channel and no more: a disk or
//! a receiver that is slow, full or away never holds up an answer, and never changes one.

use std::fmt::Write;
use std::sync::Arc;
use std::time::SystemTime;

use ash_alerts::{Alert, AlertError, AlertSettings, AlertStatus, Alerts, Event, Observer};
use ash_analysis::{Assessment, Level, MessageText};

use serde::Serialize;
use utoipa::ToSchema;

use crate::cache::KeyMaker;
use crate::provenance::{ClientId, Provenance};
use crate::telemetry::{AlertMoved, AlertOutcome, Telemetry};

/// The webhooks of a service.
pub(crate) struct Announcer {
    alerts: Alerts,
    /// Makes hashes of people and places. Its secret ends with the process, so that nothing that was sent can be
    /// traced to a person later; a person's hash is another one after a restart.
    keys: KeyMaker,
    /// The lowest level that anybody wants to be told of.
    from: Level,
    /// Why alerts wait in memory only.
    outbox_error: Option<String>,
}

/// How the webhooks are doing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AlertReport {
    /// What the outbox and each webhook did.
    #[serde(flatten)]
    pub status: AlertStatus,
    /// Why the outbox could not be opened at the start: alerts then wait in memory, and a restart loses them.
    #[schema(required)]
    pub outbox_error: Option<String>,
}

impl Announcer {
    /// Webhooks as they are configured; none if there are none. An outbox that cannot be opened is no reason not to
    /// judge messages, nor not to tell of them.
    pub(crate) fn open(
        settings: &AlertSettings,
        telemetry: Arc<Telemetry>,
    ) -> Result<Option<Self>, AlertError> {
        let Some(from) = settings.lowest_level() else { return Ok(None) };
        let Some(keys) = KeyMaker::new() else {
            tracing::error!(
                "the system gives no randomness: nobody can be told of anybody by a hash, so no alerts are sent"
            );
            return Ok(None);
        };
        let observer: Arc<dyn Observer> = Arc::new(Counting(telemetry));
        let opened = Alerts::open(settings.clone(), Arc::clone(&observer));
        let (alerts, outbox_error) = match opened {
            Err(AlertError::Outbox { path, source }) => {
                let path = path.display();
                tracing::error!(%path, %source, "the outbox of alerts cannot be opened; alerts wait in memory only");
                let in_memory = AlertSettings { outbox: ":memory:".into(), ..settings.clone() };
                (Alerts::open(in_memory, observer)?, Some(format!("{path}: {source}")))
            }
            opened => (opened?, None),
        };
        Ok(Some(Announcer { alerts, keys, from, outbox_error }))
    }

    /// Tells of a verdict, if anybody wants to know.
    pub(crate) fn announce(&self, assessment: &Assessment, text: &MessageText, from: Provenance) {
        if assessment.level < self.from {
            return;
        }
        let hashed = |id: &Option<ClientId>, what: &str| {
            id.as_ref().map(|id| self.keys.key(&[what.as_bytes(), id.expose().as_bytes()]))
        };
        let person = hashed(&from.user, "user");
        let channel = hashed(&from.channel, "channel");
        // A person is told of once in each place; some clients send everybody under one name.
        let dedupe = match (&person, &channel) {
            (Some(person), Some(channel)) => self.keys.key(&[person, channel]),
            (Some(person), None) => *person,
            (None, _) => self.keys.key(&[b"text", text.expose().as_bytes()]),
        };
        self.alerts.raise(Alert {
            id: from.request_id,
            level: assessment.level,
            score: assessment.score,
            confidence: assessment.confidence,
            action: assessment.action,
            reason: assessment.reason.clone(),
            categories: assessment.categories.clone(),
            is_degraded: assessment.is_degraded(),
            requires_staff_review: assessment.requires_staff_review,
            person: person.map(short_hex),
            channel: channel.map(short_hex),
            dedupe,
            text: Some(text.clone()),
            at: SystemTime::now(),
        });
    }

    /// How the webhooks are doing.
    pub(crate) fn report(&self) -> AlertReport {
        AlertReport { status: self.alerts.status(), outbox_error: self.outbox_error.clone() }
    }
}

/// Enough to tell people apart by, 12 digits.
fn short_hex(key: [u8; 16]) -> String {
    key[..6].iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Moves the counters of GET /metrics.
struct Counting(Arc<Telemetry>);

impl Observer for Counting {
    fn on(&self, event: Event) {
        let outcome = match event {
            Event::Accepted { .. } => AlertOutcome::Accepted,
            Event::Sent { .. } => AlertOutcome::Sent,
            Event::Failed { .. } => AlertOutcome::Failed,
            Event::Deduplicated { .. } => AlertOutcome::Deduplicated,
            Event::Folded { .. } => AlertOutcome::Folded,
            // The crate may come to tell of more; what is not told is dropped.
            Event::Dropped { .. } | _ => AlertOutcome::Dropped,
        };
        self.0.emit(&AlertMoved { outcome });
    }
}
