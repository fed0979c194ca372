//! The routes, one file a noun. Whatever matches none of them answers in the same JSON shape, or in that of the
//! protocol whose path it is (`dialect`).

mod analyze;
mod batch;
pub(crate) mod dashboard;
mod ensemble;
mod health;
mod labels;
mod learning;
mod metrics;
pub(crate) mod moderations;
pub(crate) mod oip;
mod openapi;
mod stats;
mod status;
pub(crate) mod table;
mod thresholds;

pub use table::routes;

use std::any::Any;
use std::sync::Arc;

use ash_runtime::CorsSettings;
use ash_runtime::telemetry::HandlerPanicked;
use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::browser;
use crate::envelope::envelope;
use crate::error::ApiError;
use crate::guard::guard;

/// All routes with what surrounds them.
pub(crate) fn router(app: Arc<App>, cors: &CorsSettings) -> Router {
    let told = Arc::clone(&app);
    let routes = Router::new()
        .route("/", get(dashboard::page::page))
        .route("/events", get(dashboard::events::events))
        .route("/analyze", post(analyze::analyze))
        .route("/analyze/batch", post(batch::batch))
        .route("/analyze_false_positive", post(learning::false_positive))
        .route("/analyze_false_negative", post(learning::false_negative))
        .route("/update_learning_model", post(learning::update_model))
        .route("/learning_statistics", get(learning::statistics))
        .route("/ensemble/config", get(ensemble::config))
        .route("/ensemble/set-weights", post(ensemble::set_weights))
        .route("/ensemble/refresh-weights", post(ensemble::refresh_weights))
        .route("/admin/labels/current", get(labels::current))
        .route("/admin/labels/list", get(labels::list))
        .route("/admin/labels/details/{name}", get(labels::details))
        .route("/admin/labels/validate", get(labels::validate))
        .route("/admin/labels/switch", post(labels::switch))
        .route("/admin/thresholds/status", get(thresholds::status))
        .route("/health", get(health::health))
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/stats", get(stats::stats))
        .route("/status", get(status::status))
        .route("/v1/moderations", post(moderations::moderations))
        .merge(oip::routes())
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::page::docs))
        .route("/docs/", get(openapi::page::index))
        .route("/docs/{*file}", get(openapi::page::asset))
        .method_not_allowed_fallback(|| async { ApiError::WrongMethod })
        .fallback(|| async { ApiError::NotFound })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| panicked(&told)));
    // Outside the guard: a browser asks what it may do before it shows a key.
    let routes = match browser::cors(cors) {
        Some(layer) => routes.layer(layer),
        None => routes,
    };
    routes
        .layer(middleware::from_fn_with_state(Arc::clone(&app), envelope))
        .layer(middleware::map_response(browser::secured))
        .with_state(app)
}

/// The panic's own text may quote the message, so it goes nowhere.
fn panicked(app: &App) -> Response {
    app.count(&HandlerPanicked);
    ApiError::Failed.into_response()
}
