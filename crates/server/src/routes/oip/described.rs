//! What requests look like. They are parsed by hand (`request`), so these types are never filled.

#![expect(dead_code, reason = "they only describe")]

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::{Array, ArrayBuilder, OneOfBuilder, Type};

use super::tensor::{Input, Output};
use crate::routes::openapi::bodies::message;

/// Texts to be judged, and what is wanted to know of them.
#[derive(ToSchema)]
pub(crate) struct InferBody {
    /// Comes back in the answer.
    id: Option<String>,
    /// Let through.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    /// One.
    #[schema(min_items = 1, max_items = 1)]
    inputs: Vec<InferInput>,
    /// Those that are wanted; all if none is named. None twice.
    outputs: Option<Vec<WantedOutput>>,
}

/// A tensor of texts.
#[derive(ToSchema)]
struct InferInput {
    name: Input,
    /// `[n]` or `[n, 1]`, with n texts.
    #[schema(schema_with = shape)]
    shape: Value,
    #[schema(inline)]
    datatype: InputType,
    /// Let through, but for those that would change where the texts lie or how they are to be read.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    /// The texts; a list of strings, or of lists of one. A text has at most `server.max_message_bytes` in UTF-8, and
    /// something to read in it.
    #[schema(schema_with = texts)]
    data: Value,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum InputType {
    Bytes,
}

/// A wanted output.
#[derive(ToSchema)]
struct WantedOutput {
    name: Output,
    /// Let through, but for `classification` and `shared_memory_region`. The answer is JSON whatever `binary_data`
    /// says.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
}

/// The name of the one model.
#[derive(Serialize, ToSchema)]
pub(crate) enum ModelName {
    #[serde(rename = "ash-nlp")]
    AshNlp,
}

/// The one version of its tensors.
#[derive(Serialize, ToSchema)]
pub(crate) enum ModelVersion {
    #[serde(rename = "1")]
    One,
}

fn shape() -> Array {
    let size = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(100));
    ArrayBuilder::new().items(size).min_items(Some(1)).max_items(Some(2)).build()
}

fn texts() -> Array {
    let row = ArrayBuilder::new().items(message()).min_items(Some(1)).max_items(Some(1));
    let element = OneOfBuilder::new().item(message()).item(row);
    ArrayBuilder::new().items(element).min_items(Some(1)).max_items(Some(100)).build()
}
