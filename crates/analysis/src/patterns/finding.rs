//! What a rule found, and how it is meant.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::theme::Theme;

/// How a statement is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Cue {
    /// It is denied.
    Negated,
    /// It is imagined.
    Hypothetical,
    /// It is over.
    Past,
    /// A game, a meme, an idiom: not meant literally.
    Figurative,
    /// It stands in quotation marks or a quoted line.
    Quoted,
    /// It belongs to a story or to lyrics.
    Fiction,
    /// It is about somebody else.
    Other,
    /// Somebody else said it.
    Reported,
    /// With a laugh.
    Joking,
    /// It is so now.
    Now,
    /// It will be so soon.
    Soon,
    /// It goes on.
    Ongoing,
    /// It is felt strongly.
    Intense,
}

impl Cue {
    /// All cues; those that weaken a statement first.
    pub const ALL: [Cue; 13] = [
        Cue::Negated,
        Cue::Hypothetical,
        Cue::Past,
        Cue::Figurative,
        Cue::Quoted,
        Cue::Fiction,
        Cue::Other,
        Cue::Reported,
        Cue::Joking,
        Cue::Now,
        Cue::Soon,
        Cue::Ongoing,
        Cue::Intense,
    ];

    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cue::Negated => "negated",
            Cue::Hypothetical => "hypothetical",
            Cue::Past => "past",
            Cue::Figurative => "figurative",
            Cue::Quoted => "quoted",
            Cue::Fiction => "fiction",
            Cue::Other => "other",
            Cue::Reported => "reported",
            Cue::Joking => "joking",
            Cue::Now => "now",
            Cue::Soon => "soon",
            Cue::Ongoing => "ongoing",
            Cue::Intense => "intense",
        }
    }

    /// It makes a statement count for less.
    pub const fn weakens(self) -> bool {
        !matches!(self, Cue::Now | Cue::Soon | Cue::Ongoing | Cue::Intense)
    }
}

/// A set of cues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cues(u16);

impl Cues {
    /// No cue.
    pub const NONE: Cues = Cues(0);

    /// With `cue` as well.
    #[must_use]
    pub const fn with(self, cue: Cue) -> Self {
        Cues(self.0 | 1 << cue as u16)
    }

    /// `cue` is among them.
    pub const fn has(self, cue: Cue) -> bool {
        self.0 & (1 << cue as u16) != 0
    }

    /// There is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All of them, in the order of [`Cue::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Cue> {
        Cue::ALL.into_iter().filter(move |&cue| self.has(cue))
    }

    /// Those that make the statement count for less.
    pub fn weakening(self) -> impl Iterator<Item = Cue> {
        self.iter().filter(|cue| cue.weakens())
    }
}

impl FromIterator<Cue> for Cues {
    fn from_iter<I: IntoIterator<Item = Cue>>(cues: I) -> Self {
        cues.into_iter().fold(Cues::NONE, Cues::with)
    }
}

/// How much of a statement each cue leaves; each from 0 (nothing) to 1 (all).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CueFactors {
    /// "i don't want to die"
    pub negated: f32,
    /// "if i died"
    pub hypothetical: f32,
    /// "i wanted to die back then"
    pub past: f32,
    /// "this exam is killing me"
    pub figurative: f32,
    /// "she wrote 'i want to die'"
    pub quoted: f32,
    /// A story, a lyric.
    pub fiction: f32,
    /// "my friend wants to die"; not for what is said about others at risk.
    pub other: f32,
    /// "he said i should die"
    pub reported: f32,
    /// "i want to die lol"
    pub joking: f32,
}

impl Default for CueFactors {
    fn default() -> Self {
        CueFactors {
            negated: 0.1,
            hypothetical: 0.6,
            past: 0.4,
            figurative: 0.4,
            quoted: 0.4,
            fiction: 0.3,
            other: 0.5,
            reported: 0.5,
            joking: 0.7,
        }
    }
}

/// A factor outside of 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the factor `{}` is {value}, outside of 0 to 1", cue.as_str())]
pub struct FactorError {
    /// Whose factor.
    pub cue: Cue,
    /// What it is.
    pub value: f32,
}

