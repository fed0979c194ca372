//! A rule that keeps the rules.

use serde::{Deserialize, Serialize};

use super::theme::Theme;
use crate::level::Level;

/// How far a cue or frame reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Its clause.
    Clause,
    /// Its sentence.
    Sentence,
    /// The whole message.
    Message,
}

/// What a wording says, and how surely.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(super) id: String,
    pub(super) theme: Theme,
    pub(super) strength: f32,
    pub(super) floor: Option<Level>,
    pub(super) literal: bool,
    pub(super) reach: Reach,
}

impl Rule {
    /// Unique over all packs; begins with the theme.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it speaks of.
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// How much this wording alone says its theme: 1 unmistakable, 0.6 likely, 0.3 a hint; never 0.
    pub const fn strength(&self) -> f32 {
        self.strength
    }

    /// The least level that live evidence of this rule gives.
    pub const fn floor(&self) -> Option<Level> {
        self.floor
    }

    /// Neither a figurative frame nor a joke weakens it.
    pub const fn literal(&self) -> bool {
        self.literal
    }

    /// How far it reaches, if it is a cue or a frame.
    pub const fn reach(&self) -> Reach {
        self.reach
    }
}
