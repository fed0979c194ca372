//! The examples of the rules are their tests.

use super::draft::{PackDraft, RuleDraft};
use super::finding::{CueFactors, Finding};
use super::packs::PatternPacks;
use crate::message::Message;
use crate::text::MessageText;

/// What an example should show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExampleKind {
    /// The rule finds something in it.
    Matches,
    /// The rule finds nothing in it that can be taken for what it says.
    Spares,
}

impl ExampleKind {
    /// Its field in a rule.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExampleKind::Matches => "matches",
            ExampleKind::Spares => "spares",
        }
    }
}

/// An example that does not show what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pack}: rule {rule:?}: {} {}", match kind {
    ExampleKind::Matches => "it finds nothing in",
    ExampleKind::Spares => "it finds, and nothing weakens it,",
}, format!("{example:?}, an example of `{}`", kind.as_str()))]
pub struct ExampleFailure {
    /// The pack.
    pub pack: String,
    /// The rule.
    pub rule: String,
    /// What it should show.
    pub kind: ExampleKind,
    /// The example, written by the pack's author.
    pub example: String,
}

impl PatternPacks {
    /// Every example of `packs`, which these were compiled from, that does not show what it should.
    ///
    /// A rule of a cue or frame must not be found at all in what it spares; a statement may be found
    /// there if cues, by the default [`CueFactors`], leave less than half of it.
    pub fn check(&self, packs: &[PackDraft]) -> Vec<ExampleFailure> {
        let factors = CueFactors::default();
        let mut failures = Vec::new();
        for pack in packs {
            for rule in &pack.rules {
                let matches = rule.matches.iter().map(|example| (ExampleKind::Matches, example));
                let spares = rule.spares.iter().map(|example| (ExampleKind::Spares, example));
                for (kind, example) in matches.chain(spares) {
                    if !self.shows(rule, kind, example, &factors) {
                        let (pack, rule) = (pack.name.clone(), rule.id.clone());
                        failures.push(ExampleFailure { pack, rule, kind, example: example.clone() });
                    }
                }
            }
        }
        failures
    }

    fn shows(&self, rule: &RuleDraft, kind: ExampleKind, example: &str, factors: &CueFactors) -> bool {
        let Ok(text) = MessageText::parse(example) else { return false };
        let findings = self.find(&Message::new(text));
        let mut of_rule = findings.iter().filter(|f| f.rule.id() == rule.id);
        match kind {
            ExampleKind::Matches => of_rule.next().is_some(),
            ExampleKind::Spares => !of_rule.any(|f: &Finding| f.is_credible(factors)),
        }
    }
}
