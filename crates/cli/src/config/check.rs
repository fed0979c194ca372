//! `config check`: whether the service would start with a configuration, and what it changes.

use std::path::Path;

use anyhow::Result;
use ash_runtime::{Configuration, Explanation, Overrides, SettingsError};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::setup;
use crate::terminal::{FAINT, STRONG, styled};

/// Loads all layers; what to print, and whether they are good. Faults are an error, but for programs a report.
pub(super) fn report(global: &Global, file: Option<&Path>, json: bool) -> Result<(String, Outcome)> {
    let file = file.or(global.config.as_deref());
    let name = file.map_or_else(|| "the built-in defaults".to_owned(), |file| file.display().to_string());
    let loaded = setup::configuration_of(global, file, Overrides::default());
    if !json {
        return Ok((told(&name, &loaded?), Outcome::Done));
    }
    let (report, outcome) = match &loaded {
        Ok(configuration) => (good(&name, &configuration.differing()), Outcome::Done),
        Err(error) => (bad(&name, error), Outcome::Unusable),
    };
    Ok((format!("{report:#}\n"), outcome))
}

fn told(name: &str, configuration: &Configuration) -> String {
    let differing = configuration.differing();
    let count = match differing.len() {
        0 => "every setting is the default".to_owned(),
        1 => "1 setting differs from the default".to_owned(),
        n => format!("{n} settings differ from the default"),
    };
    let first = format!("{} {name}, {count}\n", styled(STRONG, "ok:"));
    differing.iter().fold(first, |text, said| text + &line(said))
}

fn line(said: &Explanation) -> String {
    let value = said.value.as_ref().map_or_else(|| "not set".to_owned(), ToString::to_string);
    let origin = said.origin.as_ref().map_or_else(String::new, |origin| format!("  ({origin})"));
    format!("  {} = {value}{}\n", said.key, styled(FAINT, origin))
}

fn good(name: &str, differing: &[Explanation]) -> serde_json::Value {
    let keys: Vec<_> = differing
        .iter()
        .map(|said| {
            json!({ "key": said.key, "value": said.value, "default": said.default, "origin": said.origin })
        })
        .collect();
    json!({ "ok": true, "file": name, "differing": keys })
}

fn bad(name: &str, error: &anyhow::Error) -> serde_json::Value {
    let faults = error.downcast_ref::<SettingsError>().map_or(&[][..], SettingsError::faults);
    json!({ "ok": false, "file": name, "error": error.to_string(), "faults": faults })
}
