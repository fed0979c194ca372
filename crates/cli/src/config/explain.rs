//! `config explain`: what can be said about a setting.

use std::fmt::Write;

use anyhow::Result;
use ash_runtime::{Explanation, Overrides};

use crate::args::Global;
use crate::setup;
use crate::terminal::{FAINT, STRONG, columns, hanging, styled};

/// Where values begin: behind their name.
const INDENT: usize = 12;

/// All settings a line each, or everything about those of `key`.
pub(super) fn text(global: &Global, key: Option<&str>, json: bool) -> Result<String> {
    let configuration = setup::configuration(global, Overrides::default())?;
    let said = match key {
        Some(key) => configuration.explain(key)?,
        None => configuration.explanations(),
    };
    if json {
        return Ok(format!("{:#}\n", serde_json::to_value(said)?));
    }
    let mut text = String::new();
    match key {
        Some(_) => {
            for (n, one) in said.iter().enumerate() {
                if n > 0 {
                    text.push('\n');
                }
                whole(&mut text, one)?;
            }
        }
        None => {
            for one in &said {
                writeln!(text, "{} = {}{}", one.key, value(one), from(one))?;
            }
        }
    }
    Ok(text)
}

fn whole(text: &mut String, said: &Explanation) -> std::fmt::Result {
    writeln!(text, "{}", styled(STRONG, &said.key))?;
    let about = match columns() {
        // The lines of the file are longer than some terminals.
        Some(columns) => vec![hanging(&said.about.join(" "), 2, Some(columns))],
        None => said.about.clone(),
    };
    for line in about.iter().filter(|_| !said.about.is_empty()) {
        writeln!(text, "{}", format!("  {line}").trim_end())?;
    }
    let mut row = |name: &str, what: &str| {
        writeln!(text, "  {} {}", styled(FAINT, format!("{name:<9}")), hanging(what, INDENT, columns()))
    };
    if let Some(allowed) = &said.allowed {
        row("allowed", &allowed.to_string())?;
        row("default", &said.default.as_ref().map_or_else(|| "not set".to_owned(), ToString::to_string))?;
        row("now", &format!("{}{}", value(said), from(said)))?;
    }
    row("variable", &said.variable)?;
    row("a change", if said.reloadable { "is taken up by SIGHUP" } else { "needs a restart" })
}

fn value(said: &Explanation) -> String {
    said.value.as_ref().map_or_else(|| "not set".to_owned(), ToString::to_string)
}

fn from(said: &Explanation) -> String {
    said.origin.as_ref().map_or_else(String::new, |origin| styled(FAINT, format!("  ({origin})")))
}
