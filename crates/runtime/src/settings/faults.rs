//! What is wrong with a key, in words: what was found, what is allowed, what was probably meant.

use figment::error::Kind;
use figment::value::Value;

use super::allowed::{Allowed, allowed, kind_in_words};
use super::documented::documented;
use super::hidden::{HIDDEN, is_hidden};
use super::layers::{Layers, Refusal, Why};
use super::nearest::nearest;
use super::{Fault, SettingOrigin};

/// The refusal of `layers` as an operator is told it.
pub(super) fn fault(layers: &Layers, refusal: &Refusal) -> Fault {
    let mut key: Vec<&str> = refusal.key.iter().map(String::as_str).collect();
    let in_list = matches!(layers.value(&key), Some(Value::Array(..))) && is_index(key.last());
    if in_list {
        key.pop();
    }
    let dotted = key.join(".");
    let origin = layers.origin(&key);
    let mut suggestion = None;
    let found = || match layers.value(&key) {
        None => "not set".to_owned(),
        Some(value) if is_hidden(&key) && !matches!(value, Value::Dict(..)) => HIDDEN.to_owned(),
        Some(value) => in_words(value),
    };
    let problem = match &refusal.why {
        Why::Range { value, allowed } => {
            let place =
                if origin.as_ref().is_some_and(SettingOrigin::is_set) { "" } else { " (the default)" };
            format!("{dotted} is {value}{place}, allowed is {allowed}")
        }
        Why::Shape(Kind::UnknownField(name, known)) => {
            suggestion = meant(&key, name, known);
            unknown(&key, known)
        }
        Why::Shape(Kind::MissingField(name)) => format!("[{dotted}] lacks the key {name}"),
        Why::Shape(Kind::UnknownVariant(_, known)) => {
            suggestion = layers
                .value(&key)
                .and_then(Value::as_str)
                .and_then(|typed| nearest(typed, known.iter().copied()).map(str::to_owned));
            format!("{dotted} is {}, allowed is {}", found(), allowed_for(&dotted, &one_of(known)))
        }
        Why::Shape(Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected)) if in_list => {
            format!("{dotted} is {}, allowed in this list is {}", found(), kind_in_words(expected))
        }
        Why::Shape(Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected)) => {
            format!("{dotted} is {}, allowed is {}", found(), allowed_for(&dotted, &kind_in_words(expected)))
        }
        Why::Shape(Kind::Message(why)) if dotted.is_empty() => why.clone(),
        Why::Shape(Kind::Message(why)) => match layers.value(&key) {
            Some(Value::Dict(..)) | None => format!("{dotted}: {why}"),
            Some(_) => {
                let allowed = allowed(&dotted).map(|a| format!(", allowed is {a}")).unwrap_or_default();
                format!("{dotted} is {}{allowed}: {why}", found())
            }
        },
        Why::Shape(other) => format!("{dotted}: {other}"),
    };
    Fault { key: (!dotted.is_empty()).then_some(dotted), origin, problem, suggestion }
}

fn is_index(part: Option<&&str>) -> bool {
    part.is_some_and(|part| part.parse::<usize>().is_ok())
}

fn unknown(key: &[&str], known: &[&str]) -> String {
    let known = list(known, "and");
    match key {
        [name] => format!("[{name}] is an unknown section; there are {known}"),
        [table @ .., name] => {
            let table = table.join(".");
            format!("{table}.{name} is an unknown key; [{table}] may have {known}")
        }
        [] => "unknown key".to_owned(),
    }
}

/// The nearest key of the same table, or the key of that name in another one.
fn meant(key: &[&str], name: &str, known: &[&str]) -> Option<String> {
    if let Some(near) = nearest(name, known.iter().copied()) {
        return Some(near.to_owned());
    }
    let elsewhere = documented().keys().find(|other| other.rsplit('.').next() == Some(name))?;
    (elsewhere != key.join(".")).then(|| elsewhere.to_owned())
}

fn allowed_for(key: &str, otherwise: &str) -> String {
    allowed(key).as_ref().map_or_else(|| otherwise.to_owned(), Allowed::to_string)
}

/// Names as a person says them: "a, b or c".
pub(super) fn one_of(names: &[&str]) -> String {
    list(names, "or")
}

fn list(names: &[&str], joint: &str) -> String {
    match names {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [many @ .., last] => format!("{} {joint} {last}", many.join(", ")),
    }
}

/// A value as it would be written in the file; tables only by their kind.
fn in_words(value: &Value) -> String {
    match value {
        Value::Dict(..) => "a table".to_owned(),
        Value::Array(..) => {
            toml::Value::try_from(value).map_or_else(|_| "a list".to_owned(), |v| v.to_string())
        }
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, one) => format!("{:?}", one.to_string()),
        Value::Bool(_, bool) => bool.to_string(),
        Value::Num(_, number) => {
            toml::Value::try_from(number).map_or_else(|_| number.to_actual().to_string(), |v| v.to_string())
        }
        Value::Empty(..) => "empty".to_owned(),
    }
}
