//! GET /docs: the document for people. Swagger UI, embedded; the page asks nobody but this service.

use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_swagger_ui::Config;

use crate::error::ApiError;

/// Relative, so that it is found behind a proxy's prefix too.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // No badge of a validator somewhere else.
    let config = Config::from("../openapi.json").use_base_layout().validator_url("none");
    Arc::new(config.display_request_duration(true).deep_linking(true).default_models_expand_depth(0))
});

/// What the page needs and no more: its own files and this service. Styles are set by script, and icons stand in the
/// style sheet.
const POLICY: (HeaderName, HeaderValue) = (
    header::CONTENT_SECURITY_POLICY,
    HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
);

/// To the page itself; its files are found beside it.
pub(in crate::routes) async fn docs() -> impl IntoResponse {
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "docs/")])
}

/// The page.
pub(in crate::routes) async fn index() -> Response {
    file("index.html")
}

/// One of the page's files.
pub(in crate::routes) async fn asset(name: Result<Path<String>, PathRejection>) -> Response {
    name.map_or_else(|_| ApiError::NotFound.into_response(), |Path(name)| file(&name))
}

fn file(name: &str) -> Response {
    match utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            let content_type = [(header::CONTENT_TYPE, file.content_type)];
            ([POLICY], content_type, file.bytes).into_response()
        }
        Ok(None) => ApiError::NotFound.into_response(),
        Err(_) => ApiError::Failed.into_response(),
    }
}
