//! The log: lines for people or JSON for machines, on standard error.

use std::io::{self, IsTerminal};

use ash_runtime::{LogFormat, LogLevel, LogSettings};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. Standard output stays free for answers.
///
/// Only the project's own events are shown at the level asked for: what libraries tell at `debug`
/// and below may show what passes through them.
pub fn init_log(settings: LogSettings) {
    let level = match settings.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let ours = ["ash_nlp", "ash_server", "ash_runtime", "ash_alerts"].map(|target| (target, level));
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_targets(ours);
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lines = fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(colours);
    // An embedding program may have its own subscriber; then its own it is.
    let _ = match settings.format {
        LogFormat::Human => tracing_subscriber::registry().with(lines.with_filter(filter)).try_init(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true);
            tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()
        }
    };
    quiet_panics();
}

/// Replaces the panic hook: a panic's own text may quote the message that caused it (slicing a
/// string does), so the log tells the place and nothing else.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