impl CueFactors {
    /// Every factor lies within 0 to 1.
    pub fn validate(&self) -> Result<(), FactorError> {
        for cue in Cue::ALL {
            let value = self.of(cue);
            // A NaN lies in no range.
            if !(0.0..=1.0).contains(&value) {
                return Err(FactorError { cue, value });
            }
        }
        Ok(())
    }

    /// What `cue` leaves; 1 for cues that do not weaken.
    pub const fn of(&self, cue: Cue) -> f32 {
        match cue {
            Cue::Negated => self.negated,
            Cue::Hypothetical => self.hypothetical,
            Cue::Past => self.past,
            Cue::Figurative => self.figurative,
            Cue::Quoted => self.quoted,
            Cue::Fiction => self.fiction,
            Cue::Other => self.other,
            Cue::Reported => self.reported,
            Cue::Joking => self.joking,
            Cue::Now | Cue::Soon | Cue::Ongoing | Cue::Intense => 1.0,
        }
    }
}

/// What a rule found in a message. Holds no text.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The words, in bytes of the raw text; whole characters.
    pub span: Range<usize>,
    /// How they are meant. Frames and cues have none.
    pub cues: Cues,
}

impl Finding {
    /// How far the words can be taken for what they say, 0 to 1: the product of the factors of their cues.
    pub fn credence(&self, factors: &CueFactors) -> f32 {
        self.cues.weakening().filter(|&cue| self.weakened_by(cue)).map(|cue| factors.of(cue)).product()
    }

    /// A cue that does not count for some rules.
    fn weakened_by(&self, cue: Cue) -> bool {
        match cue {
            Cue::Figurative | Cue::Joking => !self.rule.literal,
            Cue::Other => self.rule.theme != Theme::OtherAtRisk,
            _ => true,
        }
    }

    /// A risk that can be taken for what it says: its credence is 0.5 or more.
    pub fn is_live(&self, factors: &CueFactors) -> bool {
        self.rule.theme.is_risk() && self.is_credible(factors)
    }

    /// Its credence is 0.5 or more, whatever its theme.
    pub fn is_credible(&self, factors: &CueFactors) -> bool {
        self.credence(factors) >= 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Reach;
    use super::*;

    fn finding(theme: Theme, literal: bool, cues: &[Cue]) -> Finding {
        let id = format!("{theme}.it");
        let rule = Rule { id, theme, strength: 0.9, floor: None, literal, reach: Reach::Sentence };
        Finding { rule: Arc::new(rule), span: 0..1, cues: cues.iter().copied().collect() }
    }

    #[test]
    fn cues_multiply_and_some_rules_are_not_weakened() {
        struct Case(Theme, bool, &'static [Cue], f32, bool);
        let factors = CueFactors::default();
        for Case(theme, literal, cues, credence, live) in [
            Case(Theme::Ideation, false, &[], 1.0, true),
            Case(Theme::Ideation, false, &[Cue::Now, Cue::Intense], 1.0, true),
            Case(Theme::Ideation, false, &[Cue::Joking, Cue::Hypothetical], 0.42, false),
            Case(Theme::Ideation, false, &[Cue::Other], 0.5, true),
            Case(Theme::Plan, true, &[Cue::Figurative, Cue::Joking], 1.0, true),
            Case(Theme::Plan, true, &[Cue::Negated], 0.1, false),
            Case(Theme::OtherAtRisk, false, &[Cue::Other], 1.0, true),
            Case(Theme::Recovery, false, &[], 1.0, false),
        ] {
            let found = finding(theme, literal, cues);
            assert!((found.credence(&factors) - credence).abs() < 1e-6, "{theme} {cues:?}");
            assert_eq!(found.is_live(&factors), live, "{theme} {cues:?}");
        }
    }

    #[test]
    fn factors_outside_of_their_range_are_named() {
        assert_eq!(CueFactors::default().validate(), Ok(()));
        for value in [-0.1, 1.1, f32::NAN] {
            let error = CueFactors { quoted: value, ..CueFactors::default() }.validate().unwrap_err();
            assert!(error.to_string().starts_with("the factor `quoted` is "), "{error}");
        }
    }
}
