//! What can be said about a key: what it means, what it may be, what it is, where that comes from, what sets it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::allowed::{Allowed, allowed};
use super::documented::documented;
use super::layers::Layers;
use super::load::settle;
use super::nearest::nearest;
use super::{Configuration, Origin, Profile, Settings, reloadable, variable};

/// What can be said about a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The dotted key.
    pub key: String,
    /// The comment of config/ash.toml, line by line.
    pub about: Vec<String>,
    /// What it may be, in words.
    pub allowed: Option<Allowed>,
    /// Its value if nobody sets it (of the profile in force); none if it is absent then.
    pub default: Option<toml::Value>,
    /// Its value in force; none if it is not set.
    pub value: Option<toml::Value>,
    /// Where that comes from; none if it is not set.
    pub origin: Option<Origin>,
    /// The variable of the environment that sets it.
    pub variable: String,
    /// Whether SIGHUP takes it up; if not, it takes a restart.
    pub reloadable: bool,
}

impl Explanation {
    /// Whether its value is another than the default.
    pub fn differs(&self) -> bool {
        self.value != self.default
    }
}

/// There is no such key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no setting {key:?}{}", hint(.nearest))]
pub struct UnknownKey {
    /// What was asked for.
    pub key: String,
    /// Keys and sections that were probably meant, the likeliest first.
    pub nearest: Vec<String>,
}

fn hint(nearest: &[String]) -> String {
    match nearest {
        [] => "; `ash-nlp config explain` lists all".to_owned(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}

impl Configuration {
    /// Every key: those of config/ash.toml in its order, then what else is set.
    pub fn explanations(&self) -> Vec<Explanation> {
        let values = flat(self.settings());
        let defaults = self.defaults();
        let mut names: Vec<&str> = documented().keys().collect();
        for name in values.keys().chain(defaults.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names.into_iter().map(|name| self.explanation(name, &values, &defaults)).collect()
    }

    /// What is said about one key, or about every key of a section.
    pub fn explain(&self, key: &str) -> Result<Vec<Explanation>, UnknownKey> {
        let all = self.explanations();
        let inside =
            |name: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let found: Vec<Explanation> = all.iter().filter(|said| inside(&said.key)).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // A table with names of the operator's own choice: a temperature of a model that has none yet.
        if documented().tables.iter().any(|table| table.name == key) || allowed(key).is_some() {
            return Ok(vec![self.explanation(key, &BTreeMap::new(), &BTreeMap::new())]);
        }
        Err(UnknownKey { key: key.to_owned(), nearest: meant(key, &all) })
    }

    /// The keys whose value is another than the default of the profile in force.
    pub fn differing(&self) -> Vec<Explanation> {
        self.explanations().into_iter().filter(Explanation::differs).collect()
    }

    fn explanation(
        &self,
        key: &str,
        values: &BTreeMap<String, toml::Value>,
        defaults: &BTreeMap<String, toml::Value>,
    ) -> Explanation {
        Explanation {
            key: key.to_owned(),
            about: documented().about(key).to_vec(),
            allowed: allowed(key),
            default: defaults.get(key).cloned(),
            value: values.get(key).cloned(),
            origin: values.get(key).and_then(|_| self.origin(key)),
            variable: variable(key),
            reloadable: reloadable(key),
        }
    }

    /// The values if nobody sets anything but the profile; its own default is that of config/ash.toml.
    fn defaults(&self) -> BTreeMap<String, toml::Value> {
        let layers = Layers::of_profile(self.settings().models.profile).ok();
        layers.and_then(|layers| settle(&layers).ok()).map(|settings| flat(&settings)).unwrap_or_default()
    }
}

/// The values by dotted key. Written and read again: a 0.4 of 32 bits is 0.4 to whoever reads it.
pub(super) fn flat(settings: &Settings) -> BTreeMap<String, toml::Value> {
    let text = toml::to_string(settings).unwrap_or_default();
    let mut values = BTreeMap::new();
    put(toml::from_str(&text).unwrap_or_default(), "", &mut values);
    values
}

/// The values of the profile compact if nobody sets anything.
pub(super) fn flat_default() -> BTreeMap<String, toml::Value> {
    let layers = Layers::of_profile(Profile::Compact).ok();
    layers.and_then(|layers| settle(&layers).ok()).map(|settings| flat(&settings)).unwrap_or_default()
}

fn put(table: toml::Table, prefix: &str, values: &mut BTreeMap<String, toml::Value>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match value {
            toml::Value::Table(inner) => put(inner, &format!("{key}."), values),
            value => drop(values.insert(key, value)),
        }
    }
}

/// At most three: keys of the same last name, the nearest key, the nearest last name.
fn meant(key: &str, all: &[Explanation]) -> Vec<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let names: Vec<&str> = all.iter().map(|said| said.key.as_str()).collect();
    let tables = documented().tables.iter().map(|table| table.name.as_str());
    let mut found: Vec<String> =
        names.iter().filter(|name| last(name) == last(key)).map(|&n| n.to_owned()).collect();
    let near = nearest(key, names.iter().copied().chain(tables)).map(str::to_owned);
    found.extend(near.filter(|near| !found.contains(near)));
    if found.is_empty() {
        let lasts: Vec<String> = names.iter().map(|name| last(name)).collect();
        let near = nearest(&last(key), lasts.iter().map(String::as_str)).map(str::to_owned);
        found.extend(names.iter().filter(|name| Some(last(name)) == near).map(|&n| n.to_owned()));
    }
    found.truncate(3);
    found
}
