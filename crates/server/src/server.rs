//! Start and stop: the socket first, then the models; on a signal, what was accepted, then nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ash_runtime::{CorsSettings, Service, Settings, StartError};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::App;
use crate::auth::KeyFileError;
use crate::door::{Door, DoorError};
use crate::listen::{self, Bounds};
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
    /// It may not be opened like this.
    #[error(transparent)]
    Door(#[from] DoorError),
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
    bounds: Bounds,
    cors: CorsSettings,
}

/// Renews what can be renewed while a server runs.
#[derive(Clone)]
pub struct Reloader(Arc<App>);

impl Reloader {
    /// Reads the key file again and says how many keys it has; with a mistake in it, the keys stay as they are.
    pub fn reload_keys(&self) -> Result<usize, KeyFileError> {
        self.0.door.keys.reload()
    }
}

/// Runs the service until SIGTERM or ctrl-c. `bound` is told the address that is listened on.
pub async fn serve(settings: Settings, bound: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let server = Server::bind(&settings).await?;
    bound(server.local_addr());
    server.run(|| Service::start(settings), signal()).await
}

impl Server {
    /// Listens on the address of the settings, if a service with their keys may.
    pub async fn bind(settings: &Settings) -> Result<Self, ServeError> {
        let bind = settings.server.bind;
        let failed = |source| ServeError::Bind { address: bind, source };
        let door = Door::new(settings, bind)?;
        let listener = TcpListener::bind(bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let app = Arc::new(App::new(settings.server.clone(), door));
        let bounds = Bounds::with(settings.limits.max_connections);
        Ok(Server { listener, address, app, bounds, cors: settings.cors.clone() })
    }

    /// For whoever is told that files have changed.
    pub fn reloader(&self) -> Reloader {
        Reloader(Arc::clone(&self.app))
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
        let routes = router(Arc::clone(&app), &self.cors);
        let mut http = pin!(listen::serve(self.listener, routes, self.bounds, async move {
            let _ = stopping.changed().await;
        }));
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
