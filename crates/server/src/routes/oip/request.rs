//! A tensor of texts, and what is wanted to know of them.

use ash_analysis::MessageText;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::tensor::{Datatype, Input, Output};
use crate::error::ApiError;
use crate::request::{MAX_BATCH, item, object, string};

/// The body: one input `text`, BYTES of shape `[n]` or `[n, 1]` with 1 to 100 texts as JSON strings; optionally
/// `outputs`, the names of those that are wanted, and an `id`. Parameters that do not change where data lie, or how
/// they are to be read, are let through.
pub(super) struct InferRequest {
    /// Comes back in the answer.
    pub(super) id: Option<String>,
    pub(super) texts: Vec<MessageText>,
    /// Never empty.
    pub(super) outputs: Vec<Output>,
}

impl InferRequest {
    /// Reads a JSON body; `limit` is the longest text in bytes.
    pub(super) fn parse(body: &[u8], limit: usize) -> Result<Self, ApiError> {
        let fields = object(body)?;
        let id = string(&fields, "id")?.map(str::to_owned);
        parameters(&fields, "", &[])?;
        let outputs = outputs(fields.get("outputs"))?;
        let texts = match fields.get("inputs") {
            None => return Err(ApiError::Missing { field: "inputs" }),
            Some(Value::Array(inputs)) => match inputs.as_slice() {
                [Value::Object(input)] => texts(input, limit)?,
                _ => return Err(not_one_input()),
            },
            Some(_) => return Err(not_one_input()),
        };
        Ok(InferRequest { id, texts, outputs })
    }
}

fn not_one_input() -> ApiError {
    ApiError::WrongType { field: Some("inputs"), expected: "a list of one tensor, text" }
}

fn bad(field: impl Into<String>, expected: &'static str) -> ApiError {
    ApiError::BadItem { field: field.into(), expected }
}

/// The texts of the input.
fn texts(input: &Map<String, Value>, limit: usize) -> Result<Vec<MessageText>, ApiError> {
    if read(input, "name") != Some(Input::Text) {
        return Err(bad("inputs[0].name", "text"));
    }
    if read(input, "datatype") != Some(Datatype::Bytes) {
        return Err(bad("inputs[0].datatype", "BYTES"));
    }
    if let Some(parameters) = parameters(input, "inputs[0].", &["binary_data_size", "shared_memory_region"])?
        && parameters.get("content_type").is_some_and(|kind| kind != "str")
    {
        return Err(bad("inputs[0].parameters.content_type", "str"));
    }
    let count = count(input.get("shape"))?;
    let mut flat = Vec::new();
    let Some(data @ Value::Array(_)) = input.get("data") else {
        return Err(bad("inputs[0].data", "a list of strings"));
    };
    flatten(data, &mut flat);
    if flat.len() != count {
        return Err(bad("inputs[0].data", "as many strings as its shape says"));
    }
    let place = |i: usize| format!("inputs[0].data[{i}]");
    let text = |(i, value): (usize, &Value)| match value {
        Value::String(text) => item(text, || place(i), limit)?.ok_or(ApiError::BlankItem { field: place(i) }),
        _ => Err(bad(place(i), "a string")),
    };
    flat.into_iter().enumerate().map(text).collect()
}

/// How many texts the shape says.
fn count(shape: Option<&Value>) -> Result<usize, ApiError> {
    let wrong = || bad("inputs[0].shape", "[n] or [n, 1], with n from 1 to 100");
    let Some(Value::Array(shape)) = shape else { return Err(wrong()) };
    let count = match shape.as_slice() {
        [count] => count,
        [count, one] if one.as_u64() == Some(1) => count,
        _ => return Err(wrong()),
    };
    let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
    count.filter(|count| (1..=MAX_BATCH).contains(count)).ok_or_else(wrong)
}

/// The elements in row-major order: the protocol lets data be nested or flat. The parser bounds the depth.
fn flatten<'a>(data: &'a Value, flat: &mut Vec<&'a Value>) {
    match data {
        Value::Array(rows) => rows.iter().for_each(|row| flatten(row, flat)),
        element => flat.push(element),
    }
}

/// What is wanted; all if nothing is named.
fn outputs(wanted: Option<&Value>) -> Result<Vec<Output>, ApiError> {
    let all = || Ok(Output::ALL.to_vec());
    let wanted = match wanted {
        None | Some(Value::Null) => return all(),
        Some(Value::Array(wanted)) if wanted.is_empty() => return all(),
        Some(Value::Array(wanted)) => wanted,
        Some(_) => return Err(ApiError::WrongType { field: Some("outputs"), expected: "a list of outputs" }),
    };
    let mut outputs = Vec::new();
    for (i, value) in wanted.iter().enumerate() {
        let field = format!("outputs[{i}]");
        let Value::Object(value) = value else { return Err(bad(field, "an object with a name")) };
        parameters(value, &format!("{field}."), &["shared_memory_region", "classification"])?;
        match read(value, "name") {
            Some(output) if !outputs.contains(&output) => outputs.push(output),
            Some(_) => return Err(bad(field, "an output that is not asked for twice")),
            None => {
                return Err(bad(
                    format!("{field}.name"),
                    "an output of this model; see GET /v2/models/ash-nlp",
                ));
            }
        }
    }
    Ok(outputs)
}

/// A word that is one of a few.
fn read<'a, T: Deserialize<'a>>(of: &'a Map<String, Value>, field: &str) -> Option<T> {
    of.get(field).and_then(|word| T::deserialize(word).ok())
}

/// The parameters of `of`, which is called `place`. Those in `refused` ask for extensions that there are not here.
fn parameters<'a>(
    of: &'a Map<String, Value>,
    place: &str,
    refused: &[&str],
) -> Result<Option<&'a Map<String, Value>>, ApiError> {
    let field = || format!("{place}parameters");
    match of.get("parameters") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(parameters)) => {
            match refused.iter().find(|name| parameters.contains_key(**name)) {
                Some(name) => Err(bad(
                    format!("{}.{name}", field()),
                    "absent: tensors are JSON here, without extensions of the protocol",
                )),
                None => Ok(Some(parameters)),
            }
        }
        Some(_) => Err(bad(field(), "an object")),
    }
}
