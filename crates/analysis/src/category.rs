//! What the categories of the corpus mean, in words for the people who read a verdict.

use crate::level::Level;

/// A category of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// Its name in the corpus and among a model's tags.
    pub name: &'static str,
    /// What it means, so that it can follow "reads as".
    pub words: &'static str,
    /// The level at which the corpus guide usually puts it; `None` for talk that needs nobody.
    pub usual: Level,
}

impl Category {
    /// The category of that name.
    pub fn find(name: &str) -> Option<&'static Category> {
        CATEGORIES.iter().find(|c| c.name == name)
    }

    /// It speaks of trouble; the others are games, jokes, quotes and the rest of everyday talk.
    pub const fn is_concern(&self) -> bool {
        !matches!(self.usual, Level::None)
    }
}

const fn category(name: &'static str, usual: Level, words: &'static str) -> Category {
    Category { name, words, usual }
}

/// All categories, the most urgent first.
pub const CATEGORIES: [Category; 43] = [
    category("suicidal_plan", Level::Critical, "a statement of intent with a plan or means"),
    category("goodbye", Level::Critical, "a goodbye"),
    category("attempt_now", Level::Critical, "an attempt under way or just made"),
    category("immediate_danger", Level::Critical, "immediate physical danger"),
    category("suicidal_ideation", Level::High, "thoughts of suicide or a wish to be dead"),
    category("self_harm", Level::High, "self-harm or a strong urge to it"),
    category("burdensomeness", Level::High, "a feeling of being a burden to others"),
    category("abuse", Level::High, "abuse by someone else"),
    category("homelessness", Level::High, "having nowhere to go"),
    category("psychosis", Level::High, "a loss of touch with reality or of control"),
    category("third_party_risk", Level::High, "worry for someone else who may be in danger"),
    category("hopelessness", Level::Medium, "hopelessness"),
    category("worthlessness", Level::Medium, "a feeling of being worthless"),
    category("panic", Level::Medium, "panic"),
    category("dissociation", Level::Medium, "a feeling of being unreal or detached"),
    category("trauma", Level::Medium, "trauma that comes back"),
    category("grief", Level::Medium, "grief"),
    category("depression", Level::Medium, "depression"),
    category("dysphoria_rejection", Level::Medium, "dysphoria, or rejection for who they are"),
    category("isolation", Level::Medium, "isolation"),
    category("eating_disorder", Level::Medium, "trouble with eating or body image"),
    category("substance", Level::Medium, "trouble with alcohol or drugs"),
    category("stress", Level::Low, "stress"),
    category("sadness", Level::Low, "sadness"),
    category("anxiety", Level::Low, "anxiety"),
    category("tiredness", Level::Low, "tiredness"),
    category("loneliness", Level::Low, "loneliness"),
    category("frustration", Level::Low, "frustration"),
    category("worry", Level::Low, "worry"),
    category("gaming", Level::None, "talk about a game"),
    category("hyperbole", Level::None, "exaggeration"),
    category("irony", Level::None, "irony"),
    category("quote", Level::None, "somebody else's words"),
    category("dark_humour", Level::None, "dark humour"),
    category("topic_talk", Level::None, "talk about the subject, not about a person in need"),
    category("support_given", Level::None, "support for someone else"),
    category("recovery", Level::None, "a hard time told from safety"),
    category("third_party_past", Level::None, "something that happened to someone else in the past"),
    category("positive", Level::None, "something good"),
    category("neutral", Level::None, "everyday talk"),
    category("practical", Level::None, "a practical matter"),
    category("identity_neutral", Level::None, "talk about identity without distress"),
    category("other", Level::None, "everyday talk"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_is_found_once_and_reads_as_a_phrase() {
        for c in &CATEGORIES {
            assert_eq!(CATEGORIES.iter().filter(|d| d.name == c.name).count(), 1, "{}", c.name);
            assert_eq!(Category::find(c.name), Some(c));
            assert!(!c.words.is_empty() && !c.words.ends_with('.') && !c.words.contains('_'), "{}", c.name);
        }
        assert_eq!(Category::find("no such"), None);
    }
}
