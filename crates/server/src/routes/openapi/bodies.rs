//! What requests look like. They are parsed by hand (`request`, `history`), so these types are never filled; tests
//! hold them against the parser, field by field.

#![expect(dead_code, reason = "they only describe")]

use ash_analysis::Mode;
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

/// A message to be judged.
#[derive(ToSchema)]
pub(crate) struct AnalyzeBody {
    /// The message: at least one character that can be read, at most `server.max_message_bytes` in UTF-8.
    #[schema(schema_with = message)]
    message: String,
    /// Whose it is. Not used, and never stored or logged.
    #[schema(default = "unknown")]
    user_id: Option<String>,
    /// Where it was written. Not used, and never stored or logged.
    #[schema(default = "unknown")]
    channel_id: Option<String>,
    /// What came before, newest first.
    #[schema(max_items = 20)]
    message_history: Option<Vec<PastMessageBody>>,
    /// When it was written: ISO 8601 (UTC without an offset) or seconds since 1970. Read for the conversation only;
    /// what is neither is ignored.
    timestamp: Option<Value>,
    /// The user's time zone by its IANA name; one that is not known is ignored, and noted.
    #[schema(examples("Europe/Vienna"))]
    user_timezone: Option<String>,
    /// Show `context_analysis`. The verdict is the same either way.
    #[schema(default = true)]
    include_context_analysis: Option<bool>,
    /// Show `explanation`.
    #[schema(default = true)]
    include_explanation: Option<bool>,
    /// How much explanation.
    #[schema(inline)]
    verbosity: Option<VerbosityWord>,
    /// The same under its other name; `verbosity` goes first.
    #[schema(inline)]
    explanation_verbosity: Option<VerbosityWord>,
}

/// An earlier message of the conversation.
#[derive(ToSchema)]
pub(crate) struct PastMessageBody {
    /// Its text. One that cannot be judged (blank, too long) is passed over.
    message: String,
    /// When it was written: ISO 8601 (UTC without an offset) or seconds since 1970.
    #[schema(schema_with = time)]
    timestamp: Option<Value>,
    /// Its score, if it was judged before.
    #[schema(minimum = 0.0, maximum = 1.0)]
    crisis_score: Option<f64>,
    /// Not used.
    message_id: Option<Value>,
}

/// Many messages to be judged.
#[derive(ToSchema)]
#[schema(examples(json!({"messages": ["gg, well played", "i can't keep going like this"]})))]
pub(crate) struct BatchBody {
    /// Each a string, as `message` of POST /analyze; what is none fails alone.
    #[schema(max_items = 100)]
    messages: Vec<Value>,
    /// Show `explanation`.
    #[schema(default = true)]
    include_explanation: Option<bool>,
    /// How much explanation.
    #[schema(inline)]
    verbosity: Option<VerbosityWord>,
    /// The same under its other name; `verbosity` goes first.
    #[schema(inline)]
    explanation_verbosity: Option<VerbosityWord>,
}

/// Which label set to judge by.
#[derive(ToSchema)]
pub(crate) struct SwitchBody {
    /// As in the list of sets.
    #[schema(examples("trained"))]
    label_set: String,
}

/// Weights of models, and how they are combined. At least one of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SetWeights {
    #[param(minimum = 0.0, maximum = 1.0)]
    depression_weight: Option<f32>,
    #[param(minimum = 0.0, maximum = 1.0)]
    sentiment_weight: Option<f32>,
    /// Of `emotional_distress`.
    #[param(minimum = 0.0, maximum = 1.0)]
    distress_weight: Option<f32>,
    /// The same under its whole name.
    #[param(minimum = 0.0, maximum = 1.0)]
    emotional_distress_weight: Option<f32>,
    ensemble_mode: Option<Mode>,
}

/// How much explanation: the summary alone, with the three most important factors, or with all.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum VerbosityWord {
    Minimal,
    Standard,
    Detailed,
}

/// At least one character that is neither space nor invisible, as [`ash_analysis::MessageText`] has it.
const READABLE: &str = "[^\\s\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\
    \\u180B-\\u180F\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\u2800\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\
    \\uFFF9-\\uFFFD\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]";

pub(crate) fn message() -> Object {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).pattern(Some(READABLE)).build()
}

fn time() -> Object {
    let types = [Type::String, Type::Number, Type::Null];
    ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::from_iter(types)).build()
}

#[cfg(test)]
mod tests {
    use ash_analysis::MessageText;
    use regex::Regex;

    use super::*;

    #[test]
    fn the_pattern_of_messages_says_of_every_character_what_the_parser_says() {
        let readable = Regex::new(READABLE).unwrap();
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            assert_eq!(readable.is_match(&text), MessageText::parse(&text).is_ok(), "{character:?}");
        }
    }
}
