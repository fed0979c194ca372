//! Errors as the protocol tells them: `{"error": "…"}`.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InferenceError)]
pub(crate) struct Told {
    /// A sentence for people; it never repeats what was sent.
    error: String,
}

/// Status and body. What is wrong with the tensors is 400, as the protocol has it; all other statuses are the same.
pub(crate) fn told(error: &ApiError) -> (StatusCode, Json<Told>) {
    let status = match error {
        ApiError::ItemTooLong { .. } => StatusCode::BAD_REQUEST,
        _ => match error.row().0 {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        },
    };
    (status, Json(Told { error: error.to_string() }))
}
