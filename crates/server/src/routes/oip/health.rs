//! Whether the server lives and is ready.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// The answer of GET /v2/health/live.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerLive {
    /// That it is answered is the answer.
    live: bool,
}

/// Whether the process answers
#[utoipa::path(get, path = "/v2/health/live", operation_id = "inference_live", tag = "other protocols",
    responses(
        (status = 200, description = "It does.", body = ServerLive),
    ),
)]
pub(crate) async fn live() -> Json<ServerLive> {
    Json(ServerLive { live: true })
}

/// The answer of GET /v2/health/ready.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerReady {
    /// Messages should be sent here.
    ready: bool,
}

/// Whether messages should be sent here
///
/// 200 while they should, else 503, as GET /ready.
#[utoipa::path(get, path = "/v2/health/ready", operation_id = "inference_ready", tag = "other protocols",
    responses(
        (status = 200, description = "Ready.", body = ServerReady),
        (status = 503, description = "Not yet, or no longer.", body = ServerReady,
            headers(("retry-after" = u64, description = "After how many seconds to ask again."))),
    ),
)]
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let ready = app.health().ready;
    by_readiness(ready, Json(ServerReady { ready }))
}

/// 503 and when to ask again, unless it is ready.
pub(super) fn by_readiness(ready: bool, answer: impl IntoResponse) -> Response {
    if ready {
        return answer.into_response();
    }
    let again = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
    (StatusCode::SERVICE_UNAVAILABLE, again, answer).into_response()
}
