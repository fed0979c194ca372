//! What browsers are told: which pages may read answers, and what may not be done with one.

use ash_runtime::CorsSettings;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use tower_http::cors::CorsLayer;

use crate::auth::KEY_HEADER;

/// Lets the pages of the configured origins read answers. None without any: then no header is ever sent, and
/// a browser keeps answers from all pages of other sites.
pub(crate) fn cors(settings: &CorsSettings) -> Option<CorsLayer> {
    if settings.allowed_origins.is_empty() {
        return None;
    }
    let origins = settings.allowed_origins.iter();
    let origins: Vec<HeaderValue> =
        origins.filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok()).collect();
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static(KEY_HEADER),
            HeaderName::from_static("traceparent"),
        ])
        .expose_headers(
            ["x-request-id", "x-cache", "server-timing", "retry-after"].map(HeaderName::from_static),
        )
        .max_age(std::time::Duration::from_secs(600));
    Some(layer)
}

/// Answers are data about people: not to be guessed at, framed, run, embedded or kept.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the security headers that a route has not set itself.
pub(crate) async fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
