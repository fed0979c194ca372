//! What each kind of receiver is sent. Every word that a team reads is in here.
//!
//! `words` (sentences that suggest, for all kinds) · `plain` (text that cannot format, ping or link) · `discord`,
//! `slack`, `json` (one body each).

mod discord;
mod json;
mod plain;
mod slack;
mod words;

use serde_json::Value;

use crate::notice::Notice;
use crate::settings::Kind;

/// The body of a request. The message itself is in it only `with_text`, also if the outbox has it.
pub(crate) fn body(kind: Kind, notice: &Notice, with_text: bool) -> Vec<u8> {
    let mut notice = notice.clone();
    if let (Notice::Alert(told), false) = (&mut notice, with_text) {
        told.text = None;
    }
    let body: Value = match kind {
        Kind::Discord => discord::body(&notice),
        Kind::Slack => slack::body(&notice),
        Kind::Json => json::body(&notice),
    };
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests;
