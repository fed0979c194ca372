//! The request of POST /analyze, parsed by hand: each mistake is told apart and named by its field,
//! and what this version does not know is let through.

use ash_analysis::{MessageText, TextError};
use ash_runtime::{ClientId, History};
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
    /// Who wrote it and where, if the client tells.
    pub(crate) user: Option<ClientId>,
    pub(crate) channel: Option<ClientId>,
    /// Show what the history adds. The verdict is the same either way.
    pub(crate) show_context: bool,
}

impl AnalyzeRequest {
    /// Reads a JSON body; `limit` is the longest message in bytes.
    pub(crate) fn parse(body: &[u8], limit: usize) -> Result<Self, ApiError> {
        let fields = object(body)?;
        let message = string(&fields, "message")?.ok_or_else(|| missing(&fields))?;
        if message.len() > limit {
            return Err(ApiError::MessageTooLong { limit });
        }
        let message = MessageText::parse(message)?;
        let id = |field| string(&fields, field).map(|id| id.and_then(ClientId::parse));
        let (user, channel) = (id("user_id")?, id("channel_id")?);
        let verbosity = explanation(&fields)?;
        let history = history::parse(&fields, limit)?;
        let show_context = boolean(&fields, "include_context_analysis")?.unwrap_or(true);
        Ok(AnalyzeRequest { message, verbosity, history, user, channel, show_context })
    }
}

/// The most messages of one batch.
pub(crate) const MAX_BATCH: usize = 100;

/// A request of many messages. Each is looked at when its turn comes, for a bad one must fail alone.
pub(crate) struct BatchRequest {
    pub(crate) messages: Vec<Value>,
    pub(crate) verbosity: Option<Verbosity>,
}

impl BatchRequest {
    /// Reads a JSON body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut fields = object(body)?;
        let verbosity = explanation(&fields)?;
        match fields.remove("messages") {
            Some(Value::Array(messages)) if messages.len() <= MAX_BATCH => {
                Ok(BatchRequest { messages, verbosity })
            }
            Some(_) => {
                let expected = "a list of at most 100 strings";
                Err(ApiError::WrongType { field: Some("messages"), expected })
            }
            None => Err(ApiError::Missing { field: "messages" }),
        }
    }
}

/// One message of a batch; `limit` is the longest in bytes.
pub(crate) fn message(value: &Value, limit: usize) -> Result<MessageText, ApiError> {
    match value {
        Value::String(text) if text.len() > limit => Err(ApiError::MessageTooLong { limit }),
        Value::String(text) => Ok(MessageText::parse(text)?),
        _ => Err(ApiError::WrongType { field: Some("message"), expected: "a string" }),
    }
}

/// A text somewhere in a request, called `field` if it is too long; none if there is nothing to read in it. `limit` is
/// the longest in bytes.
pub(crate) fn item(
    text: &str,
    field: impl FnOnce() -> String,
    limit: usize,
) -> Result<Option<MessageText>, ApiError> {
    if text.len() > limit {
        return Err(ApiError::ItemTooLong { field: field(), limit });
    }
    match MessageText::parse(text) {
        Ok(text) => Ok(Some(text)),
        Err(TextError::Blank) => Ok(None),
        Err(TextError::TooLong { limit, .. }) => Err(ApiError::ItemTooLong { field: field(), limit }),
    }
}

/// The body as a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    match serde_json::from_slice(body).map_err(|e| ApiError::NotJson(position(&e)))? {
        Value::Object(fields) => Ok(fields),
        _ => Err(ApiError::WrongType { field: None, expected: "a JSON object" }),
    }
}

/// How much explanation is wanted; `None` if it was declined.
fn explanation(fields: &Map<String, Value>) -> Result<Option<Verbosity>, ApiError> {
    let (wanted, verbosity) = (boolean(fields, "include_explanation")?, verbosity(fields)?);
    Ok(if wanted == Some(false) { None } else { Some(verbosity) })
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
    let word = |field| match string(fields, field)? {
        None => Ok(None),
        Some("minimal") => Ok(Some(Verbosity::Minimal)),
        Some("standard") => Ok(Some(Verbosity::Standard)),
        Some("detailed") => Ok(Some(Verbosity::Detailed)),
        Some(_) => {
            let expected = "minimal, standard or detailed";
            Err(ApiError::WrongType { field: Some(field), expected })
        }
    };
    // Both are read: a mistake in one is told whatever the other says.
    let (own, alias) = (word("verbosity")?, word("explanation_verbosity")?);
    Ok(own.or(alias).unwrap_or_default())
}

/// The parser's sentence. It tells kind and place of the mistake and quotes nothing of the body.
fn position(error: &serde_json::Error) -> String {
    error.to_string()
}
