//! Open loop: requests are sent when they are due, whatever became of those before.
//!
//! That is how a community behaves: people do not stop writing because a bot is slow. A closed loop would,
//! and so hide the worst latencies ("coordinated omission"); here a request's clock starts when it was due.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::tally::Ended;
use crate::bench::client::{Connection, Endpoint};

/// Connections at a time; most systems let a process open 1,024 files.
const CONNECTIONS: usize = 900;

/// What is sent, and when.
pub(super) struct Schedule {
    /// Requests a second, above 0.
    pub(super) rate: f64,
    pub(super) duration: Duration,
}

/// Sends the messages of `text` by the schedule and tells how each ended, in the order in which they did; None for one
/// that was due while all connections were busy. Returns when the last has ended.
pub(super) async fn run(
    endpoint: &Arc<Endpoint>,
    schedule: &Schedule,
    text: impl Fn() -> String,
    bar: &ProgressBar,
    mut tell: impl FnMut(Option<Ended>),
) {
    let pool = Arc::new(Pool::new(Arc::clone(endpoint)));
    let (end, mut ended) = mpsc::unbounded_channel();
    let start = Instant::now();
    for n in 0_u32.. {
        let due = Duration::from_secs_f64(f64::from(n) / schedule.rate);
        if due >= schedule.duration {
            break;
        }
        tokio::time::sleep_until(start + due).await;
        while let Ok(answer) = ended.try_recv() {
            tell(Some(answer));
        }
        bar.set_position(due.as_secs());
        let Ok(permit) = Arc::clone(&pool.free).try_acquire_owned() else {
            tell(None);
            continue;
        };
        let (pool, end, text) = (Arc::clone(&pool), end.clone(), text());
        tokio::spawn(async move {
            let mut connection = pool.take();
            let reply = connection.analyze(&text).await;
            let ended = Ended::with(due, start.elapsed().saturating_sub(due), reply);
            pool.give_back(connection);
            drop(permit);
            let _ = end.send(ended);
        });
    }
    drop(end);
    while let Some(answer) = ended.recv().await {
        tell(Some(answer));
    }
}

/// Idle connections, the one used last on top: no more are opened than are needed at a time.
struct Pool {
    endpoint: Arc<Endpoint>,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    fn new(endpoint: Arc<Endpoint>) -> Self {
        Pool { endpoint, free: Arc::new(Semaphore::new(CONNECTIONS)), idle: Mutex::default() }
    }

    fn take(&self) -> Connection {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Connection::new(Arc::clone(&self.endpoint)))
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
