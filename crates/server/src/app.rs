//! What the routes share: limits from the start, the service once it is there.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use ash_runtime::{Health, ServerSettings, Service};

use crate::answer::WireSettings;
use crate::door::Door;
use crate::error::ApiError;

/// Shared by all requests.
pub(crate) struct App {
    pub(crate) limits: ServerSettings,
    pub(crate) started: Instant,
    pub(crate) door: Door,
    live: OnceLock<Live>,
}

/// The service and how its answers look.
pub(crate) struct Live {
    pub(crate) service: Arc<Service>,
    pub(crate) wire: WireSettings,
}

impl App {
    pub(crate) fn new(limits: ServerSettings, door: Door) -> Self {
        App { limits, started: Instant::now(), door, live: OnceLock::new() }
    }

    /// A latch: it closes once and never opens again.
    pub(crate) fn go_live(&self, service: Arc<Service>) {
        let wire = WireSettings::of(&service);
        let _ = self.live.set(Live { service, wire });
    }

    /// From now on /health says so.
    pub(crate) fn drain(&self) {
        if let Some(live) = self.live.get() {
            live.service.drain();
        }
    }

    /// The service, or 503 while the models are being loaded.
    pub(crate) fn live(&self) -> Result<&Live, ApiError> {
        self.live.get().ok_or(ApiError::Starting)
    }

    pub(crate) fn health(&self) -> Health {
        self.live.get().map_or_else(Health::starting, |live| live.service.health())
    }
}
