//! Bytes that come or go, as a bar on standard error; invisible where nobody could see it move.

use std::cell::RefCell;

use ash_models::Watch;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar for bytes.
pub(crate) fn bytes_bar(total: u64, what: String) -> ProgressBar {
    let template = "  {msg} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    // The template is fixed; were it wrong, the default bar would do.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(total);
    bar.set_style(style.progress_chars("█▌░"));
    bar.set_message(what);
    bar
}

/// A bar a file.
#[derive(Default)]
pub(crate) struct Bars(RefCell<Option<ProgressBar>>);

impl Watch for Bars {
    fn file(&self, name: &str, done: u64, total: Option<u64>) {
        self.finished();
        let bar = bytes_bar(total.unwrap_or(0), name.to_owned());
        bar.set_position(done);
        bar.reset_eta();
        self.0.replace(Some(bar));
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = &*self.0.borrow() {
            bar.inc(bytes);
        }
    }

    fn finished(&self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.finished();
    }
}
