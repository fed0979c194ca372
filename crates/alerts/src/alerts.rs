//! The door: raise an alert and forget about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ash_analysis::Level;

use crate::alert::Alert;
use crate::clock;
use crate::error::AlertError;
use crate::keeper::{Desk, Keeper, Note};
use crate::observer::{Event, Lost, Observer};
use crate::outbox::Outbox;
use crate::sender::Sender;
use crate::settings::AlertSettings;
use crate::status::{AlertStatus, Board};

/// How many notes may be on their way to the outbox.
const CHANNEL: usize = 1_000;
/// How long a value that is dropped, not closed, waits for its thread.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// Tells a team of verdicts that cannot wait. Cheap to share behind an [`Arc`].
pub struct Alerts {
    /// None tells nobody.
    running: Option<Running>,
    lowest: Option<Level>,
    board: Arc<Board>,
    observer: Arc<dyn Observer>,
}

struct Running {
    notes: SyncSender<Note>,
    closing: Arc<AtomicBool>,
    /// Hears nothing but that the keeper has ended.
    ended: std::sync::Mutex<Receiver<()>>,
}

impl Alerts {
    /// Opens the outbox and begins to send what waits in it.
    ///
    /// Settings that are not enabled, or name no webhook, touch no file and start no thread; then
    /// [`raise`](Alerts::raise) does nothing. Addresses and keys are read here, once.
    ///
    /// # Errors
    /// If a setting, a file of an address or of a key, or the outbox cannot be used.
    pub fn open(settings: AlertSettings, observer: Arc<dyn Observer>) -> Result<Self, AlertError> {
        if let Some((key, value, allowed)) = settings.fault() {
            return Err(AlertError::Setting { key, value, allowed });
        }
        let board = Arc::new(Board::new(settings.webhooks.keys()));
        let Some(lowest) = settings.lowest_level() else {
            return Ok(Alerts { running: None, lowest: None, board, observer });
        };
        let senders = settings
            .webhooks
            .iter()
            .map(|(name, webhook)| Sender::new(name, webhook, &settings))
            .collect::<Result<Vec<_>, _>>()?;
        let closed = |source| AlertError::Outbox { path: settings.outbox.clone(), source };
        let mut outbox = Outbox::open(&settings.outbox, settings.max_waiting).map_err(closed)?;
        forget_others(&mut outbox, &settings, &*observer).map_err(closed)?;

        let (notes, taken) = sync_channel(CHANNEL);
        let mut desks = Vec::new();
        for (index, (sender, (name, webhook))) in senders.into_iter().zip(&settings.webhooks).enumerate() {
            let post = sender.start(name, index, notes.clone())?;
            desks.push(Desk::new(name, webhook, &settings, post));
        }
        let closing = Arc::new(AtomicBool::new(false));
        let keeper = Keeper {
            settings,
            outbox,
            desks,
            board: Arc::clone(&board),
            observer: Arc::clone(&observer),
            closing: Arc::clone(&closing),
            expired_at: 0,
        };
        let (end, ended) = sync_channel::<()>(0);
        let work = move || {
            let _end = end;
            keeper.run(&taken);
        };
        thread::Builder::new().name("alerts".into()).spawn(work).map_err(AlertError::Thread)?;
        let running = Running { notes, closing, ended: std::sync::Mutex::new(ended) };
        Ok(Alerts { running: Some(running), lowest: Some(lowest), board, observer })
    }

    /// The lowest level that anybody wants to be told of; none if nobody is told of any.
    pub fn lowest_level(&self) -> Option<Level> {
        self.lowest
    }

    /// Tells whoever wants to know of such a level. Never waits and never fails: an alert for which there is no
    /// room, a thousand being on their way to the outbox already, is counted and reported as dropped.
    pub fn raise(&self, alert: Alert) {
        let Some(running) = &self.running else { return };
        if self.lowest.is_none_or(|lowest| alert.level < lowest) {
            return;
        }
        let note = Note::Raised(Box::new(alert));
        if running.closing.load(Ordering::Acquire) || running.notes.try_send(note).is_err() {
            self.board.write(|status| status.dropped += 1);
            self.observer.on(Event::Dropped { webhook: None, why: Lost::Swamped });
        }
    }

    /// How alerts are doing.
    pub fn status(&self) -> AlertStatus {
        self.board.read(clock::now())
    }

    /// Stops sending. What was raised before goes into the outbox and waits there for the next start; a request
    /// that is under way may end. Answers whether all that was done `within` that time; if not, it goes on
    /// while the process lives, and what was under way is told again after the next start. What is raised after
    /// this is dropped.
    pub fn close(&self, within: Duration) -> bool {
        let Some(running) = &self.running else { return true };
        running.closing.store(true, Ordering::Release);
        // Without room the keeper is about to look anyway.
        let _ = running.notes.try_send(Note::Nudge);
        let ended = running.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        matches!(ended.recv_timeout(within), Err(RecvTimeoutError::Disconnected))
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.close(LAST_MOMENT);
    }
}

/// Drops what waits for webhooks that are no longer configured.
fn forget_others(
    outbox: &mut Outbox,
    settings: &AlertSettings,
    observer: &dyn Observer,
) -> Result<(), crate::error::OutboxError> {
    let names: Vec<&str> = settings.webhooks.keys().map(String::as_str).collect();
    let others = outbox.keep_only(&names)?;
    if !others.is_empty() {
        tracing::warn!(
            alerts = others.len(),
            "alerts waited for webhooks that are no longer configured: dropped"
        );
    }
    for webhook in others {
        observer.on(Event::Dropped { webhook: Some(webhook.into()), why: Lost::Unconfigured });
    }
    Ok(())
}
