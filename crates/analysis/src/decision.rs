//! From a score to a level, and to the question whether a human should look.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ensemble::Mode;
use crate::level::Level;
use crate::rounded;
use crate::score::Score;
use crate::tails::Tails;

/// Width of a level on the even scale.
pub(crate) const BAND: f32 = 0.2;

/// The four scores at which the levels begin: `0 < low ≤ medium ≤ high ≤ critical ≤ 1`.
///
/// Two equal cuts mean that the level between them is never given: a model of three sentiments cannot
/// tell five levels apart, and fitting may find so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "RawCuts")]
pub struct Cuts {
    #[serde(serialize_with = "rounded::number")]
    low: f32,
    #[serde(serialize_with = "rounded::number")]
    medium: f32,
    #[serde(serialize_with = "rounded::number")]
    high: f32,
    #[serde(serialize_with = "rounded::number")]
    critical: f32,
}

/// Cuts as they are written, before they are known to ascend.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCuts {
    low: f32,
    medium: f32,
    high: f32,
    critical: f32,
}

/// Four numbers that are no cuts.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the cuts {0:?} do not ascend within 0 < low ≤ medium ≤ high ≤ critical ≤ 1")]
pub struct CutsError(pub [f32; 4]);

impl Cuts {
    /// Equal steps: where fitting starts when nothing is known.
    pub const EVEN: Cuts = Cuts { low: 0.2, medium: 0.4, high: 0.6, critical: 0.8 };

    /// The scores at which low, medium, high and critical begin.
    pub fn new(cuts: [f32; 4]) -> Result<Self, CutsError> {
        let [low, medium, high, critical] = cuts;
        // A NaN fails every comparison and so is refused here too.
        if 0.0 < low && low <= medium && medium <= high && high <= critical && critical <= 1.0 {
            Ok(Self { low, medium, high, critical })
        } else {
            Err(CutsError(cuts))
        }
    }

    /// The four cuts, ascending.
    pub const fn get(&self) -> [f32; 4] {
        [self.low, self.medium, self.high, self.critical]
    }

    /// The level whose range holds `score`; a level begins at its cut.
    pub fn level(&self, score: Score) -> Level {
        Level::ALL[self.get().iter().filter(|&&cut| score.get() >= cut).count()]
    }

    /// The place of `score` on the even scale, where the levels begin at 0.2, 0.4, 0.6 and 0.8: linear between
    /// cuts. Cuts are fitted, and move with every model; what is told to people and clients should not.
    pub fn place(&self, score: Score) -> Score {
        let k = self.level(score).index();
        let cuts = self.get();
        let start = if k == 0 { 0.0 } else { cuts[k - 1] };
        let width = cuts.get(k).copied().unwrap_or(1.0) - start;
        let within = if width > 0.0 { (score.get() - start) / width } else { 0.0 };
        // A hair below the next level, so that rounding for display never shows the next level's score.
        let most = if k == 4 { 1.0 } else { 0.9995 };
        Score::clamped(BAND * (k as f32 + within.clamp(0.0, most)))
    }

    /// How far `score` is from the nearest cut.
    pub fn margin(&self, score: Score) -> f32 {
        self.get().iter().map(|cut| (score.get() - cut).abs()).fold(f32::INFINITY, f32::min)
    }
}

impl TryFrom<RawCuts> for Cuts {
    type Error = CutsError;

    fn try_from(raw: RawCuts) -> Result<Self, CutsError> {
        Self::new([raw.low, raw.medium, raw.high, raw.critical])
    }
}

/// The cuts of each mode: their scores are not on the same scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModeCuts {
    /// For [`Mode::Consensus`].
    pub consensus: Cuts,
    /// For [`Mode::Majority`].
    pub majority: Cuts,
    /// For [`Mode::Weighted`].
    pub weighted: Cuts,
}

impl ModeCuts {
    /// The cuts of `mode`.
    pub const fn of(&self, mode: Mode) -> &Cuts {
        match mode {
            Mode::Consensus => &self.consensus,
            Mode::Majority => &self.majority,
            Mode::Weighted => &self.weighted,
        }
    }
}

/// How scores become levels and when a human is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionSettings {
    /// Medium verdicts of less confidence than this are reviewed; 0 to 1.
    #[serde(default = "default_review_confidence", serialize_with = "rounded::number")]
    pub minimum_review_confidence: f32,
    /// Medium verdicts nearer than this to a cut are reviewed; 0 to 1.
    #[serde(default = "default_review_margin", serialize_with = "rounded::number")]
    pub review_margin: f32,
    /// The cuts of the combined score.
    pub cuts: ModeCuts,
    /// The tail thresholds of each model, by its name; they make its vote and its signal.
    pub model_tails: BTreeMap<String, Tails>,
}

/// At a confidence of one half the ensemble knows about as much as it does not.
fn default_review_confidence() -> f32 {
    0.5
}

/// A quarter of a level's width on the even scale: a near miss.
fn default_review_margin() -> f32 {
    0.05
}

