//! What is kept of the context that a client sends with a report: figures and a few known words. Ids become keyed
//! hashes, text is dropped.

use serde_json::{Map, Number, Value};

use crate::secret::Secret;

/// At most so many members are kept.
const MOST: usize = 32;

/// How many members were dropped; no key that a client can set.
const DROPPED: &str = "dropped";

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

/// Those words: what is not one of them may be anybody's.
const VOCABULARY: [&str; 44] = [
    "none",
    "safe",
    "low",
    "medium",
    "high",
    "critical",
    "false_positive",
    "false_negative",
    "too_high",
    "too_low",
    "missed",
    "over_detected",
    "under_detected",
    "discord",
    "slack",
    "web",
    "api",
    "bot",
    "dashboard",
    "suite",
    "staff",
    "manual",
    "automatic",
    "button",
    "slash_command",
    "reaction",
    "ensemble",
    "ensemble_weighted",
    "ensemble_majority",
    "ensemble_consensus",
    "weighted",
    "majority",
    "consensus",
    "patterns",
    "keywords",
    "words",
    "models",
    "compact",
    "zero_shot",
    "en",
    "de",
    "es",
    "fr",
    "pt",
];

/// Parts of names that stand for a person or a place.
const IDENTIFYING: [&str; 10] =
    ["user", "author", "member", "staff", "name", "channel", "guild", "server", "message", "link"];

/// From here on a whole number is somebody's id: Discord's are near 10^18, and a time in seconds lies above too.
const LOWEST_ID: f64 = 1e9;

/// The context without text.
pub(crate) fn without_text(context: &Map<String, Value>, secret: &Secret) -> Map<String, Value> {
    let (mut kept, mut dropped) = (Map::new(), 0_u64);
    let mut put = |path: Option<String>, name: &str, value: &Value| {
        let path = path.filter(|_| kept.len() < MOST);
        match path.and_then(|path| Some((path, safe(name, value, secret)?))) {
            Some((path, value)) => drop(kept.insert(path, value)),
            None => dropped += 1,
        }
    };
    for (name, value) in context {
        let is_field = is_key(name) && name != DROPPED;
        match value {
            Value::Object(inner) => {
                for (below, value) in inner {
                    // `{"users": {"alice": 3}}`: below somebody, a key may itself be the name.
                    let is_kept = is_field && is_key(below) && (!identifies(name) || identifies(below));
                    put(is_kept.then(|| format!("{name}.{below}")), below, value);
                }
            }
            value => put(is_field.then(|| name.clone()), name, value),
        }
    }
    if dropped > 0 {
        kept.insert(DROPPED.to_owned(), dropped.into());
    }
    kept
}

/// A name may be anything, somebody's id or text too; what looks like a field's is one.
fn is_key(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether a name stands for a person or a place, or for an id of something.
fn identifies(name: &str) -> bool {
    name.ends_with("id") || name.ends_with("ids") || IDENTIFYING.iter().any(|part| name.contains(part))
}

fn safe(name: &str, value: &Value, secret: &Secret) -> Option<Value> {
    let names_somebody = identifies(name);
    let hashed = |text: &str| Some(Value::from(&secret.hash(&[b"context", text.as_bytes()])[..16]));
    match value {
        Value::Number(number) if names_somebody || is_large(number) => hashed(&number.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.clone()),
        Value::String(text) if WORDS.contains(&name) && VOCABULARY.contains(&&**text) => Some(value.clone()),
        Value::String(text) if names_somebody => hashed(text),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_large(number: &Number) -> bool {
    number.as_f64().is_none_or(|n| n.abs() >= LOWEST_ID)
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

    #[test]
    fn what_may_be_a_name_or_an_id_is_no_key_and_no_word() {
        let found = kept(json!({
            "190024000000000000": 1, "users": {"alice": 3, "id": 190}, "scores": {"Alice B": 2},
            "source": "190024000000000000", "dropped": 99, "thread_ids": 7, "deep": {"er": {"still": 1}},
        }));
        assert_eq!(found.as_object().unwrap().len(), 3, "{found}");
        assert_eq!(found["users.id"].as_str().map(str::len), Some(16), "{found}");
        assert_eq!(found["thread_ids"].as_str().map(str::len), Some(16), "{found}");
        assert_eq!(found["dropped"], 6, "and no client says how many");
    }

    #[test]
    fn no_more_than_32_members_are_kept() {
        let found = kept((0..40).map(|n| (format!("n{n}"), json!(n))).collect());
        assert_eq!((found.as_object().unwrap().len(), &found["dropped"]), (MOST + 1, &json!(8)));
    }

    /// Text that can be told from all else by its `z`, which no key has.
    const TEXT: &str = "[zZ][g-zG-Z]{3}[a-zA-Z !?']{0,20}";

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
            prop::sample::select(&["user_id", "author_name", "message", "guild", "score", "note"][..])
                .prop_map(str::to_owned),
            "[a-y_]{1,8}",
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            TEXT.prop_map(Value::String),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::from),
            (-2.0f64..2.0).prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::vec((key(), inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    /// All strings within, but for words under keys that are known to hold such.
    fn texts(key: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if WORDS.contains(&key) && VOCABULARY.contains(&text.as_str()) => {}
            Value::String(text) => found.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| texts("", value, found)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| texts(key, value, found)),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn no_text_gets_through_wherever_it_stands(
            fields in prop::collection::vec((prop_oneof![key(), TEXT.prop_map(|text| text + " ")], value()), 0..50),
        ) {
            let told = Value::Object(fields.into_iter().collect());
            let mut found = Vec::new();
            texts("", &told, &mut found);
            found.extend(told.as_object().into_iter().flat_map(Map::keys).filter(|key| !is_key(key)).cloned());
            let kept = kept(told).to_string();
            for text in found {
                prop_assert!(!kept.contains(text.trim()), "{text:?} is in {kept}");
            }
        }

        #[test]
        fn no_id_of_a_chat_service_is_kept(id in 1_000_000_000_u64.., key in key(), deep: bool) {
            let value = if deep { json!({ &key: id }) } else { json!(id) };
            let kept = kept(json!({ &key: value, "source": id.to_string(), id.to_string(): true }));
            prop_assert!(!kept.to_string().contains(&id.to_string()), "{kept}");
        }
    }
}
