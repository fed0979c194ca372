//! What the service says of itself. Nothing here is a constant that could be false.

use std::fmt;

use serde::Serialize;

use crate::warmup::WarmupStatus;

/// The state of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every configured model is loaded, and the warm-up succeeded.
    Healthy,
    /// Models are being loaded and warmed; nothing is answered yet.
    Starting,
    /// It answers, but with less than it should; every answer says so and asks for a human.
    Degraded,
    /// It shuts down: what was accepted is answered, nothing new is taken.
    Draining,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Status::Healthy => "healthy",
            Status::Starting => "starting",
            Status::Degraded => "degraded",
            Status::Draining => "draining",
        })
    }
}

/// The health of the service at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Health {
    /// The state.
    pub status: Status,
    /// It takes messages.
    pub ready: bool,
    /// It answers with less than it should.
    pub degraded: bool,
    /// The version of the service.
    pub version: &'static str,
    /// What the warm-up did.
    pub warmup: WarmupStatus,
    /// The profile of models; none while it is not yet read.
    pub profile: Option<String>,
    /// What the models are asked, if the profile asks by labels.
    pub labels: Option<LabelsInUse>,
    /// How many models the profile names; 0 while it is not yet read.
    pub models_configured: usize,
    /// How many of them answer.
    pub models_loaded: usize,
}

/// The label set that the next message is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelsInUse {
    /// Its name.
    pub label_set: String,
    /// How many hypotheses a message is compared with, all models together.
    pub hypotheses_per_message: usize,
}

impl Health {
    /// The health before there is a service: the socket is bound, the models are on their way.
    pub fn starting() -> Self {
        Health {
            status: Status::Starting,
            ready: false,
            degraded: false,
            version: VERSION,
            warmup: WarmupStatus::default(),
            profile: None,
            labels: None,
            models_configured: 0,
            models_loaded: 0,
        }
    }
}

/// The version of the service.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
