//! What becomes of each variable of a file.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use ash_runtime::{Configuration, LabelSets, Overrides, SettingsError};
use toml::Value;

use super::convert::Reading;
use super::envfile::{EnvFile, Remark, Variable};
use super::mapping::{Absent, Mapped, SETTINGS, absent_by, mapped_by};
use super::secrets;

/// A variable by name, with its value, as it stood in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Old {
    pub(super) name: String,
    pub(super) value: String,
}

impl Old {
    fn of(variable: &Variable) -> Self {
        Old { name: variable.name.clone(), value: variable.value.clone() }
    }
}

/// A setting and the variables that say it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) key: &'static str,
    pub(super) value: Value,
    pub(super) by: Vec<Old>,
}

/// A variable that means a setting, but not with this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) old: Old,
    pub(super) key: &'static str,
    pub(super) line: usize,
    pub(super) why: String,
}

/// What becomes of a file.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Settings other than the default, in the order of config/ash.toml.
    pub(super) taken: Vec<Said>,
    /// Settings that are the default anyway.
    pub(super) same: Vec<Said>,
    pub(super) refused: Vec<Refused>,
    /// Names without an equivalent, by the reason.
    pub(super) absent: Vec<(&'static Absent, Vec<String>)>,
    /// Names of secrets, and what to do about each.
    pub(super) secrets: Vec<(String, &'static str)>,
    /// Names that look like the old service's, but are not known.
    pub(super) unknown: Vec<String>,
    /// Names of something else that may be shown.
    pub(super) foreign: Vec<String>,
    /// How many names of something else may not.
    pub(super) unnamed: usize,
    pub(super) remarks: Vec<Remark>,
    /// What to see to before the first start.
    pub(super) notes: Vec<String>,
}

/// What cannot be decided.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// The environment of this process holds a bad setting.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// None of the names is one of the old service's.
    #[error("none of its {0} variables is one of the old service's")]
    NotOfTheOldService(usize),
}

/// A value that was read, and by which row.
struct Candidate<'a> {
    row: &'static Mapped,
    variable: &'a Variable,
    value: Value,
}

impl Plan {
    /// Decides about each variable of `file`.
    pub(super) fn of(file: EnvFile) -> Result<Self, PlanError> {
        let defaults = Configuration::load(None, Overrides::default())?;
        let mut plan = Plan::default();
        let mut candidates = Vec::new();
        for variable in &file.variables {
            plan.sort(variable, &mut candidates, &defaults);
        }
        let ours = file.variables.len() - plan.foreign.len() - plan.unnamed;
        if ours == 0 {
            return Err(PlanError::NotOfTheOldService(file.variables.len()));
        }
        let named_host = candidates.iter().any(|one| one.row.reading == Reading::Host);
        let named_port = candidates.iter().any(|one| one.row.reading == Reading::Port);
        for (key, candidates) in plan.by_key(candidates) {
            plan.settle(key, &candidates, &defaults);
        }
        let order: BTreeMap<String, usize> =
            defaults.explanations().into_iter().zip(0..).map(|(said, n)| (said.key, n)).collect();
        plan.taken.sort_by_key(|said| order.get(said.key).copied());
        plan.same.sort_by_key(|said| order.get(said.key).copied());
        plan.refused.sort_by_key(|one| one.line);
        plan.remarks = file.remarks;
        let newest = file.variables.iter().any(|variable| variable.name.starts_with("NLP_API_"));
        plan.note(named_host, named_port, newest);
        Ok(plan)
    }

