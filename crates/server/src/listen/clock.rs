//! How long a connection may stay where it is.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Bounds;

/// When a connection must have moved on, by what it is at.
#[derive(Clone)]
pub(super) struct Clock {
    bounds: Bounds,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing of a request has come yet.
    Idle { until: Instant },
    /// A head was begun.
    Head { until: Instant },
    /// A request is being answered; its own timeout bounds that.
    Busy,
    /// An answer without an end is being taken.
    Stream { until: Instant },
    /// The same while the server ends: no longer than this, whatever is taken.
    Ending { until: Instant },
}

impl Clock {
    pub(super) fn new(bounds: Bounds) -> Self {
        Clock { bounds, state: Arc::new(Mutex::new(State::Idle { until: Instant::now() + bounds.idle })) }
    }

    fn change(&self, next: impl FnOnce(State) -> State) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = next(*state);
    }

    /// Bytes came from the client.
    fn came(&self) {
        self.change(|state| match state {
            State::Idle { .. } => State::Head { until: Instant::now() + self.bounds.head },
            State::Head { .. } | State::Busy | State::Stream { .. } | State::Ending { .. } => state,
        });
    }

    /// The client took bytes.
    fn taken(&self) {
        self.change(|state| match state {
            State::Idle { .. } => State::Idle { until: Instant::now() + self.bounds.idle },
            State::Stream { .. } => State::Stream { until: Instant::now() + self.bounds.idle },
            State::Head { .. } | State::Busy | State::Ending { .. } => state,
        });
    }

    /// A head is complete.
    pub(super) fn asked(&self) {
        self.change(|_| State::Busy);
    }

    /// There is an answer, which now has to be taken.
    pub(super) fn answered(&self) {
        self.change(|_| State::Idle { until: Instant::now() + self.bounds.idle });
    }

    /// There is an answer that has no end.
    pub(super) fn streams(&self) {
        self.change(|_| State::Stream { until: Instant::now() + self.bounds.idle });
    }

    /// The server ends. Whoever does not take the end of an endless answer holds it up for `rest` and no longer.
    pub(super) fn ends(&self, rest: Duration) {
        self.change(|state| match state {
            State::Stream { .. } => State::Ending { until: Instant::now() + rest },
            _ => state,
        });
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match *self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Idle { until }
            | State::Head { until }
            | State::Stream { until }
            | State::Ending { until } => Some(until),
            State::Busy => None,
        }
    }
}

/// A stream that tells the clock when bytes move.
pub(super) struct Timed {
    stream: TcpStream,
    clock: Clock,
}

impl Timed {
    pub(super) fn new(stream: TcpStream, clock: Clock) -> Self {
        Timed { stream, clock }
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.clock.came();
        }
        read
    }
}

impl AsyncWrite for Timed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.clock.taken();
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.clock.taken();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
