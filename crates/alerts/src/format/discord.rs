//! An embed for a webhook of Discord, within its limits: 256 characters a title, 1,024 a field, 6,000 in all.

use ash_analysis::Level;
use serde_json::{Value, json};

use super::plain::{code_block, cut, unformatted};
use super::words;
use crate::clock;
use crate::notice::{Notice, Summary, Told};

const TITLE: usize = 256;
const DESCRIPTION: usize = 1_024;
const FIELD: usize = 1_024;
/// Of short fields, which keeps the whole far below its limit.
const SHORT: usize = 256;

pub(super) fn body(notice: &Notice) -> Value {
    let embed = match notice {
        Notice::Alert(told) => alert(told),
        Notice::Summary(summary) => self::summary(summary),
        Notice::Test { id, at } => embed(words::TEST_TITLE, words::TEST, Level::None, *at, &[request(id)]),
    };
    // Whatever stands in a text, nobody is pinged.
    json!({ "allowed_mentions": { "parse": [] }, "embeds": [embed] })
}

fn alert(told: &Told) -> Value {
    let mut fields = vec![
        field("Advice", &sentence(words::advice(told.action)), false),
        field("Score", &words::score(told), true),
    ];
    if let Some(categories) = words::categories(told) {
        fields.push(field("About", &cut(&unformatted(&categories), SHORT), true));
    }
    if told.requires_staff_review {
        fields.push(field("Needs review", words::REVIEW, true));
    }
    if told.is_degraded {
        fields.push(field("Degraded", words::DEGRADED, true));
    }
    for (name, code) in [("Person", &told.person), ("Channel", &told.channel)] {
        if let Some(code) = code {
            fields.push(field(name, &code_of(code), true));
        }
    }
    if let Some(text) = &told.text {
        fields.push(field("Message", &code_block(text, FIELD), false));
    }
    fields.push(request(&told.id));
    embed(&words::title(told), &unformatted(&told.reason), told.level, told.at, &fields)
}

fn summary(summary: &Summary) -> Value {
    let (title, text) = (words::summary_title(summary), words::summary_text(summary));
    embed(&title, &text, summary.highest(), summary.until, &[request(&summary.id)])
}

fn embed(title: &str, description: &str, level: Level, at: clock::Millis, fields: &[Value]) -> Value {
    json!({
        "title": cut(title, TITLE),
        "description": cut(description, DESCRIPTION),
        "color": colour(level),
        "timestamp": clock::stamp(at),
        "fields": fields,
        "footer": { "text": words::FOOTER },
    })
}

fn request(id: &str) -> Value {
    field("Request", &code_of(id), false)
}

fn field(name: &str, value: &str, inline: bool) -> Value {
    json!({ "name": name, "value": value, "inline": inline })
}

/// In one line of code, which cannot be formatted.
fn code_of(text: &str) -> String {
    format!("`{}`", cut(&text.replace(['`', '\n'], " "), SHORT))
}

fn sentence(words: &str) -> String {
    let mut sentence = words.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence + "."
}

/// Red for what cannot wait, through orange and yellow to blue; grey for what is nothing.
const fn colour(level: Level) -> u32 {
    match level {
        Level::Critical => 0x00B3_261E,
        Level::High => 0x00E8_710A,
        Level::Medium => 0x00F2_B600,
        Level::Low => 0x001A_73E8,
        Level::None => 0x0080_868B,
    }
}
