//! What looks at the words of a message: pattern packs and a lexicon. Neither needs a model.

use crate::found::Found;
use crate::lexicon::Lexicon;
use crate::message::Message;
use crate::patterns::PatternPacks;

/// Pattern packs and a lexicon, ready to read. Compiling them takes longer than anything else at start, so they
/// are shared by all analyzers that use them.
#[derive(Debug)]
pub struct Words {
    patterns: PatternPacks,
    lexicon: Option<Lexicon>,
}

impl Words {
    /// Both of them; a lexicon may be missing.
    pub fn new(patterns: PatternPacks, lexicon: Option<Lexicon>) -> Self {
        Words { patterns, lexicon }
    }

    /// Looks for nothing.
    pub fn none() -> Self {
        Words { patterns: PatternPacks::empty(), lexicon: None }
    }

    /// The patterns that are looked for.
    pub fn patterns(&self) -> &PatternPacks {
        &self.patterns
    }

    /// What is found in the words of a message; none if there are neither patterns nor a lexicon. Takes
    /// microseconds.
    pub fn find(&self, message: &Message) -> Option<Found> {
        if self.patterns.rules().is_empty() && self.lexicon.is_none() {
            return None;
        }
        let words = self.lexicon.as_ref().map(|lexicon| {
            let words = self.patterns.words(message);
            lexicon.read(&words.iter().map(String::as_str).collect::<Vec<_>>())
        });
        Some(Found { findings: self.patterns.find(message), words })
    }
}
