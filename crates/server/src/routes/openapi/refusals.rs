//! What any route may answer instead of its own answer: one definition each, referred to by the operations.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{
    Components, ContentBuilder, HeaderBuilder, Object, ObjectBuilder, OpenApi, Ref, RefOr, Response,
    ResponseBuilder,
};
use utoipa::{Modify, PartialSchema, ToSchema};

use crate::auth::{KeyFault, Role};
use crate::dialect::Dialect;
use crate::error::{ApiError, ErrorAnswer};
use crate::routes::openapi::access::operation;
use crate::routes::table::{Access, ROUTES};
use crate::routes::{moderations, oip};

/// When a refusal is to be expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// Of every route.
    Always,
    /// Of routes that take a role.
    Guarded,
    /// Of routes that read a body.
    Body,
}

/// Status, name, what it means, when.
const REFUSALS: [(&str, &str, &str, When); 9] = [
    ("400", "BadRequest", "The body is not JSON, or ended before it was complete.", When::Body),
    ("401", "Unauthorized", "No key, two different keys, or one that is not known here.", When::Guarded),
    (
        "403",
        "Forbidden",
        "The key's role is not enough. Without keys: only this machine may administer.",
        When::Guarded,
    ),
    ("413", "TooLarge", "The body or the message is longer than configured.", When::Body),
    (
        "422",
        "Unprocessable",
        "A field is missing, has the wrong type, or holds nothing to read; `field` names it.",
        When::Body,
    ),
    ("429", "RateLimited", "Too many requests with this key or from this address.", When::Guarded),
    ("500", "Failed", "A bug. A message that was sent has not been judged.", When::Always),
    (
        "503",
        "Unavailable",
        "Starting, shutting down, or so much is waiting that not even words can be judged.",
        When::Guarded,
    ),
    ("504", "Timeout", "No answer within `server.request_timeout_ms`.", When::Always),
];

/// A refusal of this status, for an example.
fn sample(status: &str) -> Option<ApiError> {
    let second = Duration::from_secs(1);
    Some(match status {
        "400" => ApiError::NotJson("expected value at line 1 column 1".to_owned()),
        "401" => ApiError::Unauthorized(KeyFault::None),
        "403" => ApiError::Forbidden { needs: Role::Admin, has: Role::Read },
        "413" => ApiError::BodyTooLarge { limit: 1_048_576 },
        "422" => ApiError::Missing { field: "message" },
        "429" => ApiError::RateLimited { retry_after: second },
        "500" => ApiError::Failed,
        "503" => ApiError::Overloaded { retry_after: second },
        "504" => ApiError::Timeout { limit_ms: 10_000 },
        _ => return None,
    })
}

/// What is said of `error` in a dialect.
fn body(dialect: Dialect, error: &ApiError) -> Option<Value> {
    let said = match dialect {
        Dialect::Own => serde_json::to_value(ErrorAnswer::of(error)),
        Dialect::OpenAi => serde_json::to_value(moderations::told(error).1.0),
        Dialect::OpenInference => serde_json::to_value(oip::told(error).1.0),
    };
    said.ok()
}

/// Defines the refusals and the headers of all answers, and names them in every operation.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Components::new);
        define(components);
        for (method, path, access) in ROUTES {
            let item = document.paths.paths.get_mut(*path);
            let Some(operation) = item.and_then(|item| operation(item, method)) else { continue };
            let reads = operation.request_body.is_some();
            let responses = &mut operation.responses.responses;
            for (status, name, _, when) in REFUSALS {
                let applies = match when {
                    When::Always => true,
                    When::Guarded => *access != Access::Open,
                    When::Body => reads,
                };
                let dialect = Dialect::of(path);
                if applies && told(dialect, status) {
                    responses
                        .entry(status.to_owned())
                        .or_insert_with(|| Ref::from_response_name(called(dialect, name)).into());
                }
            }
            for response in responses.values_mut() {
                if let RefOr::T(response) = response {
                    response.headers.extend(common_headers(None));
                }
            }
        }
    }
}

