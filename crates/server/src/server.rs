//! Start and stop: the socket first, then the models; on a signal, what was accepted, then nothing.

use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ash_runtime::{ServerSettings, Service, Settings, StartError};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::routes::router;

/// The server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another instance running? (server.bind)")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The service behind it cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The service panicked while it started.
    #[error("the service panicked while it started")]
    Panicked,
    /// Accepting connections failed.
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
}

/// A bound socket that answers once it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
}

/// Runs the service until SIGTERM or ctrl-c. `bound` is told the address that is listened on.
pub async fn serve(settings: Settings, bound: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let server = Server::bind(&settings.server).await?;
    bound(server.local_addr());
    server.run(|| Service::start(settings), signal()).await
}

impl Server {
    /// Listens on the address of the settings.
    pub async fn bind(settings: &ServerSettings) -> Result<Self, ServeError> {
        let failed = |source| ServeError::Bind { address: settings.bind, source };
        let listener = TcpListener::bind(settings.bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { listener, address, app: Arc::new(App::new(settings.clone())) })
    }

    /// The address that is listened on; with port 0 in the settings, the one the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers at once, starts the service meanwhile, and runs until `shutdown` completes; then
    /// what was accepted is answered, for as long as a request may take.
    pub async fn run(
        self,
        start: impl FnOnce() -> Result<Service, StartError> + Send + 'static,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let app = self.app;
        let (stop, mut stopping) = watch::channel(());
        let http = axum::serve(self.listener, router(Arc::clone(&app))).with_graceful_shutdown(async move {
            let _ = stopping.changed().await;
        });
        let mut http = pin!(http.into_future());
        let mut life = pin!(live(Arc::clone(&app), start));

        tokio::select! {
            ended = &mut http => return Ok(ended?),
            failed = &mut life => return failed,
            () = shutdown => {}
        }
        tracing::info!("shutting down: answering what was accepted");
        app.drain();
        drop(stop);
        let deadline = app.limits.request_timeout() + Duration::from_secs(1);
        if let Ok(ended) = tokio::time::timeout(deadline, http).await {
            ended?;
        } else {
            tracing::warn!("some connections did not end in time and were closed");
        }
        Ok(())
    }
}

/// Starts the service off the async threads and keeps it; returns only if it could not start.
async fn live(
    app: Arc<App>,
    start: impl FnOnce() -> Result<Service, StartError> + Send + 'static,
) -> Result<(), ServeError> {
    let service = tokio::task::spawn_blocking(start).await.map_err(|_| ServeError::Panicked)??;
    let health = service.health();
    tracing::info!(
        status = %health.status,
        profile = service.profile(),
        models = health.models_loaded,
        warmup_ms = health.warmup.total_warmup_time_ms,
        steady_ms = health.warmup.steady_ms,
        "ready"
    );
    app.go_live(Arc::new(service));
    std::future::pending().await
}

/// Completes on SIGTERM or ctrl-c.
async fn signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut stream) => drop(stream.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
