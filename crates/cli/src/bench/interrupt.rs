//! What a measurement does when it is asked to end: whatever it started is stopped first.
//!
//! A signal that nobody waits for ends this process at once, and no value in it is dropped: a server that was started for the
//! measurement would run on, unknown to anybody. Here the measurement is given up instead, and all that it holds with it.

use anyhow::Result;

/// Why a measurement gave no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the measurement was ended by {0}; what was started for it is stopped")]
pub(crate) struct Interrupted(&'static str);

/// What `measure` gives, or [`Interrupted`] if a signal comes before it. From the first call on, the signals that are waited
/// for here end this process no more.
pub(crate) async fn unless_interrupted<T>(measure: impl Future<Output = Result<T>>) -> Result<T> {
    let signal = signal()?;
    tokio::select! {
        biased;
        name = signal => Err(Interrupted(name).into()),
        measured = measure => measured,
    }
}

/// Ends this process at the next of those signals: when nothing runs any more that would have to be stopped first.
pub(crate) fn ends_from_now_on() {
    let wait = || -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let _inside = runtime.enter();
        let signal = signal()?;
        eprintln!("ended by {}", runtime.block_on(signal));
        std::process::exit(2)
    };
    // Without it such a signal is not heeded for what little is left to do.
    std::thread::spawn(wait);
}

/// The name of the first that comes; they are caught from now on, not from the first poll. Those that this process was told to
/// ignore (`nohup`) it ignores.
#[cfg(unix)]
fn signal() -> Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let caught = |kind: SignalKind| -> Result<_> {
        let signal = if ignores(&status, kind.as_raw_value()) { None } else { Some(signal(kind)?) };
        Ok(async move {
            match signal {
                Some(mut signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        })
    };
    let terminate = caught(SignalKind::terminate())?;
    let interrupt = caught(SignalKind::interrupt())?;
    let hang_up = caught(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate => "SIGTERM",
            _ = interrupt => "SIGINT",
            _ = hang_up => "SIGHUP",
        }
    })
}

/// Whether a process with that /proc/PID/status ignores a signal; where there is no such file, none does.
#[cfg(unix)]
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    (1..=64).contains(&signal) && mask & (1 << (signal - 1)) != 0
}

/// If it cannot be waited for, nothing ever comes.
#[cfg(not(unix))]
fn signal() -> Result<impl Future<Output = &'static str>> {
    Ok(async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignores_is_ignored() {
        let status = "Name:\tash-nlp\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert_eq!([1, 2, 13, 15].map(|signal| ignores(status, signal)), [true, false, true, false]);
        assert!(!ignores("", 1) && !ignores(status, 0));
    }

    #[tokio::test]
    async fn what_was_measured_is_given_on() {
        assert_eq!(unless_interrupted(async { Ok(5) }).await.ok(), Some(5));
    }
}
