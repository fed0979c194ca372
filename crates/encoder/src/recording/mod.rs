//! Where the time of a forward pass goes: what was computed where, when, and how much work it was.
//!
//! [`record`] runs something and hands back a [`Recording`] of all that the encoder computed meanwhile, in the whole
//! process. While nothing records, an operation costs one relaxed load more than it would without this module, and
//! recording changes no result: work is divided in the same way and summed in the same order.
//!
//! Everything has a [`Place`] in a tree: stage → model → layer → operation. The encoder knows layers and operations;
//! what is around them is named by whoever calls it, with [`enter`]. A place belongs to a thread: work that goes to
//! another thread takes it along ([`here`], [`Here::resume`]).
//!
//! There are two kinds of spans. A *call* or *scope* lasts from its begin to its end on one thread, waiting included;
//! rayon may make that thread do something else meanwhile. A *part* is work that one thread does in one go, without
//! waiting: the time that parts take is the time that was worked. See [`SpanKind`].
//!
//! Texts never come in here: places are named by code and by model names.

mod recorder;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use recorder::operation;
pub use recorder::{Here, Scope};
pub use work::{Arithmetic, Op, Work};

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A step of whoever calls the encoder.
    Stage,
    /// A model, or the layers that models share.
    Model,
    /// A layer.
    Layer,
    /// What a layer, or the way to or from the layers, consists of.
    Operation(Op),
}

/// A node of the tree of places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The number of the place around it; none for the outermost.
    pub parent: Option<usize>,
    /// What it is.
    pub level: Level,
    /// Its name; of an operation, [`Op::name`].
    pub name: Arc<str>,
}

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A stage, model or layer.
    Scope,
    /// An operation, and how much work it was for all threads together.
    Call(Work),
    /// What one thread did of an operation, without waiting. Parts never contain anything.
    Part,
}

/// From when to when; durations since the recording began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The number of its place.
    pub place: usize,
    /// The number of the thread that it ran on.
    pub thread: usize,
    /// What it is.
    pub kind: SpanKind,
    /// When it began.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
}

impl Span {
    /// How long it lasted.
    pub fn took(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

/// What was computed while something was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// Places, each behind the one around it.
    pub places: Vec<Place>,
    /// Names of the threads that did something.
    pub threads: Vec<String>,
    /// Spans by their start.
    pub spans: Vec<Span>,
    /// How long all of it took.
    pub took: Duration,
}

/// Runs `work` and tells what the encoder computed meanwhile, in this process. One recording at a time: a second
/// waits for the first.
pub fn record<R>(work: impl FnOnce() -> R) -> (R, Recording) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let session = recorder::begin();
    let result = work();
    (result, session.finish())
}

/// Goes into the place `name` inside of the place where this thread is, until the scope is dropped. Costs nothing
/// while nothing records.
pub fn enter(level: Level, name: &str) -> Scope {
    recorder::enter(level, || name.into())
}

/// As [`enter`], into layer `index`.
pub(crate) fn enter_layer(index: usize) -> Scope {
    recorder::enter(Level::Layer, || format!("layer {index}").into())
}

/// The place where this thread is, to take along to another thread.
pub fn here() -> Here {
    recorder::here()
}
