//! A progress bar on standard error; invisible where nobody could see it move.

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
