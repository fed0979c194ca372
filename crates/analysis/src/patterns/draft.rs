//! Pattern packs as they are written, before anybody has looked at them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::rule::Reach;
use super::theme::Theme;
use crate::level::Level;

/// A pack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackDraft {
    /// What it is called.
    pub name: String,
    /// One sentence for whoever reads the packs.
    pub description: String,
    /// Its rules.
    #[serde(default, rename = "rule")]
    pub rules: Vec<RuleDraft>,
}

/// A rule of a pack.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDraft {
    /// Unique over all packs; begins with the theme and a dot.
    pub id: String,
    /// What it speaks of.
    pub theme: Theme,
    /// How much this wording alone says its theme; 0 < s ≤ 1.
    pub strength: f32,
    /// Live evidence of this rule never gives less: high or critical.
    #[serde(default)]
    pub floor: Option<Level>,
    /// So unmistakable that neither a figurative frame nor a joke weakens it.
    #[serde(default)]
    pub literal: bool,
    /// How far a cue or frame reaches; its theme's reach by default.
    #[serde(default)]
    pub reach: Option<Reach>,
    /// Wordings; `{a|b|}` are alternatives.
    #[serde(default)]
    pub any: Vec<String>,
    /// Regular expressions on folded text, for what wordings cannot say.
    #[serde(default)]
    pub regex: Vec<String>,
    /// Messages in which the rule finds something.
    #[serde(default)]
    pub matches: Vec<String>,
    /// Messages in which it finds nothing live.
    #[serde(default)]
    pub spares: Vec<String>,
}

/// How chat writes words, and what is meant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpellingsDraft {
    /// One sentence for whoever reads the file.
    #[serde(default)]
    pub description: String,
    /// One to four words as they are typed → the words that are meant. Words may hold `*`, `@`, `$`, `!` or begin with `/`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// Words of which common slips (two letters swapped, one left out or doubled) are recognised. Such a slip that is a word of
    /// any pack is left alone.
    #[serde(default)]
    pub typos_of: Vec<String>,
}
