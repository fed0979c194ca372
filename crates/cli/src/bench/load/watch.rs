//! What an orchestrator and an operator see meanwhile: /health on a connection of its own, and memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::bench::client::{Connection, Endpoint};
use crate::bench::histogram::Latencies;
use crate::bench::latency::Latency;
use crate::bench::memory::Resident;
use crate::bench::target::block_on;

/// How often /health is asked; a whole number of these make a second.
const TICK: Duration = Duration::from_millis(100);
/// Every how many of them memory is read.
const TICKS_OF_MEMORY: u64 = 10;

/// Watches from a thread of its own until it is asked what it saw: what delays the requests must not delay it.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    load_ended: Arc<OnceLock<Instant>>,
    thread: JoinHandle<Result<Seen>>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Seen {
    /// GET /health, since it was due, of those that were due under the load; answers of any kind.
    pub(super) health: Option<Latency>,
    /// Times that it was not answered at all, the recovery included.
    pub(super) health_failures: u64,
    /// Of the server's process; absent if it was not started here.
    pub(super) memory: Option<Memory>,
}

/// Resident memory in mebibytes, read every second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[expect(clippy::struct_field_names, reason = "every figure of a report ends with its unit")]
pub(super) struct Memory {
    /// Before the load.
    pub(super) start_mib: f64,
    pub(super) max_mib: f64,
    /// After the recovery.
    pub(super) end_mib: f64,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn begin(endpoint: Arc<Endpoint>, pid: Option<u32>) -> Self {
        let (stop, load_ended) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let (stopped, ended) = (Arc::clone(&stop), Arc::clone(&load_ended));
        let thread = thread::spawn(move || block_on(watch(endpoint, pid, &stopped, &ended)));
        Watch { stop, load_ended, thread }
    }

    /// From now on only memory and failures are of interest: how quick an idle server is says nothing of a load.
    pub(super) fn load_ended(&self) {
        let _ = self.load_ended.set(Instant::now());
    }

    /// Ends it.
    pub(super) fn seen(self) -> Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("watching /health failed"))?
    }
}

async fn watch(
    endpoint: Arc<Endpoint>,
    pid: Option<u32>,
    stop: &AtomicBool,
    load_ended: &OnceLock<Instant>,
) -> Result<Seen> {
    let mut connection = Connection::new(endpoint);
    let mut latencies = Latencies::new();
    let mut seen = Seen { health: None, health_failures: 0, memory: None };
    let resident = || pid.and_then(|pid| Resident::of(pid).now_mib);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for n in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let due = ticks.tick().await;
        match connection.get("/health").await {
            Ok(_) if load_ended.get().is_some_and(|&end| due > end) => {}
            Ok(_) => latencies.record(Instant::now().saturating_duration_since(due)),
            Err(_) => seen.health_failures += 1,
        }
        if n % TICKS_OF_MEMORY == 0 {
            seen.remember(resident());
        }
    }
    seen.remember(resident());
    seen.health = latencies.latency();
    Ok(seen)
}

impl Seen {
    fn remember(&mut self, mib: Option<f64>) {
        let Some(mib) = mib else { return };
        let memory = self.memory.get_or_insert(Memory { start_mib: mib, max_mib: mib, end_mib: mib });
        memory.max_mib = memory.max_mib.max(mib);
        memory.end_mib = mib;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_the_first_the_highest_and_the_last() {
        let mut seen = Seen { health: None, health_failures: 0, memory: None };
        for mib in [Some(5.0), None, Some(9.0), Some(7.0)] {
            seen.remember(mib);
        }
        assert_eq!(seen.memory, Some(Memory { start_mib: 5.0, max_mib: 9.0, end_mib: 7.0 }));
    }
}
