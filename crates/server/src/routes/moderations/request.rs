//! What a client of the moderation endpoint sends.

use ash_analysis::MessageText;
use serde_json::Value;

use crate::error::ApiError;
use crate::request::{MAX_BATCH, item, object, string};

/// A text to judge; none if there is nothing to read in it.
pub(super) type Input = Option<MessageText>;

/// The body: `input` is one string, 1 to 100 strings, or the parts of one message (`{"type":"text","text":…}`);
/// `model` is any string.
pub(super) struct ModerationRequest {
    /// One result each.
    pub(super) inputs: Vec<Input>,
}

/// What `input` may be.
const INPUT: &str = "a string, a list of 1 to 100 strings, or a list of 1 to 100 text parts";

impl ModerationRequest {
    /// Reads a JSON body; `limit` is the longest text in bytes.
    pub(super) fn parse(body: &[u8], limit: usize) -> Result<Self, ApiError> {
        let fields = object(body)?;
        string(&fields, "model")?;
        let inputs = match fields.get("input") {
            None => return Err(ApiError::Missing { field: "input" }),
            Some(Value::String(text)) => vec![item(text, || "input".to_owned(), limit)?],
            Some(Value::Array(items)) if (1..=MAX_BATCH).contains(&items.len()) => {
                if items.iter().any(Value::is_object) {
                    vec![parts(items, limit)?]
                } else {
                    texts(items, limit)?
                }
            }
            Some(_) => return Err(ApiError::WrongType { field: Some("input"), expected: INPUT }),
        };
        Ok(ModerationRequest { inputs })
    }
}

fn texts(items: &[Value], limit: usize) -> Result<Vec<Input>, ApiError> {
    let text = |(i, value): (usize, &Value)| match value {
        Value::String(text) => item(text, || format!("input[{i}]"), limit),
        _ => Err(ApiError::BadItem { field: format!("input[{i}]"), expected: "a string" }),
    };
    items.iter().enumerate().map(text).collect()
}

/// Parts are one message, as there: they are read together, a line each, and have one result.
fn parts(items: &[Value], limit: usize) -> Result<Input, ApiError> {
    let lines = items.iter().enumerate().map(|(i, part)| line(i, part));
    let message = lines.collect::<Result<Vec<&str>, ApiError>>()?.join("\n");
    item(&message, || "input".to_owned(), limit)
}

fn line(i: usize, part: &Value) -> Result<&str, ApiError> {
    let bad = |key: &str, expected| Err(ApiError::BadItem { field: format!("input[{i}]{key}"), expected });
    let Value::Object(part) = part else { return bad("", "an object, as the other parts are") };
    match part.get("type").and_then(Value::as_str) {
        Some("text") => match part.get("text") {
            Some(Value::String(text)) => Ok(text),
            _ => bad(".text", "a string"),
        },
        Some("image_url") => bad(".type", "text; images are not judged here"),
        _ => bad(".type", "text"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(input: &Value) -> Result<Vec<Option<String>>, ApiError> {
        let request = ModerationRequest::parse(json!({ "input": input }).to_string().as_bytes(), 20)?;
        Ok(request.inputs.into_iter().map(|text| text.map(|text| text.expose().to_owned())).collect())
    }

    #[test]
    fn a_string_and_parts_are_one_input_and_strings_are_one_each() {
        let some = |text: &str| Some(text.to_owned());
        let part = |text: &str| json!({"type": "text", "text": text});
        for (input, inputs) in [
            (json!("hi"), vec![some("hi")]),
            (json!(["hi"]), vec![some("hi")]),
            (json!(["hi", " ", "you"]), vec![some("hi"), None, some("you")]),
            (json!([part("hi"), part("you")]), vec![some("hi\nyou")]),
            (json!([part(""), part(" ")]), vec![None]),
            (json!(""), vec![None]),
        ] {
            assert_eq!(read(&input), Ok(inputs), "{input}");
        }
    }

    #[test]
    fn what_is_too_long_is_named_by_its_place_and_parts_count_together() {
        let long = "a".repeat(21);
        let part = json!({"type": "text", "text": "a".repeat(10)});
        for (input, place) in
            [(json!(long), "input"), (json!(["hi", long]), "input[1]"), (json!([part, part]), "input")]
        {
            let error = read(&input).unwrap_err();
            assert_eq!(error, ApiError::ItemTooLong { field: place.to_owned(), limit: 20 }, "{input}");
        }
    }
}
