//! How a run ended, as a script sees it.

use std::process::ExitCode;

/// The exit codes; `--help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// All done.
    Done,
    /// Some messages could not be judged (label sets: do not keep the rules), the others were.
    SomeFailed,
    /// Nothing was done: wrong usage (clap exits with the same code), configuration, file or models.
    Unusable,
    /// A message reached the level of `--fail-at`. Wins over [`Outcome::SomeFailed`]: the script asked
    /// for exactly this.
    Reached,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(outcome as u8)
    }
}

/// Whoever read our output has seen enough (`ash-nlp analyze - | head`): no error worth a word.
pub(crate) fn reader_left(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
