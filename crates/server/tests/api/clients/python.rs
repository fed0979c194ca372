//! JSON as Python writes it: what the real clients put on the wire, byte for byte.

use std::fmt::Write;

use serde_json::Value;

/// As `json.dumps` does by default, which aiohttp and requests use: a space after each comma and colon, and everything
/// beyond ASCII as escaped UTF-16 units.
pub(crate) fn dumps(value: &Value) -> String {
    let mut text = String::new();
    put(&mut text, value);
    text
}

fn put(text: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            text.push('{');
            for (i, (name, value)) in members.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                put_string(text, name);
                text.push_str(": ");
                put(text, value);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (i, value) in items.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                put(text, value);
            }
            text.push(']');
        }
        Value::String(string) => put_string(text, string),
        other => text.push_str(&other.to_string()),
    }
}

fn put_string(text: &mut String, string: &str) {
    // serde_json escapes what must be escaped; what remains beyond ASCII is escaped here.
    for c in Value::from(string).to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
}

#[test]
fn it_is_what_python_prints() {
    // python3 -c 'import json; print(json.dumps({"message": "é \U0001F3F3\n\"", "n": [1, 2.5, None, True]}))'
    let value = serde_json::json!({"message": "é \u{1F3F3}\n\"", "n": [1, 2.5, null, true]});
    let printed = r#"{"message": "\u00e9 \ud83c\udff3\n\"", "n": [1, 2.5, null, true]}"#;
    assert_eq!(dumps(&value), printed);
}
