//! Errors as clients of the OpenAI API read them: `{"error":{"message","type","param","code"}}`.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiError)]
pub(crate) struct Told {
    error: Fault,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenAiFault)]
struct Fault {
    /// A sentence for people; it never repeats what was sent.
    message: String,
    /// `invalid_request_error`, `requests` (too many) or `server_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field to blame.
    #[schema(required)]
    param: Option<String>,
    /// A word for programs.
    code: &'static str,
}

const INVALID: &str = "invalid_request_error";

/// Status and body. What is wrong with the input is 400 there; all other statuses are the same, and so is
/// `Retry-After`, by which the official client tries again.
pub(crate) fn told(error: &ApiError) -> (StatusCode, Json<Told>) {
    let (status, own, _) = error.row();
    let (status, kind, code) = match error {
        ApiError::Missing { .. } => (StatusCode::BAD_REQUEST, INVALID, "missing_required_parameter"),
        ApiError::WrongType { .. } | ApiError::BadItem { .. } => {
            (StatusCode::BAD_REQUEST, INVALID, "invalid_type")
        }
        ApiError::MessageTooLong { .. } | ApiError::ItemTooLong { .. } => {
            (StatusCode::BAD_REQUEST, INVALID, "string_above_max_length")
        }
        ApiError::Unauthorized(_) => (status, INVALID, "invalid_api_key"),
        ApiError::Forbidden { .. } => (status, INVALID, "insufficient_permissions"),
        ApiError::NotFound => (status, INVALID, "unknown_url"),
        ApiError::WrongMethod => (status, INVALID, "method_not_supported"),
        ApiError::RateLimited { .. } => (status, "requests", "rate_limit_exceeded"),
        _ if status == StatusCode::UNPROCESSABLE_ENTITY => (StatusCode::BAD_REQUEST, INVALID, own),
        _ if status.is_server_error() => (status, "server_error", own),
        _ => (status, INVALID, own),
    };
    let fault = Fault { message: error.to_string(), kind, param: error.field().map(str::to_owned), code };
    (status, Json(Told { error: fault }))
}
