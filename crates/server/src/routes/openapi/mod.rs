//! GET /openapi.json: the interface in OpenAPI 3.1, made from the handlers and the types that they read and write.
//!
//! A route is described where it is written, by `#[utoipa::path]`; [`Document`] lists the handlers. What all routes
//! have in common is said once: `access` adds keys and roles from the table of routes, `refusals` the answers that any
//! of them may give instead of its own. `bodies` and `feedback` describe requests, which are parsed by hand. `page`
//! serves the document to people.

mod access;
pub(super) mod bodies;
pub(super) mod feedback;
pub(super) mod page;
mod refusals;

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use utoipa::OpenApi;
use utoipa::openapi;

use self::access::Keys;
use self::feedback::MayBeMissing;
use self::refusals::Refusals;
use crate::app::App;
use crate::routes::{
    analyze, batch, dashboard, ensemble, health, labels, learning, metrics, moderations, oip, stats, status,
    thresholds,
};

/// Every handler that the document describes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ash-NLP",
        description = "Reads the messages of a community and tells its crisis team which ones need a human now.\n\n\
            A verdict suggests that somebody looks; nobody is contacted or reported. Message text is never \
            logged, and kept only of messages that staff report, if `learning.keep_text` is turned on. Unknown fields \
            of a request are let through; answers may gain fields.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        dashboard::page::page,
        dashboard::events::events,
        analyze::analyze,
        batch::batch,
        health::health,
        health::live,
        health::ready,
        status::status,
        metrics::metrics,
        moderations::moderations,
        oip::model::server,
        oip::health::live,
        oip::health::ready,
        oip::model::metadata,
        oip::model::metadata_by_version,
        oip::model::model_ready,
        oip::model::model_ready_by_version,
        oip::infer::infer,
        oip::infer::infer_by_version,
        ensemble::config,
        ensemble::set_weights,
        ensemble::refresh_weights,
        labels::current,
        labels::list,
        labels::details,
        labels::validate,
        labels::switch,
        thresholds::status,
        learning::false_positive,
        learning::false_negative,
        learning::update_model,
        learning::statistics,
        stats::stats,
        document,
    ),
    tags(
        (name = "verdicts", description = "Messages in, verdicts out."),
        (
            name = "other protocols",
            description = "The same verdicts for clients of the OpenAI API and of the Open Inference Protocol.",
        ),
        (name = "state", description = "How the service is."),
        (name = "learning", description = "What staff say of verdicts."),
        (name = "tuning", description = "How messages are judged, told and changed."),
        (name = "reference", description = "This document."),
    ),
    modifiers(&Keys, &Refusals, &MayBeMissing),
)]
struct Document;

/// The document of a service that asks for keys.
static WITH_KEYS: LazyLock<openapi::OpenApi> = LazyLock::new(Document::openapi);

/// The document of a service without keys: nothing has to be shown to it.
static WITHOUT_KEYS: LazyLock<openapi::OpenApi> = LazyLock::new(|| access::open(Document::openapi()));

/// This document
///
/// The interface in OpenAPI 3.1. Without configured keys no operation asks for one.
#[utoipa::path(get, path = "/openapi.json", operation_id = "openapi", tag = "reference", responses(
    (status = 200, description = "The document.", body = Object),
))]
pub(super) async fn document(State(app): State<Arc<App>>) -> Json<&'static openapi::OpenApi> {
    Json(if app.door.keys.are_required() { &WITH_KEYS } else { &WITHOUT_KEYS })
}
