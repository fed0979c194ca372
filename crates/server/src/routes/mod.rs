//! The routes, one file a noun. Whatever matches none of them answers in the same JSON shape.

mod analyze;
mod health;
mod metrics;
mod status;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::envelope::envelope;
use crate::error::ApiError;

/// All routes with what surrounds them.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/analyze", post(analyze::analyze))
        .route("/health", get(health::health))
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/status", get(status::status))
        .method_not_allowed_fallback(|| async { ApiError::WrongMethod })
        .fallback(|| async { ApiError::NotFound })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), envelope))
        .with_state(app)
}

/// The panic's own text may quote the message, so it goes nowhere.
fn panicked(_payload: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked; its client was told that the analysis failed");
    ApiError::Failed.into_response()
}
