//! Start and stop: the socket first, then words, then models; on a signal, what was accepted, then nothing.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ash_runtime::telemetry::Reloaded;
use ash_runtime::{CorsSettings, Phase, Service, Settings, StartError};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use crate::app::App;
use crate::door::{Door, DoorError};
use crate::listen::{self, Bounds};
use crate::opening::Opening;
use crate::routes::dashboard::{self, Why};
use crate::routes::router;
use crate::signals::{Signal, Signals};

/// The server cannot run, or did not end as it should.
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
    /// A second signal came while what was accepted was being answered.
    #[error("stopped at once by a second signal; what was being answered is lost")]
    Forced,
    /// It may not be opened like this.
    #[error(transparent)]
    Door(#[from] DoorError),
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

/// Reads the configuration again, by the same layers as at the start.
pub type Reload = Box<dyn Fn() -> Result<Settings, Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Runs the service until SIGTERM or ctrl-c. `bound` is told the address that is listened on; `reload` is called
/// on SIGHUP.
pub async fn serve(
    settings: Settings,
    reload: Reload,
    bound: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let mut signals = Signals::listen()?;
    let server = Server::bind(&settings).await?;
    bound(server.local_addr());
    let (asked, asks) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            if asked.send(signals.next().await).await.is_err() {
                return;
            }
        }
    });
    let start = |opening: Opening| {
        let service = Arc::new(Service::open(settings, opening.life())?);
        opening.go_live(Arc::clone(&service));
        service.bring_up(|| opening.rehearse())
    };
    server.run(start, reload, asks).await
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

    /// The address that is listened on; with port 0 in the settings, the one the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers at once, starts the service meanwhile (`start` runs on a thread of its own), and does what `asks`
    /// say until the first [`Signal::Stop`], or until nobody can ask any more. Then /ready says no; after the
    /// grace nothing new is taken, and what was accepted is answered, for as long as the deadline allows.
    pub async fn run(
        self,
        start: impl FnOnce(Opening) -> Result<(), StartError> + Send + 'static,
        reload: Reload,
        mut asks: mpsc::Receiver<Signal>,
    ) -> Result<(), ServeError> {
        let app = self.app;
        let (stop, mut stopping) = watch::channel(());
        let routes = router(Arc::clone(&app), &self.cors);
        let opening = Opening {
            app: Arc::clone(&app),
            router: routes.clone(),
            address: self.address,
            handle: Handle::current(),
        };
        let mut http = pin!(listen::serve(self.listener, routes, self.bounds, async move {
            let _ = stopping.changed().await;
        }));
        tokio::spawn(dashboard::sample(Arc::downgrade(&app)));
        let mut life = pin!(live(Arc::clone(&app), move || start(opening)));
        let reload: Arc<Reload> = Arc::new(reload);
        loop {
            tokio::select! {
                ended = &mut http => return Ok(ended?),
                failed = &mut life => return failed,
                asked = asks.recv() => match asked {
                    Some(Signal::Reload) => drop(tokio::spawn(reloaded(Arc::clone(&app), Arc::clone(&reload)))),
                    Some(Signal::Stop) | None => break,
                }
            }
        }
        let forced = async {
            while let Some(asked) = asks.recv().await {
                if asked == Signal::Stop {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = drain(&app, stop, http) => ended,
            () = forced => Err(ServeError::Forced),
        }
    }
}

/// Says no to whoever asks whether it is ready, lets what comes in for a moment, then ends what was accepted.
async fn drain(
    app: &App,
    stop: watch::Sender<()>,
    mut http: impl Future<Output = std::io::Result<()>> + Unpin,
) -> Result<(), ServeError> {
    app.drain();
    drop(app.rehearsal.lock().await);
    let (grace, deadline) = (app.limits.shutdown_grace(), app.limits.shutdown_deadline());
    tracing::info!(grace_ms = grace.as_millis(), "shutting down: not ready any more");
    if let Ok(ended) = tokio::time::timeout(grace, &mut http).await {
        return Ok(ended?);
    }
    drop(stop);
    if let Ok(ended) = tokio::time::timeout(deadline, http).await {
        ended?;
        tracing::info!("shut down: everything that was accepted is answered");
    } else {
        tracing::warn!("shut down: some connections did not end in time and were closed");
    }
    Ok(())
}

/// Starts the service off the async threads; returns only if it could not start.
async fn live(
    app: Arc<App>,
    start: impl FnOnce() -> Result<(), StartError> + Send + 'static,
) -> Result<(), ServeError> {
    let started = tokio::task::spawn_blocking(start);
    started.await.map_err(|_| ServeError::Panicked)??;
    let health = app.health();
    tracing::info!(
        status = %health.status,
        profile = health.profile,
        models = health.models_loaded,
        warmup_ms = health.warmup.total_warmup_time_ms,
        cold_request_ms = health.warmup.cold_request_ms,
        first_request_ms = health.warmup.first_request_ms,
        steady_ms = health.warmup.steady_ms,
        "ready"
    );
    if let Ok(service) = app.service() {
        tokio::join!(recover(Arc::downgrade(service)), relearn(Arc::downgrade(service)));
    }
    std::future::pending().await
}

/// How often what staff said is weighed anew: it fades with time, and other programs may change what is stored.
const RELEARN: Duration = Duration::from_secs(600);

async fn relearn(service: Weak<Service>) {
    loop {
        tokio::time::sleep(RELEARN).await;
        let Some(service) = service.upgrade() else { return };
        let weighed = tokio::task::spawn_blocking(move || service.relearn()).await;
        if let Ok(Err(error)) = weighed {
            tracing::warn!(%error, "what staff said could not be weighed anew; the cuts stay");
        }
    }
}

/// The longest pause between two attempts to load what is missing.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Tries again to load what is missing, with longer and longer pauses, until nothing is.
async fn recover(service: Weak<Service>) {
    let Some(mut pause) = service.upgrade().map(|s| Duration::from_secs(s.settings().models.retry_seconds))
    else {
        return;
    };
    if pause.is_zero() {
        return;
    }
    while service.upgrade().is_some_and(|s| !s.is_whole()) {
        tracing::warn!(seconds = pause.as_secs(), "degraded; the models will be loaded again");
        tokio::time::sleep(pause).await;
        let Some(again) = service.upgrade() else { return };
        if again.health().progress.phase == Phase::Draining {
            return;
        }
        let tried = tokio::task::spawn_blocking(move || again.retry()).await;
        if tried.is_err() {
            tracing::error!("loading the models panicked");
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Takes over the configuration as it is now; on any error everything stays as it was.
async fn reloaded(app: Arc<App>, reload: Arc<Reload>) {
    let work = move || {
        let Ok(service) = app.service() else {
            tracing::warn!("nothing was reloaded: the service is still starting");
            return;
        };
        // Keys are looked at first and exchanged last: they cannot fail then, and either all is new or nothing.
        let keys = &app.door.keys;
        let exchange = || {
            let settings = reload()?;
            let new = keys.read()?;
            let restart = service.reload(&settings)?;
            keys.replace(new);
            // Whoever looks on comes back with a key, if it is still one.
            app.live.end(Why::Keys);
            if let Err(error) = service.relearn() {
                tracing::warn!(%error, "what staff said could not be weighed anew; the cuts stay");
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(restart)
        };
        let exchanged = exchange();
        service.telemetry().emit(&Reloaded { ok: exchanged.is_ok() });
        match exchanged {
            Ok(restart) if restart.is_empty() => tracing::info!("the configuration was reloaded"),
            Ok(restart) => tracing::warn!(
                keys = restart.join(", "),
                "the configuration was reloaded; changes of these keys need a restart"
            ),
            Err(error) => {
                tracing::error!(%error, "nothing was reloaded, the configuration before stays in force");
            }
        }
    };
    if tokio::task::spawn_blocking(work).await.is_err() {
        tracing::error!("reloading panicked; the configuration before stays in force");
    }
}
