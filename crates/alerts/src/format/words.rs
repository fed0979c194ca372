//! Sentences for the people who read an alert. They suggest; nothing here has contacted anybody.

use ash_analysis::{Action, Level};

use crate::clock;
use crate::notice::{Summary, Told};

/// Stands below every alert.
pub(super) const FOOTER: &str = "A suggestion of Ash-NLP. Nobody has been contacted.";
/// Says that the message may be read as something else.
pub(super) const REVIEW: &str = "Yes: please read the message itself";
/// Says that the verdict is worth less.
pub(super) const DEGRADED: &str = "Judged while a part of the service was not working";
/// The head of a test.
pub(super) const TEST_TITLE: &str = "Test alert: nobody needs help";
/// What a test says.
pub(super) const TEST: &str =
    "Somebody who runs Ash-NLP checks whether alerts arrive here. They do. There is nothing to do.";

/// The head of an alert.
pub(super) fn title(told: &Told) -> String {
    format!("{}: {}", capital(told.level), advice(told.action))
}

/// The head of a summary.
pub(super) fn summary_title(summary: &Summary) -> String {
    let (count, lowest) = (summary.count(), summary.lowest());
    let messages = if count == 1 { "message" } else { "messages" };
    let level = match lowest {
        Level::Critical => "critical".to_owned(),
        level => format!("{level} or worse"),
    };
    format!("{count} more {messages} of level {level} within a minute")
}

/// What a summary says.
pub(super) fn summary_text(summary: &Summary) -> String {
    let levels: Vec<String> = summary.levels().map(|(level, count)| format!("{count} {level}")).collect();
    format!(
        "There were too many to tell one by one: {}, from {} to {}. A human should look at what is going on.",
        levels.join(", "),
        clock::words(summary.since),
        clock::words(summary.until)
    )
}

/// What a responder is advised to do.
pub(super) const fn advice(action: Action) -> &'static str {
    match action {
        Action::ImmediateOutreach => "a human should check in now",
        Action::PriorityResponse => "a human should check in soon",
        Action::StandardMonitoring => "a human should look in when there is time",
        Action::PassiveMonitoring => "keep an eye on how the conversation goes",
        Action::None => "nothing to do",
    }
}

/// "Critical".
pub(super) fn capital(level: Level) -> String {
    let name = level.as_str();
    name.chars()
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(name.chars().skip(1)).collect())
}

/// Categories as a person reads them.
pub(super) fn categories(told: &Told) -> Option<String> {
    (!told.categories.is_empty()).then(|| told.categories.join(", ").replace('_', " "))
}

/// "0.71, confidence 0.83".
pub(super) fn score(told: &Told) -> String {
    format!("{:.2}, confidence {:.2}", told.score, told.confidence)
}
