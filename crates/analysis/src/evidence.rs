//! What patterns found, weighed beside what the models said.
//!
//! The models' score X lies on the even scale (low begins at 0.2, … critical at 0.8). Evidence moves it:
//!
//! - *Risk*: each theme counts once, by its strongest finding: `S = 1 − (1 − X)·Π(1 − w_k·e_k)` (noisy-or; Pearl
//!   1988, section 4.3.2; computed as `X + (1 − X)·risk`), with the fitted weight `w_k` of theme k and `e_k` the finding's strength times its
//!   credence. A finding that is negated, quoted, past or figurative has less credence, so it counts less.
//! - *Dampers*: a frame or a protective theme takes a fitted share of the score, all together at most half;
//!   none if there is live evidence with a floor: no game and no joke takes back a plan.
//! - *Floors*: live evidence of a rule with a floor gives at least that level.
//!
//! Without models ([`Alone`]) the lexicon takes their place: its levels, read by fitted thresholds, are the X.
//!
//! Weights and dampers are fitted on dev ([`crate::fit`]). Most come out as 0: the models read the same words and
//! understand them better, and what does not help is not used. Patterns still explain a verdict, notice where
//! words and models contradict each other, and stand in when no model answers ([`Alone`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decision::{BAND, Cuts};
use crate::found::Found;
use crate::level::Level;
use crate::patterns::{CueFactors, Polarity, Theme};
use crate::rounded;
use crate::score::Score;
use crate::settings::{SettingsError, unit};
use crate::tails::Tails;

/// All dampers together take at most this share of a score.
const MOST_DAMPING: f32 = 0.5;

/// How evidence counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceSettings {
    /// Whether live evidence of a rule with a floor gives at least that level.
    pub floors: bool,
    /// What each cue leaves of a finding.
    pub cues: CueFactors,
    /// The weight of each risk theme beside the models, 0 to 1; a theme that is not named weighs 0.
    #[serde(default, serialize_with = "rounded::map")]
    pub weights: BTreeMap<Theme, f32>,
    /// The share that a frame or a protective theme takes of the score, 0 to 0.5; not named: nothing.
    #[serde(default, serialize_with = "rounded::map")]
    pub dampers: BTreeMap<Theme, f32>,
    /// How evidence counts when no model answered.
    pub alone: Alone,
}

/// How evidence counts when no model answered: the lexicon's levels, raised by a noisy-or over the themes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alone {
    /// The weight of each risk theme, 0 to 1; a theme that is not named weighs 0.
    #[serde(serialize_with = "rounded::map")]
    pub weights: BTreeMap<Theme, f32>,
    /// How probable "at least this level" must be by the lexicon.
    pub tails: Tails,
    /// The scores at which levels begin.
    pub cuts: Cuts,
}

/// The evidence of a message, reduced to what weighing needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Of each risk theme, the strongest finding's strength times its credence.
    pub risks: BTreeMap<Theme, f32>,
    /// The frames and protective themes that occur.
    pub frames: Vec<Theme>,
    /// The highest floor of live findings; none if there is none.
    pub floor: Option<Level>,
    /// By the lexicon, how probable each level or a higher one is, low to critical; zeros without one.
    pub words: [f32; 4],
}

/// A score on the even scale after the evidence, and what moved it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// The score.
    pub score: Score,
    /// The level whose range holds it.
    pub level: Level,
    /// The themes that raised it, the weightiest first.
    pub raised_by: Vec<Theme>,
    /// The themes that lowered it.
    pub lowered_by: Vec<Theme>,
    /// The floor that lifted it, if it would have been lower.
    pub lifted_to: Option<Level>,
    /// No model had a say: it was made from words alone.
    pub from_words: bool,
}

impl Weighed {
    /// A score that nothing moved.
    pub fn unmoved(score: Score) -> Self {
        let level = Cuts::EVEN.level(score);
        Weighed {
            score,
            level,
            raised_by: Vec::new(),
            lowered_by: Vec::new(),
            lifted_to: None,
            from_words: false,
        }
    }
}

impl Evidence {
    /// What was found amounts to this.
    pub fn of(found: &Found, cues: &CueFactors) -> Self {
        let p = found.words.unwrap_or_default();
        let words = std::array::from_fn(|k| p[k + 1..].iter().sum());
        let mut evidence = Evidence { words, ..Evidence::default() };
        for finding in &found.findings {
            let theme = finding.rule.theme();
            match theme.polarity() {
                Polarity::Risk => {
                    let credence = finding.credence(cues);
                    let strength = evidence.risks.entry(theme).or_default();
                    *strength = strength.max(finding.rule.strength() * credence);
                    if finding.is_live(cues) {
                        evidence.floor = evidence.floor.max(finding.rule.floor());
                    }
                }
                Polarity::Frame | Polarity::Protective if !evidence.frames.contains(&theme) => {
                    evidence.frames.push(theme);
                }
                _ => {}
            }
        }
        evidence
    }

