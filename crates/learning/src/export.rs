//! Records as lines of JSON: to look at, to move, to retrain by.

use ash_analysis::Level;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::feedback::Kind;
use crate::moment::Moment;
use crate::record::{Record, RecordId};

/// A record as one object. With its text it is a labelled message as well, with the members that rows of a corpus have:
/// `text`, what staff say it is in `level`, and in `category` how the verdict was wrong.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a RecordId,
    kind: Kind,
    given: Level,
    correct: Level,
    score: Option<f64>,
    text_hash: &'a str,
    context: &'a Map<String, Value>,
    at: Moment,
    #[serde(flatten)]
    row: Option<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    text: &'a str,
    level: Level,
    category: Kind,
}

/// The record as one line of JSON, without the line's end. The message is in it only `with_text`, and only if it was
/// kept.
pub fn export_line(record: &Record, with_text: bool) -> String {
    let text = record.text.as_deref().filter(|_| with_text);
    let line = Line {
        id: &record.id,
        kind: record.kind,
        given: record.given,
        correct: record.correct,
        score: record.score,
        text_hash: &record.text_hash,
        context: &record.context,
        at: record.at,
        row: text.map(|text| Row { text, level: record.correct, category: record.kind }),
    };
    // Strings, and maps of what was read from JSON, can always be written.
    serde_json::to_string(&line).unwrap_or_default()
}
