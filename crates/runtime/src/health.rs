//! What the service says of itself. Nothing here is a constant that could be false.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::coordinator::ModelStatus;
use crate::engine::Engine;
use crate::lifecycle::{Lifecycle, Phase, Progress};
use crate::warmup::WarmupStatus;

/// The state of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Every configured model is loaded, and the warm-up succeeded.
    Healthy,
    /// Models are being loaded and warmed.
    Starting,
    /// It answers, but with less than it should; every answer says so and asks for a human.
    Degraded,
    /// It shuts down: what was accepted is answered.
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
    /// How far it is.
    pub progress: Progress,
    /// It is up and takes messages.
    pub ready: bool,
    /// It answers with less than it should.
    pub degraded: bool,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
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
    /// The health before there is a service: the socket is bound, the rest is on its way.
    pub fn starting(life: &Lifecycle) -> Self {
        Health {
            status: if life.phase() == Phase::Draining { Status::Draining } else { Status::Starting },
            progress: life.progress(),
            ready: false,
            degraded: false,
            reasons: Vec::new(),
            version: VERSION,
            warmup: WarmupStatus::default(),
            profile: None,
            labels: None,
            models_configured: 0,
            models_loaded: 0,
        }
    }

    /// The health of a service that judges by `engine`.
    pub(crate) fn of(engine: &Engine, life: &Lifecycle) -> Self {
        let mut health = Health::starting(life);
        match &engine.models {
            Ok(models) => {
                health.warmup = models.warmup_status();
                health.profile = Some(models.profile().to_owned());
                health.labels = models.zero_shot_profile().map(|zero_shot| {
                    let set = zero_shot.labels();
                    LabelsInUse { label_set: set.name().to_owned(), hypotheses_per_message: set.hypotheses() }
                });
                health.models_configured = models.models().len();
                health.models_loaded = models.models().iter().filter(|m| m.loaded).count();
                health.reasons = reasons(models.models(), &health.warmup);
            }
            Err(why) => health.reasons = vec![why.clone()],
        }
        let phase = health.progress.phase;
        health.ready = phase == Phase::Ready;
        health.degraded = phase >= Phase::Ready && !health.reasons.is_empty();
        health.status = match phase {
            Phase::Draining => Status::Draining,
            Phase::Ready if health.degraded => Status::Degraded,
            Phase::Ready => Status::Healthy,
            Phase::Starting | Phase::Loading | Phase::Warming => Status::Starting,
        };
        health
    }
}

/// What is missing.
fn reasons(models: &[ModelStatus], warmup: &WarmupStatus) -> Vec<String> {
    let errors = models.iter().filter_map(|model| model.error.clone());
    let told = |error: &String| models.iter().any(|model| model.error.as_ref() == Some(error));
    let warm = match &warmup.error {
        // A model that is not there is the reason already.
        Some(error) => (!told(error)).then(|| format!("the warm-up failed: {error}")),
        None => (!warmup.warmup_success).then(|| "the pipeline was not warmed up".to_owned()),
    };
    errors.chain(warm).collect()
}

/// The version of the service.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
