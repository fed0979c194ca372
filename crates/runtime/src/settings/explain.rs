//! What can be said about a key: what it means, what it may be, what it is, where that comes from, what sets it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::allowed::{Allowed, allowed};
use super::documented::documented;
use super::hidden::{HIDDEN, is_hidden};
use super::layers::Layers;
use super::load::settle;
use super::nearest::nearest;
use super::{Configuration, Profile, SettingOrigin, Settings, reloadable, variable};

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
    /// Its value in force, `"(hidden)"` if it is or leads to a secret; none if it is not set.
    pub value: Option<toml::Value>,
    /// Where that comes from; none if it is not set.
    pub origin: Option<SettingOrigin>,
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
        let values = Values::of(self);
        values.names().into_iter().map(|name| self.explanation(name, &values)).collect()
    }

    /// What is said about one key, or about every key of a section.
    pub fn explain(&self, key: &str) -> Result<Vec<Explanation>, UnknownKey> {
        let values = Values::of(self);
        let names = values.names();
        let found: Vec<Explanation> = names
            .iter()
            .filter(|name| {
                name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .map(|name| self.explanation(name, &values))
            .collect();
        if !found.is_empty() {
            return Ok(found);
        }
        // A table with names of the operator's own choice: a temperature of a model that has none yet.
        if documented().tables.iter().any(|table| table.name == key) || allowed(key).is_some() {
            return Ok(vec![self.explanation(key, &values)]);
        }
        Err(UnknownKey { key: key.to_owned(), nearest: meant(key, &names) })
    }

    /// The keys whose value is another than the default of the profile in force.
    pub fn differing(&self) -> Vec<Explanation> {
        let values = Values::of(self);
        let names = values.names().into_iter();
        let other = names.filter(|&name| values.now.get(name) != values.default.get(name));
        other.map(|name| self.explanation(name, &values)).collect()
    }

    fn explanation(&self, key: &str, values: &Values) -> Explanation {
        let hidden = is_hidden(&key.split('.').collect::<Vec<_>>());
        let shown = |value: &toml::Value| if hidden { HIDDEN.into() } else { value.clone() };
        Explanation {
            key: key.to_owned(),
            about: documented().about(key).to_vec(),
            allowed: allowed(key),
            default: values.default.get(key).map(shown),
            value: values.now.get(key).map(shown),
            origin: values.now.get(key).and_then(|_| self.origin(key)),
            variable: variable(key),
            reloadable: reloadable(key),
        }
    }
}

/// The values in force, and those if nobody sets anything but the profile, by dotted key.
struct Values {
    now: BTreeMap<String, toml::Value>,
    default: BTreeMap<String, toml::Value>,
}

impl Values {
    fn of(configuration: &Configuration) -> Self {
        let settings = configuration.settings();
        Values { now: flat(settings), default: defaults(settings.models.profile) }
    }

    /// The documented keys, then the others.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = documented().keys().collect();
        for name in self.now.keys().chain(self.default.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }
}

/// The values if nobody sets anything but the profile; the default of the profile itself stays compact.
pub(super) fn defaults(profile: Profile) -> BTreeMap<String, toml::Value> {
    let layers = Layers::of_profile(profile).ok();
    layers.and_then(|layers| settle(&layers).ok()).map(|settings| flat(&settings)).unwrap_or_default()
}

/// The values by dotted key. Written and read again: a 0.4 of 32 bits is 0.4 to whoever reads it.
fn flat(settings: &Settings) -> BTreeMap<String, toml::Value> {
    let text = toml::to_string(settings).unwrap_or_default();
    let mut values = BTreeMap::new();
    put(toml::from_str(&text).unwrap_or_default(), "", &mut values);
    values
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
fn meant(key: &str, names: &[&str]) -> Vec<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
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

#[cfg(test)]
#[expect(clippy::result_large_err, reason = "figment::Jail's signature")]
mod tests {
    use super::*;
    use crate::settings::Overrides;
    use figment::Jail;

    #[test]
    fn the_address_of_a_webhook_is_not_explained() {
        Jail::expect_with(|jail| {
            jail.create_file(
                "ash.toml",
                "[alerts.webhooks.a]\nkind = \"json\"\nurl_file = \"hunter2\"\nsigning_key_file = \"hunter3\"\n\
                 [alerts.webhooks.b]\nkind = \"json\"\nurl = \"https://hunter4.example/hunter5\"\n",
            )?;
            let loaded = Configuration::load(Some("ash.toml".as_ref()), Overrides::default()).unwrap();
            let shown =
                |key: &str| loaded.explain(key).unwrap().remove(0).value.map(|value| value.to_string());
            assert_eq!(shown("alerts.webhooks.a.kind").as_deref(), Some("\"json\""));
            for key in ["a.url_file", "a.signing_key_file", "b.url"] {
                let key = format!("alerts.webhooks.{key}");
                assert_eq!(shown(&key).as_deref(), Some("\"(hidden)\""), "{key}");
                assert!(loaded.differing().iter().any(|said| said.key == key && said.differs()), "{key}");
            }
            let all = [loaded.explanations(), loaded.explain("alerts").unwrap(), loaded.differing()];
            assert!(!format!("{all:?}").contains("hunter"), "{all:?}");
            Ok(())
        });
    }

    #[test]
    fn every_documented_key_exists_and_says_what_it_may_be() {
        Jail::expect_with(|_| {
            let loaded = Configuration::load(None, Overrides::default()).unwrap();
            let all = loaded.explanations();
            assert_eq!(
                all.len(),
                documented().keys().count(),
                "a default that config/ash.toml does not document"
            );
            for said in all {
                let allowed = said.allowed.as_ref().map(ToString::to_string).unwrap_or_default();
                assert!(!allowed.is_empty(), "{} is documented, but there is no such setting", said.key);
                assert!(!said.about.is_empty(), "config/ash.toml says nothing about {}", said.key);
                assert_eq!(said.default, said.value, "{}", said.key);
            }
            Ok(())
        });
    }

    #[test]
    fn what_a_key_may_be_is_asked_of_the_code() {
        for (key, words) in [
            ("queue.capacity_tokens", Some("a whole number, 512 to 16777216")),
            ("models.threads", Some("a whole number, 0 to 1024")),
            ("models.profile", Some("\"compact\" or \"zero-shot\"")),
            ("server.needs_response_from", Some("\"low\", \"medium\", \"high\" or \"critical\"")),
            ("patterns.enabled", Some("true or false")),
            ("patterns.path", Some("a path")),
            ("analysis.ensemble.temperatures.any", Some("a number, 0.05 to 20")),
            ("conversation.rapid_rise", Some("a number, sudden_rise to 1")),
            (
                "models.zero_shot.depression.revision",
                Some("a commit hash: 7 to 40 lower-case hexadecimal digits"),
            ),
            ("alerts.webhooks.team.from", Some("\"low\", \"medium\", \"high\" or \"critical\"")),
            ("alerts.webhooks.team.kind", Some("\"discord\", \"slack\" or \"json\"")),
            ("alerts.webhooks.team.include_text", Some("true or false")),
            ("alerts.webhooks.team.url_file", Some("the path of a file")),
            ("alerts.webhooks", None),
            ("server", None),
            ("server.port", None),
            ("nothing", None),
        ] {
            assert_eq!(allowed(key).map(|a| a.to_string()).as_deref(), words, "{key}");
        }
    }

    #[test]
    fn a_key_that_does_not_exist_leads_to_one_that_does() {
        Jail::expect_with(|_| {
            let loaded = Configuration::load(None, Overrides::default()).unwrap();
            for (key, nearest) in [
                ("queue.capcity_tokens", "queue.capacity_tokens"),
                ("capacity_tokens", "queue.capacity_tokens"),
                ("quue", "queue"),
                ("server.bnd", "server.bind"),
            ] {
                assert_eq!(loaded.explain(key).unwrap_err().nearest, [nearest], "{key}");
            }
            assert!(loaded.explain("").is_err());
            assert_eq!(loaded.explain("queue").unwrap()[0].key, "queue.capacity_tokens");
            assert_eq!(loaded.explain("analysis.ensemble.temperatures.depression").unwrap()[0].value, None);
            Ok(())
        });
    }
}
