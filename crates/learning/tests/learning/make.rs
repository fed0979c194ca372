//! Feedback and settings for tests.

use std::path::Path;

use ash_analysis::{Level, MessageText};
use ash_learning::{Feedback, Kind, LearningSettings, Moment, Record, Secret};
use serde_json::json;

/// Noon of some day.
pub(crate) const NOON: Moment = at(20_000, 43_200);

/// That second of that day since the epoch.
pub(crate) const fn at(day: u32, second: u32) -> Moment {
    Moment(day as i64 * 86_400 + second as i64)
}

/// A false positive of `given`.
pub(crate) fn too_high(given: Level, text: &str) -> Feedback {
    let text = MessageText::parse(text).expect("text");
    Feedback::new(Kind::FalsePositive, given, Level::None, text).expect("feedback")
}

/// A false negative of `correct`.
pub(crate) fn too_low(correct: Level, text: &str) -> Feedback {
    let text = MessageText::parse(text).expect("text");
    Feedback::new(Kind::FalseNegative, Level::None, correct, text).expect("feedback")
}

/// A record with everything a record can have.
pub(crate) fn record(id: &str, at: Moment) -> Record {
    let context = json!({ "user_id": 7, "attempts": 2, "source": "button", "note": "dropped" });
    let feedback = too_low(Level::High, "a \0 text, ünïcode 💔")
        .with_context(context.as_object().expect("an object").clone())
        .with_score(7.5);
    let id = id.parse().expect("an id");
    Record { id, ..Record::of(&feedback, &Secret::random().expect("a secret"), true, at) }
}

/// Settings with the database there.
pub(crate) fn settings(path: &Path) -> LearningSettings {
    LearningSettings { path: path.to_owned(), ..LearningSettings::default() }
}

/// Settings with a database in memory.
pub(crate) fn in_memory() -> LearningSettings {
    settings(Path::new(":memory:"))
}
