//! GET /events: the service as it is, once a second, by server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::live::Why;
use super::past::Point;
use super::snapshot::{Snapshot, uptime_ms};
use crate::app::App;
use crate::error::ApiError;

/// Marks an answer that ends by itself only when the service does; whoever closes connections must know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endless;

/// When nothing is told for so long, a comment says that the connection is there.
const SILENCE: Duration = Duration::from_secs(10);

/// Proxies would collect an answer until it is whole, which this one never is.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The service, once a second
///
/// Server-sent events, for the dashboard at `/`. `now` carries the state, figures since the start and those points of
/// the last fifteen minutes (one every five seconds) that were not sent yet; the first comes at once, with all of them.
/// `end` says why the stream ends: `draining`, or `keys` when the keys were read again. Whoever reads slowly misses
/// events and holds nothing up. 32 may look at a time; what is sent may change with any version.
#[utoipa::path(get, path = "/events", tag = "state", responses(
    (status = 200, description = "Events, until the service ends.", body = String, content_type = "text/event-stream"),
))]
pub(in crate::routes) async fn events(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let seat = app.live.seat().ok_or(ApiError::TooManyWatch)?;
    let (snapshots, ends) = (app.live.snapshots(), app.live.ends());
    // Keys that were replaced after the guard looked, and before `ends` could tell.
    app.door.caller(&headers).map_err(ApiError::Unauthorized)?;
    let is_last = *ends.borrow() == Some(Why::Draining);
    let next = Next::First { is_last };
    let watcher = Watcher { snapshots, ends, known: 0, told_ms: 0.0, next, app, _seat: seat };
    let events =
        Sse::new(stream::unfold(watcher, Watcher::next)).keep_alive(KeepAlive::new().interval(SILENCE));
    let mut response = ([UNBUFFERED], events).into_response();
    response.extensions_mut().insert(Endless);
    Ok(response)
}

/// One who looks.
struct Watcher {
    snapshots: watch::Receiver<Option<Arc<Snapshot>>>,
    ends: watch::Receiver<Option<Why>>,
    /// How many points were sent.
    known: u64,
    /// How long the service was up in what was sent last.
    told_ms: f64,
    next: Next,
    app: Arc<App>,
    _seat: OwnedSemaphorePermit,
}

/// What is to be sent.
enum Next {
    /// At once; and nothing after it, if the service was ending already.
    First { is_last: bool },
    /// What comes.
    News,
    /// Nothing more.
    Nothing,
}

/// The event `now`.
#[derive(Serialize)]
struct Now<'a> {
    #[serde(flatten)]
    snapshot: &'a Snapshot,
    points: Vec<Point>,
}

/// The event `end`.
#[derive(Serialize)]
struct End {
    why: Why,
}

impl Watcher {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = match self.next {
            Next::Nothing => return None,
            Next::First { is_last } => {
                self.next = if is_last { Next::Nothing } else { Next::News };
                let uptime_ms = uptime_ms(&self.app);
                let report = self.app.service().ok().map(|service| service.performance());
                let snapshot = Snapshot::of(&self.app, uptime_ms, report).await;
                self.now(&snapshot)
            }
            Next::News => loop {
                tokio::select! {
                    biased;
                    _ = self.ends.changed() => {
                        self.next = Next::Nothing;
                        let why = (*self.ends.borrow()).unwrap_or(Why::Draining);
                        break Event::default().event("end").json_data(End { why });
                    }
                    changed = self.snapshots.changed() => {
                        changed.ok()?;
                        let snapshot = self.snapshots.borrow_and_update().clone();
                        // One that was taken before the first was sent tells nothing new.
                        if let Some(snapshot) = snapshot.filter(|new| new.uptime_ms > self.told_ms) {
                            break self.now(&snapshot);
                        }
                    }
                }
            },
        };
        // Nothing that is sent can fail to be JSON; if it did, the page would come back.
        Some((Ok(event.ok()?), self))
    }

    fn now(&mut self, snapshot: &Snapshot) -> Result<Event, axum::Error> {
        let (points, known) = self.app.live.after(self.known);
        (self.known, self.told_ms) = (known, snapshot.uptime_ms);
        Event::default().event("now").json_data(Now { snapshot, points })
    }
}
