//! What a key may be, found out by trying: the types and checks of the settings are asked, so that this
//! cannot say anything else than they do.

use std::fmt;

use figment::error::Kind;
use serde::Serialize;

use super::Profile;
use super::faults::one_of;
use super::layers::{Layers, Refusal, Why, parts};

/// What a key may be, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Allowed(String);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that nobody means.
const NONSENSE: &str = "\u{1}";

/// What `key` may be; none if the key is a table or does not exist.
pub(super) fn allowed(key: &str) -> Option<Allowed> {
    if key.split('.').any(str::is_empty) {
        return None;
    }
    let probe = Probe { layers: whole(Layers::of_profile(Profile::Compact).ok()?, key), key };
    let Err(refused) = probe.put(true) else { return Some(Allowed("true or false".into())) };
    let kind = match refused.why {
        Why::Shape(Kind::UnknownField(..)) => return None,
        Why::Shape(Kind::InvalidType(_, expected)) => expected,
        Why::Shape(_) | Why::Range { .. } => String::new(),
    };
    if is_table(&kind) {
        return None;
    }
    if let Some(names) = probe.names() {
        return Some(Allowed(names));
    }
    let words = kind_in_words(&kind);
    let range = match words.as_str() {
        NUMBER => probe.range(&[-1e30, 1e30, 0.0]),
        // The largest of 64, 32 and 16 bits: what does not fit the type never reaches a check.
        WHOLE => probe.range(&[i64::MAX, u32::MAX.into(), u16::MAX.into(), 0]),
        _ => probe.range(&["", NONSENSE]),
    };
    Some(Allowed(match range {
        Some(range)
            if words.is_empty() || words == TEXT || range.starts_with("a ") || range.starts_with("the ") =>
        {
            range
        }
        Some(range) => format!("{words}, {range}"),
        None => words,
    }))
}

/// With what a webhook needs beside `key`: of one that is only half there, no value would be right.
fn whole(layers: Layers, key: &str) -> Layers {
    let Some((webhook, field)) =
        key.rsplit_once('.').filter(|(table, _)| table.starts_with("alerts.webhooks."))
    else {
        return layers;
    };
    let needed = [("kind", "json"), ("url", "https://team.example/hook")];
    let others = needed.into_iter().filter(|(name, _)| !field.starts_with(name));
    others.fold(layers, |layers, (name, value)| layers.with(&format!("{webhook}.{name}"), value))
}

struct Probe<'a> {
    layers: Layers,
    key: &'a str,
}

impl Probe<'_> {
    fn put(&self, value: impl Serialize) -> Result<(), Refusal> {
        let settled = self.layers.clone().with(self.key, value).settings();
        match settled {
            Err(refusal) if parts(self.key).starts_with(&refusal.key) => Err(refusal),
            _ => Ok(()),
        }
    }

    /// What a check says about the first of `values` that it refuses.
    fn range(&self, values: &[impl Serialize]) -> Option<String> {
        values.iter().find_map(|value| match self.put(value).err()?.why {
            Why::Range { allowed, .. } => Some(allowed),
            Why::Shape(_) => None,
        })
    }

    /// The names of a closed set that no check refuses.
    fn names(&self) -> Option<String> {
        match self.put(NONSENSE).err()?.why {
            Why::Shape(Kind::UnknownVariant(_, names)) => {
                let good: Vec<String> = names
                    .iter()
                    .filter(|name| self.put(name).is_ok())
                    .map(|name| format!("{name:?}"))
                    .collect();
                Some(one_of(&good.iter().map(String::as_str).collect::<Vec<_>>()))
            }
            _ => None,
        }
    }
}

const NUMBER: &str = "a number";
const WHOLE: &str = "a whole number";
const TEXT: &str = "a text";

fn is_table(expected: &str) -> bool {
    expected == "a map" || expected.starts_with("struct ")
}

/// What serde expects, for people who configure and do not program.
pub(super) fn kind_in_words(expected: &str) -> String {
    match expected {
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => WHOLE.to_owned(),
        "f32" | "f64" => NUMBER.to_owned(),
        "a string" => TEXT.to_owned(),
        "path string" => "a path".to_owned(),
        "a sequence" => "a list".to_owned(),
        "socket address" => "an address with a port, such as 127.0.0.1:8881".to_owned(),
        table if is_table(table) => "a table".to_owned(),
        other => other.to_owned(),
    }
}
