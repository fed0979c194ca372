//! What the dashboards that are open share: the present, the past, and their number.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::past::{Past, Point};
use super::snapshot::{Snapshot, uptime_ms};
use crate::app::App;

/// How many may look at a time: a team, not the internet.
pub(super) const SEATS: usize = 32;

/// How often a snapshot is taken while somebody looks.
const BEAT: Duration = Duration::from_secs(1);

/// A point is written down every so many beats.
const BEATS_A_POINT: u64 = 5;

/// Why a stream of snapshots ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Why {
    /// The keys were read again; whoever has one that is still known may come back.
    Keys,
    /// The service shuts down.
    Draining,
}

/// See the module's documentation. Nothing in here waits for anybody who looks: each takes the newest snapshot when
/// it can, and misses those between.
#[derive(Debug)]
pub(crate) struct Live {
    seats: Arc<Semaphore>,
    latest: watch::Sender<Option<Arc<Snapshot>>>,
    past: Mutex<Past>,
    end: watch::Sender<Option<Why>>,
}

impl Default for Live {
    fn default() -> Self {
        Live {
            seats: Arc::new(Semaphore::new(SEATS)),
            latest: watch::Sender::new(None),
            past: Mutex::default(),
            end: watch::Sender::new(None),
        }
    }
}

impl Live {
    /// Ends all streams that are open.
    pub(crate) fn end(&self, why: Why) {
        self.end.send_replace(Some(why));
    }

    /// A place for one who looks; none if all are taken.
    pub(super) fn seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.seats).try_acquire_owned().ok()
    }

    pub(super) fn snapshots(&self) -> watch::Receiver<Option<Arc<Snapshot>>> {
        self.latest.subscribe()
    }

    pub(super) fn ends(&self) -> watch::Receiver<Option<Why>> {
        self.end.subscribe()
    }

    /// See [`Past::after`].
    pub(super) fn after(&self, known: u64) -> (Vec<Point>, u64) {
        self.past().after(known)
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes snapshots while somebody looks and writes down points always, until `app` is gone.
pub(crate) async fn sample(app: Weak<App>) {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for beat in 0_u64.. {
        beats.tick().await;
        let Some(app) = app.upgrade() else { return };
        let (due, watched) = (beat % BEATS_A_POINT == 0, app.live.latest.receiver_count() > 0);
        if !due && !watched {
            continue;
        }
        let uptime_ms = uptime_ms(&app);
        let report = app.service().ok().map(|service| (service.performance(), service.queue().queued));
        if let Some((report, queued)) = report.as_ref().filter(|_| due) {
            app.live.past().record(uptime_ms, report, *queued);
        }
        if watched {
            let snapshot = Snapshot::of(&app, uptime_ms, report.map(|(report, _)| report)).await;
            app.live.latest.send_replace(Some(Arc::new(snapshot)));
        }
    }
}