impl DecisionSettings {
    /// Even cuts for the named models: where fitting starts.
    pub fn unfitted<'a>(models: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            minimum_review_confidence: default_review_confidence(),
            review_margin: default_review_margin(),
            cuts: ModeCuts { consensus: Cuts::EVEN, majority: Cuts::EVEN, weighted: Cuts::EVEN },
            model_tails: models.into_iter().map(|m| (m.to_owned(), Tails::EVEN)).collect(),
        }
    }

    /// Whether the verdict alone asks for a human: always from high on; at medium when it is a close
    /// call. Gaps and failures ask by themselves.
    pub fn asks_for_review(&self, level: Level, score: Score, confidence: Score) -> bool {
        level.is_urgent() || (level == Level::Medium && (self.is_close(score) || self.is_unsure(confidence)))
    }

    /// `score`, on the even scale, is nearer to the line of another level than the review margin.
    pub fn is_close(&self, score: Score) -> bool {
        Cuts::EVEN.margin(score) < self.review_margin
    }

    fn is_unsure(&self, confidence: Score) -> bool {
        confidence.get() < self.minimum_review_confidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cuts() -> impl Strategy<Value = Cuts> {
        prop::array::uniform4(0.001f32..=1.0).prop_map(|mut c| {
            c.sort_by(f32::total_cmp);
            Cuts::new(c).expect("sorted")
        })
    }

    proptest! {
        #[test]
        fn a_higher_score_never_gives_a_lower_level(cuts in cuts(), a in 0.0f32..=1.0, b in 0.0f32..=1.0) {
            let (lower, higher) = (Score::clamped(a.min(b)), Score::clamped(a.max(b)));
            prop_assert!(cuts.level(lower) <= cuts.level(higher));
        }

        #[test]
        fn zero_is_none_and_every_cut_begins_its_level(cuts in cuts()) {
            prop_assert_eq!(cuts.level(Score::ZERO), Level::None);
            for (i, cut) in cuts.get().into_iter().enumerate() {
                prop_assert!(cuts.level(Score::clamped(cut)) >= Level::ALL[i + 1]);
                prop_assert!(cuts.margin(Score::clamped(cut)).abs() < f32::EPSILON);
            }
        }
    }

    proptest! {
        #[test]
        fn a_score_keeps_its_level_and_its_order_on_the_even_scale(
            cuts in cuts(), a in 0.0f32..=1.0, b in 0.0f32..=1.0,
        ) {
            let (lower, higher) = (Score::clamped(a.min(b)), Score::clamped(a.max(b)));
            prop_assert_eq!(Cuts::EVEN.level(cuts.place(lower)), cuts.level(lower));
            prop_assert!(cuts.place(lower) <= cuts.place(higher));
        }
    }

    #[test]
    fn even_cuts_leave_scores_where_they_are() {
        for score in [0.0, 0.1, 0.25, 0.5, 0.77, 0.9, 1.0] {
            assert!((Cuts::EVEN.place(Score::clamped(score)).get() - score).abs() < 1e-3, "{score}");
        }
    }

    #[test]
    fn numbers_that_do_not_ascend_are_no_cuts() {
        for bad in
            [[0.0, 0.4, 0.6, 0.8], [0.4, 0.2, 0.6, 0.8], [0.2, 0.4, 0.6, 1.1], [f32::NAN, 0.4, 0.6, 0.8]]
        {
            assert!(Cuts::new(bad).is_err(), "{bad:?}");
        }
        assert!(Cuts::new([0.3, 0.3, 0.3, 1.0]).is_ok());
    }

    #[test]
    fn cuts_are_checked_when_they_are_read_and_rounded_when_written() {
        let read = |s: &str| serde_json::from_str::<Cuts>(s);
        let cuts = read(r#"{"low":0.1,"medium":0.2,"high":0.3,"critical":0.4}"#).expect("cuts");
        let written = serde_json::to_string(&cuts).expect("json");
        assert_eq!(written, r#"{"low":0.1,"medium":0.2,"high":0.3,"critical":0.4}"#);
        let error = read(r#"{"low":0.5,"medium":0.2,"high":0.3,"critical":0.4}"#).unwrap_err().to_string();
        assert!(error.contains("do not ascend"), "{error}");
        assert!(read(r#"{"low":0.1,"medium":0.2,"high":0.3,"critical":0.4,"severe":0.9}"#).is_err());
    }

    #[test]
    fn close_or_unsure_medium_is_reviewed_and_urgent_always() {
        struct Case {
            name: &'static str,
            score: f32,
            confidence: f32,
            review: bool,
        }
        let case = |name, score, confidence, review| Case { name, score, confidence, review };
        let settings = DecisionSettings::unfitted(["a"]);
        for case in [
            case("critical", 0.9, 1.0, true),
            case("high", 0.7, 1.0, true),
            case("medium, sure and clear", 0.5, 0.9, false),
            case("medium near high", 0.57, 0.9, true),
            case("medium near low", 0.42, 0.9, true),
            case("medium, unsure", 0.5, 0.4, true),
            case("low near medium", 0.39, 0.1, false),
            case("none", 0.05, 0.1, false),
        ] {
            let score = Score::clamped(case.score);
            let level = settings.cuts.weighted.level(score);
            let review = settings.asks_for_review(level, score, Score::clamped(case.confidence));
            assert_eq!(review, case.review, "{}", case.name);
        }
    }
}
