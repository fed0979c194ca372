//! What the routes share: limits from the start, the service once it is there.

use std::sync::{Arc, OnceLock};

use ash_runtime::telemetry::Event;
use ash_runtime::{Health, Lifecycle, Phase, ServerSettings, Service};

use tokio::sync::{Mutex, Semaphore};

use crate::door::Door;
use crate::error::ApiError;
use crate::routes::dashboard::{Live, Why};

/// How many requests may wait for the disk at once.
const MOST_WRITERS: usize = 8;

/// Shared by all requests.
pub(crate) struct App {
    pub(crate) limits: ServerSettings,
    pub(crate) life: Arc<Lifecycle>,
    pub(crate) door: Door,
    /// One permit for each request that may wait for the disk.
    pub(crate) writers: Arc<Semaphore>,
    /// Held while the service sends itself a message.
    pub(crate) rehearsal: Mutex<()>,
    /// What the dashboards show that are open.
    pub(crate) live: Live,
    service: OnceLock<Arc<Service>>,
}

impl App {
    pub(crate) fn new(limits: ServerSettings, door: Door) -> Self {
        App {
            limits,
            life: Arc::default(),
            door,
            writers: Arc::new(Semaphore::new(MOST_WRITERS)),
            rehearsal: Mutex::default(),
            live: Live::default(),
            service: OnceLock::new(),
        }
    }

    /// A latch: it closes once and never opens again. From now on messages are judged, by words at least.
    pub(crate) fn go_live(&self, service: Arc<Service>) {
        let _ = self.service.set(service);
    }

    /// From now on /health and /ready say so, and whoever looks on is sent away.
    pub(crate) fn drain(&self) {
        // Not through the service alone: there may be none yet, and whoever starts it must see this.
        self.life.advance(Phase::Draining);
        if let Some(service) = self.service.get() {
            service.drain();
        }
        self.live.end(Why::Draining);
    }

    /// The service, or 503 in the moment before there is one.
    pub(crate) fn service(&self) -> Result<&Arc<Service>, ApiError> {
        self.service.get().ok_or(ApiError::Starting)
    }

    /// Counts something that happened, once there is somebody who counts.
    pub(crate) fn count(&self, event: &impl Event) {
        if let Some(service) = self.service.get() {
            service.telemetry().emit(event);
        }
    }

    pub(crate) fn health(&self) -> Health {
        self.service.get().map_or_else(|| Health::starting(&self.life), |service| service.health())
    }
}
