//! Everything that can be wrong with a request, in one enum with one table.

use std::time::Duration;

use ash_analysis::TextError;
use ash_runtime::{AnalyzeError, EnsembleError, FeedbackError, Implausible, LearnError};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{KeyFault, Role};

/// A request without a verdict. Its sentences never repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// 400
    #[error("the body is not valid JSON: {0}")]
    NotJson(String),
    /// 400
    #[error("the body ended before it was complete")]
    Incomplete,
    /// 400, or 404 where the name is part of the path
    #[error("there is no label set of this name; there are {}", known.join(", "))]
    NoSuchLabelSet { status_is_404: bool, known: Vec<String> },
    /// 401
    #[error("{}", match .0 {
        KeyFault::None => "an API key is required, as X-Ash-Internal-Key or Authorization: Bearer",
        KeyFault::Two => "X-Ash-Internal-Key and Authorization carry different keys; send one",
        KeyFault::Unknown => "this API key is not known here",
    })]
    Unauthorized(KeyFault),
    /// 403
    #[error("this takes the role {needs}; yours is {has}")]
    Forbidden { needs: Role, has: Role },
    /// 404
    #[error("there is nothing at this path; POST /analyze is what you may be looking for")]
    NotFound,
    /// 404
    #[error("there is no such model; this service has one, ash-nlp, in version 1")]
    UnknownModel,
    /// 405
    #[error("this path does not answer to this method; see the Allow header")]
    WrongMethod,
    /// 409
    #[error("feedback is not taken: it is turned off (learning.enabled)")]
    LearningOff,
    /// 409
    #[error("a model cannot read the labels of this set; the log says which, and the set before stays")]
    LabelsRefused,
    /// 413
    #[error("the body is longer than {limit} bytes (server.max_body_bytes)")]
    BodyTooLarge { limit: usize },
    /// 413
    #[error("the message is longer than {limit} bytes (server.max_message_bytes)")]
    MessageTooLong { limit: usize },
    /// 413
    #[error("{field} is longer than {limit} bytes (server.max_message_bytes)")]
    ItemTooLong { field: String, limit: usize },
    /// 422
    #[error("{field} is required")]
    Missing { field: &'static str },
    /// 422
    #[error("{} must be {expected}", field.unwrap_or("the body"))]
    WrongType { field: Option<&'static str>, expected: &'static str },
    /// 422
    #[error("{0}")]
    BadEnsemble(String),
    /// 422
    #[error(transparent)]
    Implausible(Implausible),
    /// 422
    #[error("{field} must be {expected}")]
    BadItem { field: String, expected: &'static str },
    /// 422
    #[error("the message is blank")]
    Blank,
    /// 422
    #[error("{field} is blank")]
    BlankItem { field: String },
    /// 429
    #[error("too many requests; try again in {} s", whole_seconds(*retry_after))]
    RateLimited { retry_after: Duration },
    /// 500
    #[error("the analysis failed; this is a bug, and the message has not been judged")]
    Failed,
    /// 503
    #[error("nothing was stored, and messages are judged as before: {0}")]
    NotStored(String),
    /// 503
    #[error("no models are loaded that could be asked other labels; see /health")]
    ModelsAway,
    /// 503
    #[error("the service is starting; try again in a second")]
    Starting,
    /// 503
    #[error("too many messages are waiting; try again in {} s", retry_after.as_secs())]
    Overloaded { retry_after: Duration },
    /// 503
    #[error("too many dashboards are open; try again in 5 s")]
    TooManyWatch,
    /// 503
    #[error("the service is shutting down; try again in a second")]
    ShuttingDown,
    /// 504
    #[error("no answer within {limit_ms} ms (server.request_timeout_ms); the message has not been judged")]
    Timeout { limit_ms: u64 },
}

impl ApiError {
    /// The table: status, code, and the type that the `detail` list carries.
    pub(crate) fn row(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            ApiError::NotJson(_) => (StatusCode::BAD_REQUEST, "invalid_json", "json_invalid"),
            ApiError::Incomplete => (StatusCode::BAD_REQUEST, "incomplete_body", "json_invalid"),
            ApiError::Unauthorized(_) => (StatusCode::UNAUTHORIZED, "unauthorized", "unauthorized"),
            ApiError::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden", "forbidden"),
            ApiError::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "unavailable"),
            ApiError::NoSuchLabelSet { status_is_404: false, .. } => {
                (StatusCode::BAD_REQUEST, "unknown_label_set", "value_error")
            }
            ApiError::NoSuchLabelSet { .. } => (StatusCode::NOT_FOUND, "unknown_label_set", "not_found"),
            ApiError::LabelsRefused => (StatusCode::CONFLICT, "labels_refused", "value_error"),
            ApiError::NotFound => (StatusCode::NOT_FOUND, "not_found", "not_found"),
            ApiError::UnknownModel => (StatusCode::NOT_FOUND, "unknown_model", "not_found"),
            ApiError::WrongMethod => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "method_not_allowed")
            }
            ApiError::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "value_error"),
            ApiError::MessageTooLong { .. } | ApiError::ItemTooLong { .. } => {
                (StatusCode::PAYLOAD_TOO_LARGE, "message_too_long", "string_too_long")
            }
            ApiError::Missing { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "missing_field", "missing"),
            ApiError::WrongType { .. } | ApiError::BadItem { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "wrong_type", "type_error")
            }
            ApiError::LearningOff => (StatusCode::CONFLICT, "learning_disabled", "value_error"),
            ApiError::NotStored(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "learning_unavailable", "unavailable")
            }
            ApiError::Implausible(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "implausible_feedback", "value_error")
            }
            ApiError::BadEnsemble(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_ensemble", "value_error"),
            ApiError::Blank | ApiError::BlankItem { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "blank_message", "string_too_short")
            }
            ApiError::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "internal_error"),
            ApiError::ModelsAway => (StatusCode::SERVICE_UNAVAILABLE, "models_unavailable", "unavailable"),
            ApiError::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting", "unavailable"),
            ApiError::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "unavailable"),
            ApiError::TooManyWatch => (StatusCode::SERVICE_UNAVAILABLE, "too_many_watch", "unavailable"),
            ApiError::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "unavailable"),
            ApiError::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout", "unavailable"),
        }
    }

    /// The field of the body that is to blame.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            ApiError::Missing { field } => Some(field),
            ApiError::WrongType { field, .. } => *field,
            ApiError::BadItem { field, .. }
            | ApiError::ItemTooLong { field, .. }
            | ApiError::BlankItem { field } => Some(field),
            ApiError::Blank | ApiError::MessageTooLong { .. } => Some("message"),
            _ => None,
        }
    }

    /// When trying again makes sense.
    fn retry_after(&self) -> Option<u64> {
        match self {
            ApiError::Overloaded { retry_after } => Some(retry_after.as_secs()),
            ApiError::RateLimited { retry_after } => Some(whole_seconds(*retry_after)),
            ApiError::NotStored(_) | ApiError::TooManyWatch => Some(5),
            ApiError::ModelsAway | ApiError::Starting | ApiError::ShuttingDown | ApiError::Timeout { .. } => {
                Some(1)
            }
            _ => None,
        }
    }
}

