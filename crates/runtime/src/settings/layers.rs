//! The layers of a configuration, one lying over the other, and the values that come out of them.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::Env;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Provider};
use serde::Serialize;
use toml::de::DeTable;

use super::place::{line_at, line_of_key, variable_in_force};
use super::{DEFAULT_TOML, Fault, Overrides, Profile, SettingOrigin, Settings, SettingsError};

/// All layers, the lowest first.
#[derive(Debug, Clone)]
pub(super) struct Layers(Vec<Layer>);

#[derive(Debug, Clone)]
struct Layer {
    source: Source,
    values: Dict,
}

#[derive(Debug, Clone)]
enum Source {
    Default,
    Profile(Profile),
    File { path: PathBuf, text: String },
    Environment,
    CommandLine,
}

/// Why the layers do not make settings: the key, and what speaks against it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) key: Vec<String>,
    pub(super) why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    /// serde's reason.
    Shape(Kind),
    /// A range or rule of the section.
    Range { value: String, allowed: String },
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("layer")
    }

    fn data(&self) -> figment::Result<Map<figment::Profile, Dict>> {
        Ok(figment::Profile::Default.collect(self.values.clone()))
    }
}

impl Layers {
    /// Default, profile, file, environment, command line. The last three say which profile it is; one that
    /// does not exist is a fault that shows when the settings are made.
    ///
    /// Of the environment only names with a double underscore count (`ASH_SERVER__BIND`):
    /// orchestrators inject `ASH_PORT` and the like for a service that is called "ash".
    pub(super) fn read(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        let Overrides(flags) = overrides;
        let mut chosen = Vec::new();
        if let Some(path) = file {
            chosen.push(read_file(path)?);
        }
        let env = Env::prefixed("ASH_").filter(|key| key.as_str().contains("__")).split("__");
        for (source, data) in [(Source::Environment, env.data()), (Source::CommandLine, flags.data())] {
            let values = all(data.map_err(|error| not_data(&source, &error))?);
            chosen.push(Layer { source, values });
        }
        let default = Layers(vec![embedded(Source::Default, DEFAULT_TOML)?]);
        let with = |lower: &Layers| Layers(lower.0.iter().chain(&chosen).cloned().collect());
        let profile = with(&default).figment().extract_inner("models.profile");
        Ok(with(&Layers::of_profile(profile.unwrap_or(Profile::Compact))?))
    }

    /// What holds if nobody sets anything but the profile.
    pub(super) fn of_profile(profile: Profile) -> Result<Self, SettingsError> {
        let mut layers = vec![embedded(Source::Default, DEFAULT_TOML)?];
        if let Some(text) = profile.layer() {
            let mut layer = embedded(Source::Profile(profile), text)?;
            // The file says which profile it is for; that makes it nobody's default.
            remove(&mut layer.values, &["models", "profile"]);
            layers.push(layer);
        }
        Ok(Layers(layers))
    }

    /// The settings that come out, or the first reason why none do.
    pub(super) fn settings(&self) -> Result<Settings, Refusal> {
        let settings: Settings = self
            .figment()
            .extract()
            .map_err(|error| Refusal { key: error.path, why: Why::Shape(error.kind) })?;
        match settings.check() {
            Ok(()) => Ok(settings),
            Err(SettingsError::OutOfRange { key, value, allowed }) => {
                // A check may say more than the key: "cors.allowed_origins: their number".
                let dotted = key.split_once(':').map_or(key.as_str(), |(key, _)| key);
                Err(Refusal { key: parts(dotted), why: Why::Range { value, allowed } })
            }
            Err(other) => Err(Refusal { key: Vec::new(), why: Why::Shape(Kind::Message(other.to_string())) }),
        }
    }

    /// The same with one more value over all of them.
    pub(super) fn with(mut self, key: &str, value: impl Serialize) -> Self {
        let values = Provider::data(&Overrides::default().set(key, value).0).map(all).unwrap_or_default();
        self.0.push(Layer { source: Source::CommandLine, values });
        self
    }

    /// Where the value of `key` in force was set; of an element of a list, where the list was.
    pub(super) fn origin(&self, key: &[&str]) -> Option<SettingOrigin> {
        self.0.iter().rev().find(|layer| value_at(&layer.values, key).is_some()).map(|layer| {
            match &layer.source {
                Source::Default => SettingOrigin::Default,
                Source::Profile(profile) => SettingOrigin::Profile { profile: *profile },
                Source::File { path, text } => {
                    SettingOrigin::File { path: path.clone(), line: line_of_key(text, key) }
                }
                Source::Environment => SettingOrigin::Variable { name: variable_of(&layer.values, key) },
                Source::CommandLine => SettingOrigin::CommandLine,
            }
        })
    }

