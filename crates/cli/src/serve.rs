//! `ash-nlp serve`: the HTTP service, until it is asked to stop.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anstream::eprintln;
use anyhow::{Context, Result};
use ash_runtime::{LogFormat, Overrides, Profile, Settings};
use ash_server::{Reload, ServeError, init_log, serve, timestamp};
use serde_json::{Value, json};

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::{ALARM, FAINT, STRONG, styled};
use crate::told_once;

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Address to listen on [default: server.bind of the configuration, 127.0.0.1:8881]
    ///
    /// Port 0 lets the system choose one. Anything but a loopback address lets other machines in.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    bind: Option<SocketAddr>,
    /// Listen where other machines reach it although there are no API keys (`auth.allow_anonymous`)
    ///
    /// Then everybody may have messages judged, and nobody may change anything.
    #[arg(long)]
    allow_anonymous: bool,
}

/// An address to listen on; a name is none, for it could be several.
fn address(written: &str) -> Result<SocketAddr, String> {
    let hint = match (written.parse::<u16>(), written.parse::<IpAddr>()) {
        (Ok(port), _) => format!("127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} for all"),
        (_, Ok(IpAddr::V6(address))) => format!("[{address}]:8881"),
        (_, Ok(IpAddr::V4(address))) => format!("{address}:8881"),
        _ => "127.0.0.1:8881; ports go from 0 to 65535".to_owned(),
    };
    written.parse().map_err(|_| format!("an address and a port are needed, such as {hint}"))
}

/// How long threads that still do something are waited for at the end: longer than the last moment of alerts.
const LAST_THREADS: Duration = Duration::from_secs(2);

const EXAMPLES: &str = "\
Examples:
  ash-nlp serve
  ash-nlp --config ash.toml serve --bind 0.0.0.0:8881      see `ash-nlp keys`
  ash-nlp --profile zero-shot --labels compact serve

Then, from another terminal:
  curl -s localhost:8881/analyze -d '{\"message\": \"i just feel so empty lately\"}'
  curl -s localhost:8881/health

Ctrl-C or SIGTERM stops it: what was accepted is answered first.";

/// Serves until a signal; the log and everything said to the operator go to standard error, and with
/// `log.format = "json"` all of it is JSON.
pub(crate) fn run(global: &Global, args: &Args) -> Result<Outcome> {
    let mut overrides = Overrides::default();
    if let Some(bind) = args.bind {
        overrides = overrides.set("server.bind", bind);
    }
    if args.allow_anonymous {
        overrides = overrides.set("auth.allow_anonymous", true);
    }
    let settings = setup::settings(global, overrides.clone())?;
    let reload: Reload = {
        let global = global.clone();
        Box::new(move || Ok(setup::settings(&global, overrides.clone())?))
    };
    init_log(settings.log);
    let (models, format) = (models(&settings), settings.log.format);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads that serve")?;
    #[cfg(feature = "otlp")]
    let traces = export_traces(&runtime)?;
    let greet = |address| match format {
        LogFormat::Human => greet(address, &models),
        LogFormat::Json => {
            say("INFO", "listening", json!({"address": format!("http://{address}"), "models": models}));
        }
    };
    let served = runtime.block_on(serve(settings, reload, greet));
    #[cfg(feature = "otlp")]
    if let Some(traces) = traces
        && !matches!(served, Err(ServeError::Forced))
    {
        runtime.block_on(traces.flush());
    }
    let forced = matches!(served, Err(ServeError::Forced));
    if !forced {
        // What was accepted has been answered. A start that still reads models is not waited for.
        runtime.shutdown_timeout(LAST_THREADS);
    }
    let Err(error) = served else { return Ok(Outcome::Done) };
    let why = told_once(&error.into());
    match format {
        LogFormat::Human => eprintln!("{} {why}", styled(ALARM, "error:")),
        LogFormat::Json => say("ERROR", "the service ended", json!({"error": why})),
    }
    if forced {
        // Whoever asks twice does not want to wait for what threads still do.
        std::process::exit(1)
    }
    Ok(Outcome::Unusable)
}

/// A line in the shape of the log's own. Not an event of the log, for where the service listens and why it ended is
/// said at every `log.level`, as it is to people.
fn say(level: &str, message: &str, mut fields: Value) {
    let mut line = json!({"timestamp": timestamp(), "level": level, "message": message});
    if let (Some(line), Some(fields)) = (line.as_object_mut(), fields.as_object_mut()) {
        line.append(fields);
    }
    eprintln!("{line}");
}

/// Sends traces to the collector that OpenTelemetry's own variable names, if it names one.
#[cfg(feature = "otlp")]
fn export_traces(runtime: &tokio::runtime::Runtime) -> Result<Option<ash_server::Traces>> {
    const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    let Some(endpoint) = std::env::var(VARIABLE).ok().filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let _inside = runtime.enter();
    ash_server::export_traces(&endpoint).map(Some).context(VARIABLE)
}

/// The models are not loaded yet when this is said; the log says when they are ready.
fn models(settings: &Settings) -> String {
    let models = &settings.models;
    let source = match (models.profile, &models.path) {
        (Profile::Compact, None) => "built in".to_owned(),
        (Profile::Compact, Some(path)) => format!("from {}", path.display()),
        (Profile::ZeroShot, _) => {
            let zero_shot = &models.zero_shot;
            format!("zero-shot from {}, labels {}", zero_shot.directory.display(), zero_shot.label_set)
        }
    };
    format!("{source}, {}", models.precision)
}

fn greet(address: SocketAddr, models: &str) {
    let name = |name: &str| styled(FAINT, format!("{name:<7}"));
    eprintln!("{} on {}", styled(STRONG, "ash-nlp"), styled(STRONG, format!("http://{address}")));
    eprintln!("  {} {models}", name("models"));
    eprintln!(
        "  {} curl -s {address}/analyze -d '{{\"message\": \"i just feel so empty lately\"}}'",
        name("try it")
    );
    eprintln!("  {} Ctrl-C", name("stop"));
}
