//! What rules speak of.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::Reach;

/// On which side of the scale a theme lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// It speaks for danger or distress.
    Risk,
    /// It speaks of help, a future, recovery.
    Protective,
    /// It says what kind of talk this is: a game, a lyric, an idiom.
    Frame,
    /// It says how another statement is meant: negated, past, about somebody else.
    Cue,
}

impl Polarity {
    /// Its name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Polarity::Risk => "risk",
            Polarity::Protective => "protective",
            Polarity::Frame => "frame",
            Polarity::Cue => "cue",
        }
    }
}

macro_rules! themes {
    ($($theme:ident, $name:literal, $polarity:ident, $words:literal;)*) => {
        /// A theme of the pattern packs. Identity is none.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Theme {
            $(#[doc = $words] $theme,)*
        }

        impl Theme {
            /// All themes: risks, the most urgent first, then the protective ones, frames and cues.
            pub const ALL: &[Theme] = &[$(Theme::$theme),*];

            /// The name in pack files, rule ids and answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Theme::$theme => $name,)* }
            }

            /// Its side of the scale.
            pub const fn polarity(self) -> Polarity {
                match self { $(Theme::$theme => Polarity::$polarity,)* }
            }

            /// What it means to a volunteer, so that it can follow "Speaks of".
            pub const fn words(self) -> &'static str {
                match self { $(Theme::$theme => $words,)* }
            }
        }
    };
}

themes! {
    Plan, "plan", Risk, "a plan to end their life";
    Means, "means", Risk, "a means to end their life";
    Time, "time", Risk, "a time at which they will be gone";
    Preparation, "preparation", Risk, "preparations for their own death";
    Goodbye, "goodbye", Risk, "a goodbye";
    Attempt, "attempt", Risk, "an attempt to end their life";
    Ideation, "ideation", Risk, "thoughts of suicide or a wish to be dead";
    WishToBeGone, "wish_to_be_gone", Risk, "a wish not to be here any more";
    SelfHarm, "self_harm", Risk, "self-harm or an urge to it";
    Finality, "finality", Risk, "an end that is near";
    Danger, "danger", Risk, "violence or physical danger";
    OtherAtRisk, "other_at_risk", Risk, "somebody else who may be in danger";
    Burden, "burden", Risk, "a feeling of being a burden to others";
    Hopelessness, "hopelessness", Risk, "hopelessness";
    Isolation, "isolation", Risk, "being alone with it";
    Distress, "distress", Risk, "acute distress";
    Rejection, "rejection", Risk, "rejection for who they are";
    Outing, "outing", Risk, "being outed or the threat of it";
    Dysphoria, "dysphoria", Risk, "dysphoria";
    Conversion, "conversion", Risk, "pressure to change who they are";
    Housing, "housing", Risk, "losing their home";
    MedicalBarrier, "medical_barrier", Risk, "care that is kept from them";
    LegalThreat, "legal_threat", Risk, "a threat by law or authorities";
    EatingDisorder, "eating_disorder", Risk, "trouble with eating or body image";
    Substance, "substance", Risk, "trouble with alcohol or drugs";
    Psychosis, "psychosis", Risk, "a loss of touch with reality or of control";
    HelpSeeking, "help_seeking", Protective, "looking for help";
    FuturePlans, "future_plans", Protective, "plans for the future";
    Support, "support", Protective, "support given or received";
    Recovery, "recovery", Protective, "recovery";
    Gaming, "gaming", Frame, "a game";
    Fandom, "fandom", Frame, "a show, a band or a fandom";
    Food, "food", Frame, "food";
    Sport, "sport", Frame, "sport";
    WorkStudy, "work_study", Frame, "work or study";
    Meme, "meme", Frame, "a meme";
    Lyrics, "lyrics", Frame, "lyrics";
    Fiction, "fiction", Frame, "a story";
    Topic, "topic", Frame, "the subject, not a person in need";
    Idiom, "idiom", Frame, "a figure of speech";
    Negation, "negation", Cue, "a negation";
    Hypothetical, "hypothetical", Cue, "something imagined";
    Past, "past", Cue, "the past";
    Now, "now", Cue, "this moment";
    Soon, "soon", Cue, "the near future";
    Ongoing, "ongoing", Cue, "something that goes on";
    OtherPerson, "other_person", Cue, "somebody else";
    Reported, "reported", Cue, "what somebody else said";
    Intensity, "intensity", Cue, "how strongly it is felt";
    Joking, "joking", Cue, "a joke";
}

impl Theme {
    /// The theme of that name.
    pub fn find(name: &str) -> Option<Theme> {
        Theme::ALL.iter().copied().find(|t| t.as_str() == name)
    }

    /// How far a cue or frame of this theme reaches unless its rule says otherwise.
    pub const fn reach(self) -> Reach {
        match self {
            Theme::Idiom
            | Theme::Negation
            | Theme::Hypothetical
            | Theme::OtherPerson
            | Theme::Reported
            | Theme::Intensity => Reach::Clause,
            Theme::Lyrics | Theme::Fiction | Theme::Topic => Reach::Message,
            _ => Reach::Sentence,
        }
    }

    /// It speaks for danger or distress.
    pub const fn is_risk(self) -> bool {
        matches!(self.polarity(), Polarity::Risk)
    }

    /// It says how other statements are meant, and nothing about danger itself.
    pub const fn is_context(self) -> bool {
        matches!(self.polarity(), Polarity::Frame | Polarity::Cue)
    }
}

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_theme_has_one_name_everywhere_and_reads_as_a_phrase() {
        for &theme in Theme::ALL {
            assert_eq!(Theme::find(theme.as_str()), Some(theme));
            assert_eq!(serde_json::to_value(theme).unwrap(), theme.as_str());
            assert!(!theme.words().ends_with('.') && !theme.words().contains('_'), "{theme}");
        }
        assert_eq!(Theme::find("no such"), None);
    }
}
