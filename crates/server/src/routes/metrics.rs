//! GET /metrics: the page that Prometheus scrapes.

use std::sync::Arc;

use ash_runtime::telemetry::CONTENT_TYPE;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::app::App;
use crate::error::ApiError;

/// Figures for Prometheus
///
/// Every metric of docs/metrics.md, as `OpenMetrics`.
#[utoipa::path(get, path = "/metrics", tag = "state", responses(
    (status = 200, description = "The page that Prometheus scrapes.", body = String, content_type = CONTENT_TYPE),
))]
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, ApiError> {
    let page = app.service()?.metrics().await;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], page))
}