    /// `1 − Π(1 − w_k·e_k)`: how much the risks say, 0 to 1.
    fn risk(&self, weights: &BTreeMap<Theme, f32>) -> f32 {
        1.0 - self.risks.iter().map(|(theme, e)| 1.0 - weight(weights, *theme) * e).product::<f32>()
    }
}

/// The score at which `level` begins on the even scale.
fn start_of(level: Level) -> f32 {
    BAND * level.index() as f32
}

fn weight(weights: &BTreeMap<Theme, f32>, theme: Theme) -> f32 {
    weights.get(&theme).copied().unwrap_or(0.0)
}

impl EvidenceSettings {
    /// Nothing counts: where fitting starts.
    pub fn unfitted() -> Self {
        let alone = Alone { weights: BTreeMap::new(), tails: Tails::EVEN, cuts: Cuts::EVEN };
        Self {
            floors: false,
            cues: CueFactors::default(),
            weights: BTreeMap::new(),
            dampers: BTreeMap::new(),
            alone,
        }
    }

    /// The models' score after the evidence.
    pub fn weigh(&self, models: Score, evidence: &Evidence) -> Weighed {
        let x = models.get();
        let mut s = x + (1.0 - x) * evidence.risk(&self.weights);
        let mut lowered_by = Vec::new();
        if evidence.floor.is_none() {
            lowered_by.clone_from(&evidence.frames);
            lowered_by.retain(|theme| weight(&self.dampers, *theme) > 0.0);
            let kept: f32 = lowered_by.iter().map(|theme| 1.0 - weight(&self.dampers, *theme)).product();
            s *= kept.max(MOST_DAMPING);
        }
        let lifted_to = evidence.floor.filter(|floor| self.floors && s < start_of(*floor));
        s = lifted_to.map_or(s, start_of);
        let score = Score::clamped(s);
        Weighed {
            score,
            level: Cuts::EVEN.level(score),
            raised_by: telling(&evidence.risks, &self.weights),
            lowered_by,
            lifted_to,
            from_words: false,
        }
    }

    /// The verdict of the evidence alone.
    pub fn weigh_alone(&self, evidence: &Evidence) -> Weighed {
        let x = self.alone.tails.signal(&evidence.words).get();
        let raw = Score::clamped(x + (1.0 - x) * evidence.risk(&self.alone.weights));
        let placed = self.alone.cuts.place(raw).get();
        let lifted_to = evidence.floor.filter(|floor| placed < start_of(*floor));
        let score = Score::clamped(lifted_to.map_or(placed, start_of));
        Weighed {
            score,
            level: Cuts::EVEN.level(score),
            raised_by: telling(&evidence.risks, &self.alone.weights),
            lowered_by: Vec::new(),
            lifted_to,
            from_words: true,
        }
    }

    /// Whether every number is in its range.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for (theme, &value) in &self.weights {
            unit(|| format!("evidence.weights.{theme}"), value)?;
        }
        for (theme, &value) in &self.alone.weights {
            unit(|| format!("evidence.alone.weights.{theme}"), value)?;
        }
        for (theme, &value) in &self.dampers {
            if !(0.0..=MOST_DAMPING).contains(&value) {
                let setting = format!("evidence.dampers.{theme}");
                return Err(SettingsError::OutOfRange { setting, value, range: "0 to 0.5" });
            }
        }
        Ok(self.cues.validate()?)
    }
}

