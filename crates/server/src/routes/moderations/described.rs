//! What requests look like. They are parsed by hand (`request`), so these types are never filled.

#![expect(dead_code, reason = "they only describe")]

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// What is to be judged.
#[derive(ToSchema)]
pub(crate) struct ModerationBody {
    /// One text; a list of texts, with a result each; or the parts of one message, read together, a line each, with
    /// one result. A text has at most `server.max_message_bytes` in UTF-8.
    #[schema(schema_with = input)]
    input: Value,
    /// Taken and not looked at; the answer's `model` says what judged.
    #[schema(examples("omni-moderation-latest"))]
    model: Option<String>,
}

/// A part of a message. Images are refused.
#[derive(ToSchema)]
struct ModerationPart {
    #[schema(inline)]
    r#type: PartType,
    text: String,
}

/// What a part may be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PartType {
    Text,
}

fn input() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let list =
        |items: RefOr<Schema>| ArrayBuilder::new().items(items).min_items(Some(1)).max_items(Some(100));
    OneOfBuilder::new().item(text()).item(list(text().into())).item(list(ModerationPart::schema())).into()
}