    /// The value of `key` in force.
    pub(super) fn value(&self, key: &[&str]) -> Option<&Value> {
        self.0.iter().rev().find_map(|layer| value_at(&layer.values, key))
    }

    /// Takes the value in force of `key` out, so that what lies below shows; false if there is none that
    /// somebody has set.
    pub(super) fn set_aside(&mut self, key: &[&str]) -> bool {
        let set = |layer: &&mut Layer| !matches!(layer.source, Source::Default | Source::Profile(_));
        let mut layers = self.0.iter_mut().rev().filter(set);
        layers.any(|layer| remove(&mut layer.values, key))
    }

    fn figment(&self) -> Figment {
        self.0.iter().fold(Figment::new(), |below, layer| below.merge(layer))
    }
}

/// A dotted key in parts.
pub(super) fn parts(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

fn embedded(source: Source, text: &str) -> Result<Layer, SettingsError> {
    let values = values_of(text).map_err(|problem| {
        SettingsError::Faulty(vec![Fault {
            key: None,
            origin: Some(SettingOrigin::Default),
            problem,
            suggestion: None,
        }])
    })?;
    Ok(Layer { source, values })
}

/// Read here, not by figment, which takes a missing file for an empty one and keeps no lines.
fn read_file(path: &Path) -> Result<Layer, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    let faults: Vec<Fault> = DeTable::parse_recoverable(&text)
        .1
        .into_iter()
        .map(|error| {
            fault_of_file(path, error.span().map(|span| line_at(&text, span.start)), error.message())
        })
        .collect();
    if !faults.is_empty() {
        return Err(SettingsError::Faulty(faults));
    }
    let values = values_of(&text)
        .map_err(|problem| SettingsError::Faulty(vec![fault_of_file(path, None, &problem)]))?;
    Ok(Layer { source: Source::File { path: path.to_owned(), text }, values })
}

fn fault_of_file(path: &Path, line: Option<usize>, why: &str) -> Fault {
    let origin = SettingOrigin::File { path: path.to_owned(), line };
    Fault { key: None, origin: Some(origin), problem: format!("this is no TOML: {why}"), suggestion: None }
}

fn values_of(text: &str) -> Result<Dict, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let value = Value::serialize(table).map_err(|error| error.to_string())?;
    Ok(value.into_dict().unwrap_or_default())
}

fn not_data(source: &Source, error: &figment::Error) -> SettingsError {
    let origin = match source {
        Source::CommandLine => Some(SettingOrigin::CommandLine),
        _ => None,
    };
    let problem = error.kind.to_string();
    SettingsError::Faulty(vec![Fault { key: None, origin, problem, suggestion: None }])
}

/// The values of all of figment's profiles: single values are put into one that is called "global".
fn all(data: Map<figment::Profile, Dict>) -> Dict {
    data.into_values().flatten().collect()
}

/// The value of `key`; of an element of a list, the list.
fn value_at<'a>(values: &'a Dict, key: &[&str]) -> Option<&'a Value> {
    let (first, rest) = key.split_first()?;
    match (values.get(*first)?, rest) {
        (value, []) | (value @ Value::Array(..), _) => Some(value),
        (Value::Dict(_, inner), rest) => value_at(inner, rest),
        _ => None,
    }
}

fn remove(values: &mut Dict, key: &[&str]) -> bool {
    match key {
        [] => false,
        [last] => values.remove(*last).is_some(),
        [first, rest @ ..] => match values.get_mut(*first) {
            Some(Value::Dict(_, inner)) => remove(inner, rest),
            Some(Value::Array(..)) => values.remove(*first).is_some(),
            _ => false,
        },
    }
}

/// The variable of `key`, or if it names a table, of the first key in it.
fn variable_of(values: &Dict, key: &[&str]) -> String {
    let mut dotted = key.join(".");
    if let Some(name) = variable_in_force(&dotted) {
        return name;
    }
    let mut value = value_at(values, key);
    while let Some(Value::Dict(_, inner)) = value {
        let Some((name, below)) = inner.iter().next() else { break };
        dotted = format!("{dotted}.{name}");
        value = Some(below);
    }
    variable_in_force(&dotted).unwrap_or_else(|| super::variable(&dotted))
}
