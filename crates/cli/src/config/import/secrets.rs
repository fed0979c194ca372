//! What is never shown and never written: keys, tokens, and where they lie.
//!
//! Neither is a name that could be a piece of one: the last line of a key in base64, `NAME==`, reads as a variable.

use super::mapping::{absent_by, mapped_by};

/// How the names of the old service and of this one begin, apart from those without any such beginning.
const OURS: [&str; 3] = ["NLP_", "GLOBAL_", "ASH_"];
/// Names of secrets that the old service or its libraries read, and that begin otherwise.
const SECRETS: [&str; 5] = [
    "ANALYTICS_WEBHOOK_URL",
    "HF_TOKEN",
    "HUGGINGFACE_HUB_TOKEN",
    "HUGGINGFACE_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
];

/// Whether a name is one of somebody's making, which may be shown.
pub(super) fn is_name_shown(name: &str) -> bool {
    OURS.iter().any(|ours| name.starts_with(ours))
        || SECRETS.contains(&name)
        || mapped_by(name).next().is_some()
        || absent_by(name).is_some()
}

/// A name that holds one of these is a secret's, unless the mapping knows it as something else.
const MARKS: [&str; 9] =
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "WEBHOOK", "DSN"];

const HUGGING_FACE: &str = "only `ash-nlp models pull` ever needs one, for the profile zero-shot: give it HF_TOKEN in the environment";
const ALERT: &str =
    "put the address of the webhook into a file and name that in [alerts.webhooks.NAME] url_file";
const KEY: &str =
    "clients of this service have keys of their own: `ash-nlp keys add bot --role analyze --file keys.toml`";

/// What to do about a variable if it is a secret's; none if it is not.
pub(super) fn advice(name: &str, value: &str) -> Option<&'static str> {
    let upper = name.to_ascii_uppercase();
    let known =
        mapped_by(name).next().is_some() || absent_by(name).is_some_and(|row| row.names.contains(&name));
    let marked = !known && MARKS.iter().any(|mark| upper.contains(mark));
    if !marked && !value.contains("/run/secrets/") {
        return None;
    }
    Some(if upper.contains("HUGGING") || upper.starts_with("HF_") {
        HUGGING_FACE
    } else if upper.contains("WEBHOOK") || upper.contains("ALERT") {
        ALERT
    } else {
        KEY
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name_or_by_where_it_lies() {
        struct Case(&'static str, &'static str, Option<&'static str>);
        for Case(name, value, wanted) in [
            Case("GLOBAL_HUGGINGFACE_TOKEN", "x", Some(HUGGING_FACE)),
            Case("HF_TOKEN", "x", Some(HUGGING_FACE)),
            Case("NLP_SECRET_DISCORD_ALERT_TOKEN", "x", Some(ALERT)),
            Case("ANALYTICS_WEBHOOK_URL", "x", Some(ALERT)),
            Case("NLP_API_KEY", "x", Some(KEY)),
            Case("NLP_DB_PASSWORD", "x", Some(KEY)),
            Case("NLP_LOG_LEVEL", "/run/secrets/x", Some(KEY)),
            Case("NLP_MODEL_MAX_INPUT_TOKENS", "512", None),
            Case("NLP_LOG_LEVEL", "INFO", None),
        ] {
            assert_eq!(advice(name, value), wanted, "{name}");
        }
    }
}
