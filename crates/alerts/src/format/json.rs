//! JSON for any other receiver; docs/alerts.md describes it.

use serde_json::{Value, json};

use super::words;
use crate::clock;
use crate::notice::{Notice, Summary, Told};

/// Changes when a receiver that was written for it would fail; new keys do not change it.
const VERSION: u32 = 1;

pub(super) fn body(notice: &Notice) -> Value {
    match notice {
        Notice::Alert(told) => alert(told),
        Notice::Summary(summary) => self::summary(summary),
        Notice::Test { id, at } => json!({
            "version": VERSION,
            "type": "test",
            "id": id,
            "at": clock::stamp(*at),
            "reason": words::TEST,
        }),
    }
}

fn alert(told: &Told) -> Value {
    let mut body = json!({
        "version": VERSION,
        "type": "alert",
        "id": told.id,
        "at": clock::stamp(told.at),
        "level": told.level,
        "score": told.score,
        "confidence": told.confidence,
        "action": told.action,
        "reason": told.reason,
        "categories": told.categories,
        "is_degraded": told.is_degraded,
        "requires_staff_review": told.requires_staff_review,
        "person": told.person,
        "channel": told.channel,
    });
    if let (Some(text), Some(body)) = (&told.text, body.as_object_mut()) {
        body.insert("text".into(), json!(text));
    }
    body
}

fn summary(summary: &Summary) -> Value {
    let levels = summary.levels().map(|(level, count)| (level.as_str().to_owned(), json!(count)));
    json!({
        "version": VERSION,
        "type": "summary",
        "id": summary.id,
        "at": clock::stamp(summary.until),
        "level": summary.highest(),
        "count": summary.count(),
        "levels": levels.collect::<serde_json::Map<_, _>>(),
        "since": clock::stamp(summary.since),
        "until": clock::stamp(summary.until),
        "reason": words::summary_text(summary),
    })
}
