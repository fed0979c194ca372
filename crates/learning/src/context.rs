//! What is kept of the context that a client sends with a report: figures and a few known words. Ids become keyed
//! hashes, text is dropped.

use serde_json::{Map, Number, Value};

use crate::secret::Secret;

/// At most so many members are kept.
const MOST: usize = 32;

/// Keys whose values are words of a small vocabulary, not anybody's text.
const WORDS: [&str; 12] = [
    "source",
    "method",
    "detection_method",
    "correction_type",
    "error_type",
    "record_type",
    "detected_level",
    "correct_level",
    "should_detect_level",
    "actually_detected",
    "crisis_level",
    "language",
];

/// Parts of names that stand for a person or a place.
const IDENTIFYING: [&str; 10] =
    ["user", "author", "member", "staff", "name", "channel", "guild", "server", "message", "link"];

/// From here on a whole number is somebody's id: Discord's are near 10^18, and a time in seconds lies above too.
const LOWEST_ID: f64 = 1e9;

/// The context without text.
pub(crate) fn without_text(context: &Map<String, Value>, secret: &Secret) -> Map<String, Value> {
    let (mut kept, mut dropped) = (Map::new(), 0_u64);
    let mut put = |path: &str, name: &str, value: &Value| {
        let value = if is_key(path) && kept.len() < MOST { safe(name, value, secret) } else { None };
        match value {
            Some(value) => drop(kept.insert(path.to_owned(), value)),
            None => dropped += 1,
        }
    };
    for (name, value) in context {
        match value {
            Value::Object(inner) => {
                inner.iter().for_each(|(below, value)| put(&format!("{name}.{below}"), below, value));
            }
            value => put(name, name, value),
        }
    }
    if dropped > 0 {
        kept.insert("dropped".to_owned(), dropped.into());
    }
    kept
}

/// A name may be anything; what looks like a field's is one.
fn is_key(path: &str) -> bool {
    path.len() <= 64
        && path.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b))
}

fn safe(name: &str, value: &Value, secret: &Secret) -> Option<Value> {
    let names_somebody = name == "id"
        || name.ends_with("_id")
        || name.ends_with("_ids")
        || IDENTIFYING.iter().any(|part| name.contains(part));
    let hashed = |text: &str| Some(Value::from(&secret.hash(&[b"context", text.as_bytes()])[..16]));
    match value {
        Value::Number(number) if names_somebody || is_large(number) => hashed(&number.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.clone()),
        Value::String(text) if WORDS.contains(&name) && is_word(text) => Some(value.clone()),
        Value::String(text) if names_somebody => hashed(text),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_large(number: &Number) -> bool {
    number.as_f64().is_none_or(|n| n.abs() >= LOWEST_ID)
}

fn is_word(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn kept(context: Value) -> Value {
        let Value::Object(context) = context else { panic!("an object") };
        Value::Object(without_text(&context, &Secret::random().unwrap()))
    }

    #[test]
    fn figures_and_known_words_stay_ids_are_hashed_and_text_goes() {
        let found = kept(json!({
            "source": "bot", "detection_method": "ensemble_weighted", "severity_score": 0.7, "is_retry": true,
            "description": "they wrote something", "correction_type": "They wrote: something",
            "user_id": "190", "channel": 77, "snowflake": 190_024_000_000_000_000_u64,
            "context_data": {"description": "more", "crisis_level": "high", "author_id": 190},
            "Something somebody wrote": 1,
        }));
        assert_eq!(found["source"], "bot");
        assert_eq!(found["context_data.crisis_level"], "high");
        assert_eq!((&found["severity_score"], &found["is_retry"]), (&json!(0.7), &json!(true)));
        for hashed in ["user_id", "channel", "snowflake", "context_data.author_id"] {
            assert_eq!(found[hashed].as_str().map(str::len), Some(16), "{hashed}: {found}");
        }
        assert_eq!(found["user_id"], found["context_data.author_id"], "equal ids stay equal");
        assert_eq!(found["dropped"], 4);
        assert_eq!(found.as_object().unwrap().len(), 10, "{found}");
    }

    proptest! {
        #[test]
        fn no_text_gets_through(fields in prop::collection::vec(("[a-z_]{1,12}", "[A-Za-z ,.]{1,40} [A-Za-z]+"), 0..50)) {
            let context: Map<String, Value> =
                fields.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
            let kept = Value::Object(without_text(&context, &Secret::random().unwrap())).to_string();
            for (_, text) in &fields {
                prop_assert!(!kept.contains(text.as_str()), "{kept}");
            }
        }
    }
}