impl ApiError {
    /// What the body says of it.
    pub(crate) fn told(&self) -> Told {
        let (_, code, _) = self.row();
        Told { code, message: self.to_string(), field: self.field().map(str::to_owned) }
    }
}

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorAnswer {
    error: Told,
    /// The same as FastAPI says it, for clients of the replaced service.
    detail: Vec<Detail>,
}

/// What is wrong. It never repeats what was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Told {
    /// One word for programs.
    #[schema(examples("missing_field"))]
    code: &'static str,
    /// One sentence for people.
    #[schema(examples("message is required"))]
    message: String,
    /// The field of the body that is to blame.
    #[schema(required, examples("message"))]
    field: Option<String>,
}

/// One mistake.
#[derive(Debug, Serialize, ToSchema)]
struct Detail {
    /// Where: `body` and a field, or `request`.
    #[schema(examples("body", "message"))]
    loc: Vec<String>,
    /// The sentence.
    #[schema(examples("message is required"))]
    msg: String,
    /// The kind, in FastAPI's words.
    #[schema(examples("missing"))]
    r#type: &'static str,
}

impl ErrorAnswer {
    /// What is said of `error`.
    pub(crate) fn of(error: &ApiError) -> Self {
        let (status, _, kind) = error.row();
        let place = match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                "body"
            }
            _ => "request",
        };
        let loc = std::iter::once(place).chain(error.field()).map(str::to_owned).collect();
        let detail = vec![Detail { loc, msg: error.to_string(), r#type: kind }];
        ErrorAnswer { error: error.told(), detail }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.row().0;
        let mut response = (status, Json(ErrorAnswer::of(&self))).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // Whoever was asked in another dialect says the same in that one; see `dialect`.
        response.extensions_mut().insert(self);
        response
    }
}

/// Rounded up, at least 1: whoever comes back then is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl From<AnalyzeError> for ApiError {
    fn from(error: AnalyzeError) -> Self {
        match error {
            AnalyzeError::Overloaded { retry_after } => ApiError::Overloaded { retry_after },
            AnalyzeError::Late => ApiError::Overloaded { retry_after: Duration::from_secs(1) },
            AnalyzeError::Closed => ApiError::ShuttingDown,
            AnalyzeError::Failed => ApiError::Failed,
        }
    }
}

impl From<FeedbackError> for ApiError {
    fn from(error: FeedbackError) -> Self {
        match error {
            FeedbackError::Off => ApiError::LearningOff,
            FeedbackError::Failed(error) => {
                tracing::error!(%error, "feedback could not be stored or read");
                ApiError::NotStored(match error {
                    LearnError::Store(error) if error.is_passing() => error.to_string(),
                    // It names files, which are no client's business.
                    _ => "the learning database cannot be used; the log says why".to_owned(),
                })
            }
        }
    }
}

impl From<EnsembleError> for ApiError {
    fn from(error: EnsembleError) -> Self {
        match error {
            EnsembleError::Failed(why) => {
                tracing::error!(why, "the ensemble could not be set");
                ApiError::Failed
            }
            // Names and figures of the configuration; what was asked for was checked to be a number.
            error => ApiError::BadEnsemble(error.to_string()),
        }
    }
}

impl From<TextError> for ApiError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Blank => ApiError::Blank,
            TextError::TooLong { limit, .. } => ApiError::MessageTooLong { limit },
        }
    }
}
