//! Spans are written down by the thread that they ran on, into a log of its own, and collected at the end.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use super::{Level, Op, Place, Recording, Span, SpanKind, Work};

/// The number of the session that records; 0 is none. All that is looked at while nothing records.
static RECORDING: AtomicU64 = AtomicU64::new(0);
/// The session of that number.
static SESSION: RwLock<Option<Arc<Session>>> = RwLock::new(None);

/// What all threads share while something records.
struct Session {
    number: u64,
    start: Instant,
    places: Mutex<Vec<Place>>,
    logs: Mutex<Vec<Arc<Log>>>,
}

/// What one thread wrote down.
struct Log {
    thread: String,
    spans: Mutex<Vec<Span>>,
}

/// Where a thread is.
struct Thread {
    session: Arc<Session>,
    log: Arc<Log>,
    /// The number of this thread's log.
    number: usize,
    place: Option<usize>,
}

thread_local! {
    static THREAD: RefCell<Option<Thread>> = const { RefCell::new(None) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records from now until it is finished, or dropped by a panic.
pub(super) struct Running(Arc<Session>);

/// Starts a session. The caller sees to it that there is but one.
pub(super) fn begin() -> Running {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let session = Arc::new(Session {
        number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        start: Instant::now(),
        places: Mutex::default(),
        logs: Mutex::default(),
    });
    *SESSION.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&session));
    RECORDING.store(session.number, Ordering::Release);
    Running(session)
}

impl Drop for Running {
    fn drop(&mut self) {
        RECORDING.store(0, Ordering::Release);
        *SESSION.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Running {
    /// What was written down.
    pub(super) fn finish(self) -> Recording {
        let session = Arc::clone(&self.0);
        let took = session.start.elapsed();
        drop(self);
        let (mut threads, mut spans) = (Vec::new(), Vec::new());
        for log in lock(&session.logs).iter() {
            threads.push(log.thread.clone());
            spans.append(&mut lock(&log.spans));
        }
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        Recording { places: std::mem::take(&mut lock(&session.places)), threads, spans, took }
    }
}

/// Does something with this thread's log, if session `number` records.
fn on_thread<R>(number: u64, f: impl FnOnce(&mut Thread) -> R) -> Option<R> {
    THREAD.with_borrow_mut(|thread| {
        if thread.as_ref().is_none_or(|t| t.session.number != number) {
            let session = SESSION.read().unwrap_or_else(PoisonError::into_inner).clone();
            *thread = session.filter(|s| s.number == number).map(Thread::of);
        }
        thread.as_mut().map(f)
    })
}

impl Thread {
    fn of(session: Arc<Session>) -> Self {
        let name = std::thread::current().name().unwrap_or("unnamed").to_owned();
        let log = Arc::new(Log { thread: name, spans: Mutex::default() });
        let mut logs = lock(&session.logs);
        let number = logs.len();
        logs.push(Arc::clone(&log));
        drop(logs);
        Thread { session, log, number, place: None }
    }

    /// The place `name` in the one where this thread is.
    fn inside(&self, level: Level, name: impl FnOnce() -> Arc<str>) -> usize {
        let mut places = lock(&self.session.places);
        let here = |place: &Place| place.parent == self.place && place.level == level;
        if let Level::Operation(_) = level {
            // Named by their kind: no need to make the name.
            if let Some(known) = places.iter().position(here) {
                return known;
            }
        }
        let name = name();
        places.iter().position(|place| here(place) && place.name == name).unwrap_or_else(|| {
            places.push(Place { parent: self.place, level, name });
            places.len() - 1
        })
    }

    fn write(&self, place: usize, kind: SpanKind, start: Instant) {
        let since = |at: Instant| at.saturating_duration_since(self.session.start);
        let (start, end) = (since(start), since(Instant::now()));
        lock(&self.log.spans).push(Span { place, thread: self.number, kind, start, end });
    }
}

/// A place that a thread is in, until this is dropped.
#[must_use = "it ends where it is dropped"]
pub struct Scope(Option<Entered>);

struct Entered {
    session: u64,
    /// Nothing is written down of a place that was only resumed.
    writes: Option<SpanKind>,
    place: Option<usize>,
    before: Option<usize>,
    start: Instant,
}

fn go(session: u64, writes: Option<SpanKind>, to: impl FnOnce(&Thread) -> Option<usize>) -> Scope {
    Scope(on_thread(session, |thread| {
        let place = to(thread);
        let before = std::mem::replace(&mut thread.place, place);
        Entered { session, writes, place, before, start: Instant::now() }
    }))
}

impl Drop for Scope {
    fn drop(&mut self) {
        let Some(entered) = self.0.take() else { return };
        on_thread(entered.session, |thread| {
            if let (Some(kind), Some(place)) = (entered.writes, entered.place) {
                thread.write(place, kind, entered.start);
            }
            thread.place = entered.before;
        });
    }
}

/// See [`super::enter`].
pub(super) fn enter(level: Level, name: impl FnOnce() -> Arc<str>) -> Scope {
    match RECORDING.load(Ordering::Relaxed) {
        0 => Scope(None),
        session => go(session, Some(SpanKind::Scope), |thread| Some(thread.inside(level, name))),
    }
}

/// A place to take along to another thread.
#[derive(Debug, Clone, Copy)]
pub struct Here(Option<(u64, Option<usize>)>);

/// See [`super::here`].
pub(super) fn here() -> Here {
    match RECORDING.load(Ordering::Relaxed) {
        0 => Here(None),
        session => Here(on_thread(session, |thread| (session, thread.place))),
    }
}

impl Here {
    /// Goes to that place on this thread, until the scope is dropped.
    pub fn resume(self) -> Scope {
        match self.0 {
            None => Scope(None),
            Some((session, place)) => go(session, None, |_| place),
        }
    }
}

/// An operation that runs, until this is dropped.
#[must_use = "it ends where it is dropped"]
pub(crate) struct Call {
    scope: Scope,
    parts: Option<(u64, usize)>,
}

/// Begins an operation; `work` is only asked while something records.
pub(crate) fn operation(op: Op, work: impl FnOnce() -> Work) -> Call {
    let session = RECORDING.load(Ordering::Relaxed);
    if session == 0 {
        return Call { scope: Scope(None), parts: None };
    }
    let inside = |thread: &Thread| Some(thread.inside(Level::Operation(op), || op.name().into()));
    let scope = go(session, Some(SpanKind::Call(work())), inside);
    let place = scope.0.as_ref().and_then(|entered| entered.place);
    Call { scope, parts: place.map(|place| (session, place)) }
}

impl Call {
    /// Begins a part of the operation, on whichever thread.
    pub(crate) fn part(&self) -> Part {
        Part(self.parts.map(|(session, place)| (session, place, Instant::now())))
    }

    /// All of the operation is one part.
    pub(crate) fn alone<R>(self, work: impl FnOnce() -> R) -> R {
        let part = self.part();
        let result = work();
        drop(part);
        drop(self.scope);
        result
    }
}

/// Work of one thread, until this is dropped. Nothing else may begin on the thread meanwhile.
#[must_use = "it ends where it is dropped"]
pub(crate) struct Part(Option<(u64, usize, Instant)>);

impl Drop for Part {
    fn drop(&mut self) {
        if let Some((session, place, start)) = self.0 {
            on_thread(session, |thread| thread.write(place, SpanKind::Part, start));
        }
    }
}
