//! A progress bar on standard error; invisible where nobody could see it move.

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `total` messages.
pub(crate) fn bar(total: usize, what: &'static str) -> ProgressBar {
    let template = "  {msg} {bar:32} {pos}/{len}  {per_sec}  {eta} left";
    // The template is fixed; were it wrong, the default bar would do.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total as u64);
    bar.set_style(style.progress_chars("█▌░"));
    bar.set_message(what);
    bar
}

/// A bar for `duration`, whose position is whole seconds.
pub(crate) fn clock(duration: Duration, what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let template = "  {msg} {bar:32} {pos} of {len} s";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(duration.as_secs());
    bar.set_style(style.progress_chars("█▌░"));
    bar.set_message(what);
    bar
}
