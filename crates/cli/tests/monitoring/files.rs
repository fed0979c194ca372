//! The files that are tested.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the repository as text.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What tries the rules out.
pub(crate) const RULE_TESTS: [&str; 2] =
    ["monitoring/prometheus/ash-nlp.rules.test.yml", "monitoring/prometheus/ash-nlp.days.rules.test.yml"];

/// The rules as they are shipped.
pub(crate) fn rules() -> String {
    text("monitoring/prometheus/ash-nlp.rules.yml")
}

/// The dashboard as it is shipped.
pub(crate) fn dashboard() -> Value {
    serde_json::from_str(&text("monitoring/grafana/ash-nlp.json")).expect("the dashboard is JSON")
}

/// All queries of the dashboard, those of variables and annotations too.
pub(crate) fn queries() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
                Value::String(query) if matches!(name.as_str(), "expr" | "definition") => {
                    found.push(query.clone());
                }
                _ => collect(value, found),
            }),
            Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&dashboard(), &mut found);
    found
}
