//! Where the service is between its start and its end: a latch that moves forward and never back.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::timing::{microseconds, ms};

/// The phases, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The socket is bound; patterns are being compiled. Nothing can be judged yet.
    Starting,
    /// Models are being loaded. Messages are judged by their words, degraded.
    Loading,
    /// The live pipeline is being warmed up.
    Warming,
    /// Up. What is missing then is told by `degraded`, not by another phase.
    Ready,
    /// Shutting down: what was accepted is answered.
    Draining,
}

impl Phase {
    /// All phases, in their order.
    pub const ALL: [Phase; 5] =
        [Phase::Starting, Phase::Loading, Phase::Warming, Phase::Ready, Phase::Draining];

    /// The name in answers and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Starting => "starting",
            Phase::Loading => "loading",
            Phase::Warming => "warming",
            Phase::Ready => "ready",
            Phase::Draining => "draining",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far one part of the profile is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    /// It is being read.
    Loading,
    /// It is there.
    Loaded,
    /// It could not be loaded.
    Failed,
}

/// A part of the profile: the shared layers, or a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: PartState,
}

/// How far the start is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// Of the parts to load, how many are done, loaded or not; 0 to 100.
    pub percent: u8,
    /// The parts; empty while it is not known which there are.
    pub parts: Vec<Part>,
}

/// When a phase was entered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Entered {
    /// The phase.
    pub phase: Phase,
    /// Milliseconds since the socket was bound.
    pub at_ms: f64,
}

/// The latch. Shared by whoever starts the service and whoever asks about it.
#[derive(Debug)]
pub struct Lifecycle {
    phase: AtomicU8,
    parts: Mutex<Vec<Part>>,
    /// Every phase that was entered after the first, with the time since `began`.
    entered: Mutex<Vec<(Phase, Duration)>>,
    began: Instant,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Lifecycle {
            phase: AtomicU8::new(0),
            parts: Mutex::default(),
            entered: Mutex::default(),
            began: Instant::now(),
        }
    }
}

impl Lifecycle {
    /// The phase at this moment.
    pub fn phase(&self) -> Phase {
        Phase::ALL[usize::from(self.phase.load(Ordering::Acquire)).min(Phase::ALL.len() - 1)]
    }

    /// Moves on to `phase`; does nothing if it is there already, or further.
    pub fn advance(&self, phase: Phase) {
        let before = self.phase.fetch_max(phase as u8, Ordering::AcqRel);
        if before < phase as u8 {
            let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
            entered.push((phase, self.began.elapsed()));
            drop(entered);
            tracing::debug!(phase = phase.as_str(), "phase");
        }
    }

    /// Since the socket was bound.
    pub fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// The phases so far, in the order of their times; a phase that was skipped is not among them.
    pub fn timeline(&self) -> Vec<Entered> {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Two threads may write down their phases in another order than they entered them.
        entered.sort_by_key(|(phase, _)| *phase);
        let first = std::iter::once((Phase::Starting, Duration::ZERO));
        first.chain(entered).map(|(phase, at)| Entered { phase, at_ms: microseconds(ms(at)) }).collect()
    }

    /// How far the start is.
    pub fn progress(&self) -> Progress {
        let (phase, parts) = (self.phase(), self.parts().clone());
        let done = parts.iter().filter(|part| part.state != PartState::Loading).count();
        let percent = match phase {
            Phase::Starting => 0,
            Phase::Loading => u8::try_from(100 * done / parts.len().max(1)).unwrap_or(100),
            _ => 100,
        };
        Progress { phase, percent, parts }
    }

    /// These parts will be loaded, from now on.
    pub(crate) fn expect(&self, names: impl IntoIterator<Item = String>) {
        *self.parts() = names.into_iter().map(|name| Part { name, state: PartState::Loading }).collect();
    }

    /// One of them is done.
    pub(crate) fn done(&self, name: &str, loaded: bool) {
        if let Some(part) = self.parts().iter_mut().find(|part| part.name == name) {
            part.state = if loaded { PartState::Loaded } else { PartState::Failed };
        }
    }

    fn parts(&self) -> std::sync::MutexGuard<'_, Vec<Part>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_move_forward_and_never_back() {
        let life = Lifecycle::default();
        for (to, is) in [
            (Phase::Loading, Phase::Loading),
            (Phase::Ready, Phase::Ready),
            (Phase::Warming, Phase::Ready),
            (Phase::Draining, Phase::Draining),
            (Phase::Ready, Phase::Draining),
        ] {
            life.advance(to);
            assert_eq!(life.phase(), is, "after {to}");
        }
    }

    #[test]
    fn the_timeline_has_every_phase_that_was_entered_once_and_in_order() {
        let life = Lifecycle::default();
        for phase in [Phase::Loading, Phase::Loading, Phase::Ready, Phase::Warming] {
            life.advance(phase);
        }
        let timeline = life.timeline();
        let phases: Vec<Phase> = timeline.iter().map(|entered| entered.phase).collect();
        assert_eq!(phases, [Phase::Starting, Phase::Loading, Phase::Ready]);
        assert!(timeline.is_sorted_by_key(|entered| entered.at_ms) && timeline[0].at_ms == 0.0);
    }

    #[test]
    fn the_percentage_counts_what_is_done_and_names_what_failed() {
        let life = Lifecycle::default();
        assert_eq!(life.progress().percent, 0);
        life.advance(Phase::Loading);
        life.expect(["a", "b", "c", "d"].map(str::to_owned));
        assert_eq!(life.progress().percent, 0);
        life.done("a", true);
        life.done("b", false);
        let progress = life.progress();
        assert_eq!((progress.percent, progress.parts[1].state), (50, PartState::Failed));
        life.advance(Phase::Warming);
        assert_eq!(life.progress().percent, 100);
    }
}