    fn sort<'a>(
        &mut self,
        variable: &'a Variable,
        candidates: &mut Vec<Candidate<'a>>,
        defaults: &Configuration,
    ) {
        let name = variable.name.as_str();
        if !secrets::is_name_shown(name) {
            self.unnamed += 1;
            return;
        }
        if let Some(advice) = secrets::advice(name, &variable.value) {
            self.secrets.push((name.to_owned(), advice));
            return;
        }
        let mut rows = mapped_by(name).peekable();
        if rows.peek().is_some() {
            for row in rows {
                match read(row, variable) {
                    Ok(Some(value)) => candidates.push(Candidate { row, variable, value }),
                    Ok(None) => self.same.extend(default(row.key, defaults).map(|value| Said {
                        key: row.key,
                        value,
                        by: vec![Old::of(variable)],
                    })),
                    Err(why) => self.refuse(row, variable, why),
                }
            }
        } else if let Some(row) = absent_by(name) {
            match self.absent.iter_mut().find(|(known, _)| known.about == row.about) {
                Some((_, names)) => names.push(name.to_owned()),
                None => self.absent.push((row, vec![name.to_owned()])),
            }
        } else if name.starts_with("NLP_") || name.starts_with("GLOBAL_") {
            self.unknown.push(name.to_owned());
        } else {
            self.foreign.push(name.to_owned());
        }
    }

    fn refuse(&mut self, row: &Mapped, variable: &Variable, why: String) {
        self.refused.push(Refused { old: Old::of(variable), key: row.key, line: variable.line, why });
    }

    /// Of names that mean the same, the one that stands first in the table counts; others may only agree.
    fn by_key<'a>(&mut self, candidates: Vec<Candidate<'a>>) -> Vec<(&'static str, Vec<Candidate<'a>>)> {
        let mut ranked: Vec<(usize, usize, Candidate<'a>)> = candidates
            .into_iter()
            .map(|one| {
                let row = SETTINGS.iter().position(|row| std::ptr::eq(row, one.row)).unwrap_or(usize::MAX);
                let name = one.row.names.iter().position(|name| *name == one.variable.name);
                (row, name.unwrap_or(usize::MAX), one)
            })
            .collect();
        ranked.sort_by_key(|(row, name, _)| (*row, *name));
        let mut keys: Vec<(&'static str, Vec<Candidate<'a>>)> = Vec::new();
        for (_, _, one) in ranked {
            let Some((_, before)) = keys.iter_mut().find(|(key, _)| *key == one.row.key) else {
                keys.push((one.row.key, vec![one]));
                continue;
            };
            // The halves of an address do not contradict each other.
            let half = |reading| matches!(reading, Reading::Host | Reading::Port);
            let other = before
                .iter()
                .find(|first| !half(first.row.reading) || first.row.reading == one.row.reading)
                .filter(|first| first.value != one.value);
            match other {
                Some(first) => {
                    let why = format!("{} says otherwise, and counts", first.variable.name);
                    self.refuse(one.row, one.variable, why);
                }
                None => before.push(one),
            }
        }
        keys
    }

    fn settle(&mut self, key: &'static str, candidates: &[Candidate<'_>], defaults: &Configuration) {
        let default =
            defaults.explain(key).ok().and_then(|mut said| said.pop()).and_then(|said| said.default);
        let value = if key == "server.bind" {
            bind(candidates, default.as_ref())
        } else {
            candidates.first().map(|one| one.value.clone())
        };
        let Some(value) = value else { return };
        let by = candidates.iter().map(|one| Old::of(one.variable)).collect();
        if default.as_ref() == Some(&value) {
            self.same.push(Said { key, value, by });
            return;
        }
        match fault(key, &value) {
            None => self.taken.push(Said { key, value, by }),
            Some(why) => candidates.iter().for_each(|one| self.refuse(one.row, one.variable, why.clone())),
        }
    }

    fn note(&mut self, named_host: bool, named_port: bool, newest: bool) {
        let mut note = |text: &str| self.notes.push(text.to_owned());
        let bind =
            self.taken.iter().find(|said| said.key == "server.bind").and_then(|said| said.value.as_str());
        let public =
            bind.and_then(|bind| bind.parse::<SocketAddr>().ok()).is_some_and(|at| !at.ip().is_loopback());
        if public {
            note(
                "server.bind can be reached from other machines, so the service starts with keys only: \
                 `ash-nlp keys add bot --role analyze --file keys.toml`, then set auth.keys_file; \
                 docs/migration.md says what to do about bots that send no key",
            );
        }
        if !named_host {
            note(
                "no address is named: the old service listened on all of them, this one listens on 127.0.0.1 \
                 until server.bind says otherwise",
            );
        }
        if newest && !named_port {
            note(
                "no port is named: the newest old version listened on 30880, this one on 8881 until \
                 server.bind says otherwise",
            );
        }
        if self.taken.iter().any(|said| said.key.starts_with("models.zero_shot.")) {
            note("[models.zero_shot] is read with models.profile = \"zero-shot\" only");
        }
        note(
            "this service does say `critical`, on which bots up to version 3 fail: for them set \
             compat.critical_as_high = true, or make their keys with --critical-as-high",
        );
    }
}

/// The value of a variable as a row reads it.
fn read(row: &Mapped, variable: &Variable) -> Result<Option<Value>, String> {
    if variable.refers {
        return Err("it refers to another variable, and nothing is expanded here".to_owned());
    }
    let value = row.reading.value(&variable.value)?;
    if let (Reading::LabelSet, Some(Value::String(name))) = (row.reading, &value) {
        let sets = LabelSets::load(None).map_err(|error| error.to_string())?;
        if sets.get(name).is_err() {
            let names: Vec<&str> = sets.iter().map(ash_analysis::LabelSet::name).collect();
            return Err(format!("there is no such label set; there are {}", names.join(", ")));
        }
    }
    Ok(value)
}

/// The value of a setting if nobody sets it.
fn default(key: &str, defaults: &Configuration) -> Option<Value> {
    defaults.explain(key).ok()?.pop()?.default
}

/// The address from its halves; what is not said stays the default's.
fn bind(candidates: &[Candidate<'_>], default: Option<&Value>) -> Option<Value> {
    let default: SocketAddr = default?.as_str()?.parse().ok()?;
    let half = |reading| candidates.iter().find(|one| one.row.reading == reading).map(|one| &one.value);
    let host = half(Reading::Host).and_then(Value::as_str).and_then(|host| host.parse::<IpAddr>().ok());
    let port = half(Reading::Port).and_then(Value::as_integer).and_then(|port| u16::try_from(port).ok());
    let address = SocketAddr::new(host.unwrap_or(default.ip()), port.unwrap_or(default.port()));
    Some(Value::String(address.to_string()))
}

/// What the settings have against a value.
fn fault(key: &str, value: &Value) -> Option<String> {
    let error = Configuration::load(None, Overrides::default().set(key, value)).err()?;
    let Some(fault) = error.faults().first() else { return Some(error.to_string()) };
    let about_key = fault.problem.strip_prefix(key).map(str::trim_start);
    Some(about_key.unwrap_or(&fault.problem).to_owned())
}
