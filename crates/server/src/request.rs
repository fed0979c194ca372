//! The request of POST /analyze, parsed by hand: each mistake is told apart and named by its field,
//! and what this version does not know is let through.

use ash_analysis::MessageText;
use ash_runtime::History;
use serde_json::{Map, Value};

use crate::answer::Verbosity;
use crate::error::ApiError;
use crate::history;

/// What a client wants to know.
#[derive(Clone, PartialEq)]
pub(crate) struct AnalyzeRequest {
    pub(crate) message: MessageText,
    /// How much explanation; `None` if it was declined.
    pub(crate) verbosity: Option<Verbosity>,
    /// What came before.
    pub(crate) history: History,
    /// Show what the history adds. The verdict is the same either way.
    pub(crate) show_context: bool,
}

impl AnalyzeRequest {
    /// Reads a JSON body; `limit` is the longest message in bytes.
    pub(crate) fn parse(body: &[u8], limit: usize) -> Result<Self, ApiError> {
        let value: Value = serde_json::from_slice(body).map_err(|e| ApiError::NotJson(position(&e)))?;
        let Value::Object(fields) = value else {
            return Err(ApiError::WrongType { field: None, expected: "a JSON object" });
        };
        let message = string(&fields, "message")?.ok_or_else(|| missing(&fields))?;
        if message.len() > limit {
            return Err(ApiError::MessageTooLong { limit });
        }
        let message = MessageText::parse(message)?;
        // Not used yet, but a wrong type is a client's bug, better told now than later.
        for field in ["user_id", "channel_id"] {
            string(&fields, field)?;
        }
        let verbosity = match boolean(&fields, "include_explanation")? {
            Some(false) => None,
            _ => Some(verbosity(&fields)?),
        };
        let history = history::parse(&fields, limit)?;
        let show_context = boolean(&fields, "include_context_analysis")?.unwrap_or(true);
        Ok(AnalyzeRequest { message, verbosity, history, show_context })
    }
}

/// An absent message is missing; a null one has the wrong type.
fn missing(fields: &Map<String, Value>) -> ApiError {
    if fields.contains_key("message") {
        ApiError::WrongType { field: Some("message"), expected: "a string" }
    } else {
        ApiError::Missing { field: "message" }
    }
}

/// A string, or `None` for null and absent.
pub(crate) fn string<'a>(
    fields: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, ApiError> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ApiError::WrongType { field: Some(field), expected: "a string" }),
    }
}

fn boolean(fields: &Map<String, Value>, field: &'static str) -> Result<Option<bool>, ApiError> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(ApiError::WrongType { field: Some(field), expected: "true or false" }),
    }
}

fn verbosity(fields: &Map<String, Value>) -> Result<Verbosity, ApiError> {
    for field in ["verbosity", "explanation_verbosity"] {
        return match string(fields, field)? {
            None => continue,
            Some("minimal") => Ok(Verbosity::Minimal),
            Some("standard") => Ok(Verbosity::Standard),
            Some("detailed") => Ok(Verbosity::Detailed),
            Some(_) => {
                Err(ApiError::WrongType { field: Some(field), expected: "minimal, standard or detailed" })
            }
        };
    }
    Ok(Verbosity::default())
}

/// The parser's sentence. It tells kind and place of the mistake and quotes nothing of the body.
fn position(error: &serde_json::Error) -> String {
    error.to_string()
}
