//! Asks a running Ash-NLP about messages, and prints what it says of each.

use std::error::Error;
use std::io::{Write, stdout};

use serde_json::{Value, json};

/// The verdict on one message, by the service at an address such as `http://localhost:8881`.
pub(crate) fn judged(service: &str, message: &str) -> Result<Value, ureq::Error> {
    let body = json!({ "message": message });
    ureq::post(format!("{service}/analyze")).send_json(body)?.body_mut().read_json()
}

/// Writes level and reason of each message.
pub(crate) fn tell(service: &str, messages: &[&str], to: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for message in messages {
        let verdict = judged(service, message)?;
        let (level, why) = (verdict["level"].as_str(), verdict["reasoning"].as_str());
        writeln!(to, "{}: {}", level.unwrap_or("?"), why.unwrap_or("?"))?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    tell("http://localhost:8881", &["hello", "i just feel so empty lately"], &mut stdout())
}
