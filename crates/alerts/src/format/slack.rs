//! Blocks for an incoming webhook of Slack, within its limits: 150 characters a header, 3,000 a section, 2,000 a field.

use serde_json::{Value, json};

use super::plain::{cleaned, cut, escaped};
use super::words;
use crate::clock::{self, Millis};
use crate::notice::{Notice, Summary, Told};

const HEADER: usize = 150;
const SECTION: usize = 3_000;
const FIELD: usize = 2_000;

pub(super) fn body(notice: &Notice) -> Value {
    match notice {
        Notice::Alert(told) => alert(told),
        Notice::Summary(summary) => self::summary(summary),
        Notice::Test { id, at } => message(words::TEST_TITLE, vec![section(words::TEST)], id, *at),
    }
}

fn alert(told: &Told) -> Value {
    let mut fields = vec![field("Score", &words::score(told))];
    if let Some(categories) = words::categories(told) {
        fields.push(field("About", &categories));
    }
    if told.requires_staff_review {
        fields.push(field("Needs review", words::REVIEW));
    }
    if told.is_degraded {
        fields.push(field("Degraded", words::DEGRADED));
    }
    for (name, code) in [("Person", &told.person), ("Channel", &told.channel)] {
        if let Some(code) = code {
            fields.push(field(name, code));
        }
    }
    let mut blocks = Vec::new();
    // Slack refuses a message with a section of nothing.
    if !cleaned(&told.reason).trim().is_empty() {
        blocks.push(section(&told.reason));
    }
    blocks.push(json!({ "type": "section", "fields": fields }));
    if let Some(text) = told.text.as_ref().filter(|text| !cleaned(text).trim().is_empty()) {
        blocks.push(section("Message:"));
        blocks.push(section(text));
    }
    message(&words::title(told), blocks, &told.id, told.at)
}

fn summary(summary: &Summary) -> Value {
    let blocks = vec![section(&words::summary_text(summary))];
    message(&words::summary_title(summary), blocks, &summary.id, summary.until)
}

/// `title` is also what a notification shows.
fn message(title: &str, blocks: Vec<Value>, id: &str, at: Millis) -> Value {
    let header = json!({ "type": "header", "text": plain(&cut(title, HEADER)) });
    let told = format!("{} Request {id}, {}", words::FOOTER, clock::words(at));
    let context = json!({ "type": "context", "elements": [plain(&escaped(&told, FIELD))] });
    let blocks: Vec<Value> = [header].into_iter().chain(blocks).chain([context]).collect();
    json!({ "text": title, "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": plain(&escaped(text, SECTION)) })
}

fn field(name: &str, value: &str) -> Value {
    plain(&escaped(&format!("{name}: {value}"), FIELD))
}

/// Text in which nothing is formatted, linked, a mention or an emoji.
fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}
