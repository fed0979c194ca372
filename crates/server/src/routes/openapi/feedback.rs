//! What reports of staff look like. Never filled, as all of `bodies`.

#![expect(dead_code, reason = "they only describe")]

use ash_analysis::Level;
use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, RefOr, Required};
use utoipa::{Modify, ToSchema};

use super::bodies::message;

/// A verdict that was too high.
#[derive(ToSchema)]
pub(crate) struct FalsePositiveBody {
    /// The message that was judged. Only a keyed hash of it is stored, unless `learning.keep_text` is on.
    #[schema(schema_with = message)]
    message: String,
    /// The level that the service gave.
    #[schema(schema_with = higher)]
    detected_level: Level,
    /// The level that is right, below the other.
    #[schema(schema_with = lower)]
    correct_level: Level,
    /// What the client knows beside it. An object, of which no text is kept; anything else is ignored.
    context: Option<Value>,
    /// The client's own figure; what is no number is ignored.
    severity_score: Option<Value>,
    /// The client's own id of this report. Without one it is made of what is reported.
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]+$")]
    record_id: Option<String>,
}

/// A verdict that was too low.
#[derive(ToSchema)]
pub(crate) struct FalseNegativeBody {
    /// The message that was judged. Only a keyed hash of it is stored, unless `learning.keep_text` is on.
    #[schema(schema_with = message)]
    message: String,
    /// The level that is right, above the other.
    #[schema(schema_with = higher)]
    should_detect_level: Level,
    /// The level that the service gave.
    #[schema(schema_with = lower)]
    actually_detected: Level,
    /// What the client knows beside it. An object, of which no text is kept; anything else is ignored.
    context: Option<Value>,
    /// The client's own figure; what is no number is ignored.
    severity_score: Option<Value>,
    /// The client's own id of this report. Without one it is made of what is reported.
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]+$")]
    record_id: Option<String>,
}

/// A report under other names; none without `record_type`.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum UpdateBody {
    /// A verdict was too high.
    FalsePositive(FalsePositiveRecord),
    /// A verdict was too low.
    FalseNegative(FalseNegativeRecord),
    /// Nothing is reported: the shifts are calculated anew.
    Refresh(Refresh),
}

/// The one body that may be missing, which the macro can only say of one that may be null.
pub(super) struct MayBeMissing;

impl Modify for MayBeMissing {
    fn modify(&self, document: &mut OpenApi) {
        let item = document.paths.paths.get_mut("/update_learning_model");
        let operation = item.and_then(|item| item.post.as_mut());
        if let Some(RefOr::T(body)) = operation.and_then(|operation| operation.request_body.as_mut()) {
            body.required = Some(Required::False);
        }
    }
}

/// A verdict that was too high, under other names.
#[derive(ToSchema)]
pub(crate) struct FalsePositiveRecord {
    #[schema(schema_with = false_positive)]
    record_type: String,
    message_data: MessageData,
    correction_data: TooHigh,
    /// As `context` of the reports.
    context_data: Option<Value>,
}

/// A verdict that was too low, under other names.
#[derive(ToSchema)]
pub(crate) struct FalseNegativeRecord {
    #[schema(schema_with = false_negative)]
    record_type: String,
    message_data: MessageData,
    correction_data: TooLow,
    /// As `context` of the reports.
    context_data: Option<Value>,
}

/// Nothing is reported.
#[derive(ToSchema)]
pub(crate) struct Refresh {
    #[schema(schema_with = null, required = false)]
    record_type: Option<String>,
}

/// The message that was judged.
#[derive(ToSchema)]
pub(crate) struct MessageData {
    #[schema(schema_with = message)]
    content: String,
}

/// What was wrong, and what is right.
#[derive(ToSchema)]
pub(crate) struct TooHigh {
    #[schema(schema_with = higher)]
    detected_level: Level,
    #[schema(schema_with = lower)]
    correct_level: Level,
    /// The client's own figure; what is no number is ignored.
    severity_score: Option<Value>,
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]+$")]
    record_id: Option<String>,
}

/// What was wrong, and what is right.
#[derive(ToSchema)]
pub(crate) struct TooLow {
    #[schema(schema_with = higher)]
    should_detect_level: Level,
    #[schema(schema_with = lower)]
    actually_detected: Level,
    /// The client's own figure; what is no number is ignored.
    severity_score: Option<Value>,
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]+$")]
    record_id: Option<String>,
}

/// The higher of two levels.
fn higher() -> Object {
    words(Level::ALL.map(Level::as_str)[1..].iter().copied())
}

/// The lower of two levels; `safe` is none.
fn lower() -> Object {
    words(Level::ALL.map(Level::as_str)[..4].iter().copied().chain(["safe"]))
}

fn false_positive() -> Object {
    words(["false_positive"])
}

fn false_negative() -> Object {
    words(["false_negative"])
}

fn words(allowed: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(allowed)).build()
}

fn null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}
