//! The file that an import writes: what differs from the defaults, and the old names beside it.

use std::fmt::Write;

use super::plan::{Plan, Said};
use crate::terminal::one_line;

/// The text of the file. Comments are the only place where an old value stands as it was.
pub(super) fn toml(source: &str, plan: &Plan) -> String {
    let mut text = format!(
        "# Ash-NLP. Made by `ash-nlp config import` from {}: what differs from the defaults, and why.\n\
         # `ash-nlp config default` shows every setting with its meaning.\n",
        one_line(source, 60),
    );
    if plan.taken.is_empty() {
        text.push_str("#\n# Nothing does.\n");
    }
    let mut table = "";
    for said in &plan.taken {
        let (of, key) = said.key.rsplit_once('.').unwrap_or(("", said.key));
        if of != table {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[{of}]\n");
            table = of;
        }
        let _ = write!(text, "# was {}\n{key} = {}\n", old(said), said.value);
    }
    text
}

/// `NAME = value`, for every name that says it.
pub(super) fn old(said: &Said) -> String {
    let names: Vec<String> =
        said.by.iter().map(|old| format!("{} = {}", old.name, one_line(&old.value, 60))).collect();
    names.join(", ")
}