const DIALECTS: [Dialect; 3] = [Dialect::Own, Dialect::OpenAi, Dialect::OpenInference];

/// Whether a dialect has this status: 422 is 400 in the others.
fn told(dialect: Dialect, status: &str) -> bool {
    dialect == Dialect::Own || status != "422"
}

/// The name of a refusal in a dialect.
fn called(dialect: Dialect, name: &str) -> String {
    let dialect = match dialect {
        Dialect::Own => "",
        Dialect::OpenAi => "OpenAi",
        Dialect::OpenInference => "Inference",
    };
    format!("{dialect}{name}")
}

fn define(components: &mut Components) {
    let mut schemas = vec![
        (ErrorAnswer::name().into_owned(), ErrorAnswer::schema()),
        (moderations::Told::name().into_owned(), moderations::Told::schema()),
        (oip::Told::name().into_owned(), oip::Told::schema()),
    ];
    ErrorAnswer::schemas(&mut schemas);
    moderations::Told::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let headers = [
        ("RequestId", text("The id of this request, as in the log and in `request_id`.", "req_[0-9a-f]{32}")),
        ("RetryAfter", seconds("After how many seconds it is worth asking again.")),
        ("Challenge", text("How a key is shown.", "Bearer")),
    ];
    components.headers.extend(headers.map(|(name, header)| (name.to_owned(), header.into())));
    for dialect in DIALECTS {
        let refusals = REFUSALS.iter().filter(|(status, ..)| told(dialect, status));
        let refusals = refusals
            .map(|(status, name, means, _)| (called(dialect, name), refusal(dialect, status, means).into()));
        components.responses.extend(refusals);
    }
}

/// The schema of a dialect's errors.
fn shape(dialect: Dialect) -> Cow<'static, str> {
    match dialect {
        Dialect::Own => ErrorAnswer::name(),
        Dialect::OpenAi => moderations::Told::name(),
        Dialect::OpenInference => oip::Told::name(),
    }
}

fn refusal(dialect: Dialect, status: &str, means: &str) -> Response {
    let means = match (dialect, status) {
        (Dialect::OpenAi | Dialect::OpenInference, "400") => "The body is not JSON, or not as it must be.",
        _ => means,
    };
    let schema = Ref::from_schema_name(shape(dialect));
    let mut response = ResponseBuilder::new()
        .description(means)
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(schema))
                .example(sample(status).and_then(|e| body(dialect, &e)))
                .build(),
        )
        .build();
    response.headers = common_headers(Some(status));
    response
}

/// The headers that an answer carries because of its status; without one those that all carry.
fn common_headers(status: Option<&str>) -> BTreeMap<String, RefOr<Header>> {
    let special = match status {
        Some("401") => Some(("www-authenticate", "Challenge")),
        Some("429" | "503" | "504") => Some(("retry-after", "RetryAfter")),
        _ => None,
    };
    let all = [Some(("x-request-id", "RequestId")), special];
    let header = |name| RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
    all.into_iter().flatten().map(|(header_name, name)| (header_name.to_owned(), header(name))).collect()
}

fn text(means: &str, pattern: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(format!("^{pattern}$")));
    described(means, schema)
}

fn seconds(means: &str) -> Header {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1));
    described(means, schema)
}

fn described(means: &str, schema: impl Into<Object>) -> Header {
    HeaderBuilder::new().schema(Some(schema.into())).description(Some(means)).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_shown_by_one_of_its_status() {
        for (status, name, ..) in REFUSALS {
            let sample = sample(status).expect(name);
            assert_eq!(sample.row().0.as_str(), status, "{name}");
            for dialect in DIALECTS {
                assert!(
                    body(dialect, &sample)
                        .is_some_and(|body| body["error"].is_string() || body["error"].is_object())
                );
            }
        }
    }
}