/// The themes that count, the weightiest first.
fn telling(risks: &BTreeMap<Theme, f32>, weights: &BTreeMap<Theme, f32>) -> Vec<Theme> {
    let mut counted: Vec<(f32, Theme)> = risks
        .iter()
        .map(|(theme, e)| (weight(weights, *theme) * e, *theme))
        .filter(|(w, _)| *w > 0.0)
        .collect();
    counted.sort_by(|a, b| b.0.total_cmp(&a.0));
    counted.into_iter().map(|(_, theme)| theme).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(weights: &[(Theme, f32)], dampers: &[(Theme, f32)], floors: bool) -> EvidenceSettings {
        EvidenceSettings {
            floors,
            weights: weights.iter().copied().collect(),
            dampers: dampers.iter().copied().collect(),
            ..EvidenceSettings::unfitted()
        }
    }

    fn evidence(risks: &[(Theme, f32)], frames: &[Theme], floor: Option<Level>) -> Evidence {
        Evidence { risks: risks.iter().copied().collect(), frames: frames.to_vec(), floor, words: [0.0; 4] }
    }

    #[test]
    fn themes_combine_by_noisy_or_and_each_counts_once() {
        let settings = settings(&[(Theme::Ideation, 0.5), (Theme::Burden, 0.2)], &[], false);
        let found = evidence(&[(Theme::Ideation, 0.8), (Theme::Burden, 1.0), (Theme::Means, 1.0)], &[], None);
        let weighed = settings.weigh(Score::clamped(0.5), &found);
        // 1 − 0.5 · (1 − 0.4) · (1 − 0.2); means has no weight.
        assert!((weighed.score.get() - 0.76).abs() < 1e-6, "{weighed:?}");
        assert_eq!(weighed.raised_by, [Theme::Ideation, Theme::Burden]);
        assert_eq!(weighed.level, Level::High);
    }

    #[test]
    fn a_game_damps_but_takes_no_plan_back() {
        let settings = settings(&[], &[(Theme::Gaming, 0.3), (Theme::Meme, 0.5)], true);
        let x = Score::clamped(0.65);
        let game = settings.weigh(x, &evidence(&[], &[Theme::Gaming, Theme::Meme], None));
        assert!((game.score.get() - 0.325).abs() < 1e-6, "at most half: {game:?}");
        assert_eq!(game.lowered_by, [Theme::Gaming, Theme::Meme]);
        let plan = settings.weigh(x, &evidence(&[], &[Theme::Gaming], Some(Level::Critical)));
        assert_eq!((plan.level, plan.lifted_to), (Level::Critical, Some(Level::Critical)));
        assert!(plan.lowered_by.is_empty());
    }

    #[test]
    fn a_floor_that_is_reached_already_lifts_nothing() {
        let settings = settings(&[], &[], true);
        let weighed = settings.weigh(Score::clamped(0.9), &evidence(&[], &[], Some(Level::High)));
        assert_eq!((weighed.lifted_to, weighed.level), (None, Level::Critical));
    }

    #[test]
    fn a_number_out_of_range_is_refused_by_name() {
        let bad = settings(&[], &[(Theme::Gaming, 0.7)], true).validate().expect_err("too much");
        assert_eq!(bad.to_string(), "evidence.dampers.gaming is 0.7, outside of 0 to 0.5");
        let bad = settings(&[(Theme::Plan, f32::NAN)], &[], true).validate().expect_err("no number");
        assert_eq!(bad.to_string(), "evidence.weights.plan is NaN, outside of 0 to 1");
    }

    proptest! {
        #[test]
        fn what_was_not_fitted_leaves_the_models_score(x in 0.0f32..=1.0, e in 0.0f32..=1.0) {
            let found = evidence(&[(Theme::Plan, e)], &[Theme::Gaming], Some(Level::Critical));
            let weighed = EvidenceSettings::unfitted().weigh(Score::clamped(x), &found);
            prop_assert_eq!(weighed.score, Score::clamped(x));
        }

        #[test]
        fn stronger_evidence_never_lowers_a_verdict(
            x in 0.0f32..=1.0, w in 0.0f32..=1.0, d in 0.0f32..=0.5, a in 0.0f32..=1.0, b in 0.0f32..=1.0,
            floors in any::<bool>(),
        ) {
            let settings = settings(&[(Theme::Ideation, w)], &[(Theme::Meme, d)], floors);
            let of = |e, floor| {
                settings.weigh(Score::clamped(x), &evidence(&[(Theme::Ideation, e)], &[Theme::Meme], floor))
            };
            prop_assert!(of(a.min(b), None).score <= of(a.max(b), None).score);
            prop_assert!(of(a, None).score <= of(a, Some(Level::High)).score);
        }

        #[test]
        fn dampers_leave_at_least_half(x in 0.0f32..=1.0, d in prop::array::uniform3(0.0f32..=0.5)) {
            let themes = [Theme::Gaming, Theme::Meme, Theme::Recovery];
            let settings = settings(&[], &[(themes[0], d[0]), (themes[1], d[1]), (themes[2], d[2])], true);
            let weighed = settings.weigh(Score::clamped(x), &evidence(&[], &themes, None));
            prop_assert!(weighed.score.get() >= 0.5 * x - 1e-6 && weighed.score.get() <= x);
        }
    }
}
