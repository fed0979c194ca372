//! `config show`: the effective settings.

use std::fmt::Write;

use anyhow::{Context, Result};
use ash_runtime::{Configuration, Overrides};
use serde_json::{Map, Value, json};

use crate::args::Global;
use crate::setup;

/// The settings as TOML or JSON, on wish with the origin of each.
pub(super) fn text(global: &Global, origin: bool, json: bool) -> Result<String> {
    let configuration = setup::configuration(global, Overrides::default())?;
    match (origin, json) {
        (false, false) => {
            toml::to_string_pretty(configuration.settings()).context("these settings have no TOML form")
        }
        (true, false) => with_origins(&configuration),
        (false, true) => Ok(format!("{:#}\n", plain_json(&configuration)?)),
        (true, true) => Ok(format!("{:#}\n", json_with_origins(&configuration))),
    }
}

/// The TOML of the settings; behind each key a comment that says where its value comes from.
fn with_origins(configuration: &Configuration) -> Result<String> {
    let plain = toml::to_string(configuration.settings()).context("these settings have no TOML form")?;
    let (mut text, mut table) = (String::new(), String::new());
    for line in plain.lines() {
        text.push_str(line);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut table);
        } else if let Some((key, _)) = line.split_once(" = ")
            && let Some(origin) = configuration.origin(&format!("{table}.{key}"))
        {
            write!(text, "  # {origin}")?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// By way of TOML, which writes a 0.4 of 32 bits as 0.4.
fn plain_json(configuration: &Configuration) -> Result<Value> {
    let text = toml::to_string(configuration.settings()).context("these settings have no TOML form")?;
    Ok(serde_json::to_value(toml::from_str::<toml::Table>(&text)?)?)
}

fn json_with_origins(configuration: &Configuration) -> Value {
    let set = configuration.explanations().into_iter().filter(|said| said.value.is_some());
    let keys: Map<String, Value> =
        set.map(|said| (said.key, json!({ "value": said.value, "origin": said.origin }))).collect();
    Value::Object(keys)
}
