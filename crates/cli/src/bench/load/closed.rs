//! Closed loop: so many clients, each sends its next request when it has the answer to the last.
//!
//! This finds how much the server can do, for it is never given more than that.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::tally::{Answer, Ended};
use crate::bench::client::{Connection, Endpoint};
use crate::bench::texts::Texts;

/// A client that got no answer at all waits so long, lest it turn in a tight circle.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Runs `clients` for `duration` and tells how each request ended. Returns when the last has.
pub(super) async fn run(
    endpoint: &Arc<Endpoint>,
    clients: usize,
    duration: Duration,
    texts: &Arc<Texts>,
    bar: &ProgressBar,
    mut tell: impl FnMut(Ended),
) {
    let (end, mut ended) = mpsc::unbounded_channel();
    let start = Instant::now();
    for _ in 0..clients {
        let (end, texts, mut connection) =
            (end.clone(), Arc::clone(texts), Connection::new(Arc::clone(endpoint)));
        tokio::spawn(async move {
            while start.elapsed() < duration {
                let due = start.elapsed();
                let reply = connection.analyze(&texts.next().1).await;
                let ended = Ended::with(due, start.elapsed().saturating_sub(due), reply);
                let failed = matches!(ended.answer, Answer::Failed(_));
                if end.send(ended).is_err() {
                    return;
                }
                if failed {
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        });
    }
    drop(end);
    while let Some(answer) = ended.recv().await {
        bar.set_position((answer.due + answer.latency).as_secs());
        tell(answer);
    }
}
