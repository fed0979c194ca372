//! A verdict in the categories of the moderation endpoint.

use ash_analysis::patterns::{CueFactors, Theme};
use ash_analysis::{Assessment, Level, Score};
use ash_runtime::Service;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer of POST /v1/moderations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModerationAnswer {
    /// `modr-` and the id of the request, which is in the header `x-request-id` too.
    pub(super) id: String,
    /// What judged: `ash-nlp-` and the profile of models.
    pub(super) model: String,
    /// One a text, in their order.
    pub(super) results: Vec<Moderation>,
}

/// What judges at this moment.
pub(super) fn judge(service: &Service) -> String {
    format!("ash-nlp-{}", service.health().profile.as_deref().unwrap_or("words"))
}

/// The verdict on one text.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Moderation {
    /// A human should look now: one of the categories is true.
    flagged: bool,
    categories: Categories<bool>,
    /// 0 to 1; 0.5 or more exactly where the category is true.
    category_scores: Categories<Score>,
    /// `text` for what was judged, nothing for the other categories.
    category_applied_input_types: Categories<Applied>,
    ash: Ash,
}

/// All categories of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub(crate) struct Categories<T> {
    /// Not judged.
    harassment: T,
    /// Not judged.
    #[serde(rename = "harassment/threatening")]
    harassment_threatening: T,
    /// Not judged.
    hate: T,
    /// Not judged.
    #[serde(rename = "hate/threatening")]
    hate_threatening: T,
    /// Not judged.
    illicit: T,
    /// Not judged.
    #[serde(rename = "illicit/violent")]
    illicit_violent: T,
    /// Somebody is in danger: level high or critical.
    #[serde(rename = "self-harm")]
    self_harm: T,
    /// The writer is: level critical, or high with a statement of intent, a goodbye, an attempt or self-harm.
    #[serde(rename = "self-harm/intent")]
    self_harm_intent: T,
    /// Not judged.
    #[serde(rename = "self-harm/instructions")]
    self_harm_instructions: T,
    /// Not judged.
    sexual: T,
    /// Not judged.
    #[serde(rename = "sexual/minors")]
    sexual_minors: T,
    /// Not judged.
    violence: T,
    /// Not judged.
    #[serde(rename = "violence/graphic")]
    violence_graphic: T,
}

/// What the categories cannot say.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AshModeration)]
struct Ash {
    /// none, low, medium, high or critical.
    level: Level,
    /// 0 to 1; low begins at 0.2, medium at 0.4, high at 0.6, critical at 0.8.
    crisis_score: Score,
    /// Some part failed; the verdict rests on less than it should.
    is_degraded: bool,
    /// A human should look, also if it is not flagged.
    requires_staff_review: bool,
    /// One sentence; it never quotes the text.
    reason: String,
}

impl Moderation {
    /// Of what was found; `cues` as the settings have them.
    pub(super) fn of(assessment: &Assessment, cues: &CueFactors) -> Self {
        let Assessment { level, score, .. } = *assessment;
        let has_intent = shows_intent(assessment, cues);
        let (harm, intent) = (level.is_urgent(), level == Level::Critical || level.is_urgent() && has_intent);
        Moderation {
            flagged: harm || intent,
            categories: Categories { self_harm: harm, self_harm_intent: intent, ..Categories::default() },
            category_scores: Categories {
                self_harm: halved_at(HIGH, score, harm),
                self_harm_intent: halved_at(if has_intent { HIGH } else { CRITICAL }, score, intent),
                ..Categories::default()
            },
            category_applied_input_types: APPLIED,
            ash: Ash {
                level,
                crisis_score: score,
                is_degraded: assessment.is_degraded(),
                requires_staff_review: assessment.requires_staff_review,
                reason: assessment.reason.clone(),
            },
        }
    }

    /// Of a text with nothing to read in it.
    pub(super) fn of_nothing() -> Self {
        Moderation {
            flagged: false,
            categories: Categories::default(),
            category_scores: Categories::default(),
            category_applied_input_types: APPLIED,
            ash: Ash {
                level: Level::None,
                crisis_score: Score::ZERO,
                is_degraded: false,
                requires_staff_review: false,
                reason: "There is nothing to read in this text.".to_owned(),
            },
        }
    }
}

/// The kinds of input that a score speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[schema(as = AppliedInputTypes, value_type = Vec<String>)]
pub(crate) struct Applied(&'static [&'static str]);

const TEXT: Applied = Applied(&["text"]);
const NOTHING: Applied = Applied(&[]);

const APPLIED: Categories<Applied> = Categories {
    harassment: NOTHING,
    harassment_threatening: NOTHING,
    hate: NOTHING,
    hate_threatening: NOTHING,
    illicit: NOTHING,
    illicit_violent: NOTHING,
    self_harm: TEXT,
    self_harm_intent: TEXT,
    self_harm_instructions: NOTHING,
    sexual: NOTHING,
    sexual_minors: NOTHING,
    violence: NOTHING,
    violence_graphic: NOTHING,
};

/// Where these levels begin on the even scale.
const HIGH: f32 = 0.6;
const CRITICAL: f32 = 0.8;

/// The writer speaks of own intent or own acts, by what the models call it or by a wording that is meant.
fn shows_intent(assessment: &Assessment, cues: &CueFactors) -> bool {
    const CATEGORIES: [&str; 4] = ["suicidal_plan", "goodbye", "attempt_now", "self_harm"];
    const THEMES: [Theme; 5] =
        [Theme::Plan, Theme::Preparation, Theme::Goodbye, Theme::Attempt, Theme::SelfHarm];
    let meant = |theme| THEMES.contains(&theme);
    assessment.categories.iter().any(|category| CATEGORIES.contains(&category.as_str()))
        || assessment.findings.iter().any(|f| meant(f.rule.theme()) && f.is_live(cues))
}

/// `score` stretched so that `cut` lies at one half: linear below and above. On the side that `is_true` says, whatever
/// the score, and far enough from the middle that four decimals show it.
fn halved_at(cut: f32, score: Score, is_true: bool) -> Score {
    let x = score.get();
    let half = if x < cut { 0.5 * x / cut } else { 0.5 + 0.5 * (x - cut) / (1.0 - cut) };
    Score::clamped(if is_true { half.max(0.5) } else { half.min(0.4999) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_one_half_or_more_exactly_where_the_category_is_true_and_keeps_its_order() {
        for cut in [HIGH, CRITICAL] {
            let scores: Vec<f32> = (0..=1000_u16).map(|i| f32::from(i) / 1000.0).collect();
            let shown = |x: f32| halved_at(cut, Score::clamped(x), x >= cut).get();
            assert!(scores.iter().all(|&x| (shown(x) >= 0.5) == (x >= cut)), "{cut}");
            assert!(scores.is_sorted_by_key(|&x| shown(x)), "{cut}");
            assert!(shown(0.0) <= 0.0 && shown(1.0) >= 1.0, "{cut}");
        }
        let told = |x, is_true| serde_json::to_value(halved_at(HIGH, Score::clamped(x), is_true)).unwrap();
        assert_eq!(told(0.599_99, false), 0.4999);
        assert_eq!([told(0.1, true), told(0.9, false)], [0.5, 0.4999], "the level has the last word");
    }
}
