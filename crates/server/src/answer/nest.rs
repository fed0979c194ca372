//! `analysis`: the nest in which the first generation of clients looks for details.

use ash_analysis::{Assessment, Gap, Score};
use serde::Serialize;
use utoipa::ToSchema;

use super::by_model::ByModel;

/// See the module's documentation; every value stands elsewhere in the answer too.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Nest {
    #[serde(rename = "complete_analysis")]
    complete: Complete,
    #[serde(rename = "ensemble_analysis")]
    ensemble: Ensemble,
    gap_details: Vec<GapDetail>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Complete {
    requires_staff_review: bool,
    ai_model_details: Models,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Models {
    #[schema(value_type = BTreeMap<String, ModelResult>)]
    individual_results: ByModel<ModelResult>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct ModelResult {
    score: Score,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Ensemble {
    consensus: Consensus,
    #[schema(value_type = BTreeMap<String, String>)]
    predictions: ByModel<String>,
    #[schema(value_type = BTreeMap<String, Score>)]
    confidence_scores: ByModel<Score>,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Consensus {
    method: &'static str,
    confidence: Score,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct GapDetail {
    #[serde(rename = "type")]
    kind: &'static str,
    detail: String,
}

impl Nest {
    pub(super) fn new(assessment: &Assessment) -> Self {
        let signals = &assessment.signals;
        Nest {
            complete: Complete {
                requires_staff_review: assessment.requires_staff_review,
                ai_model_details: Models {
                    individual_results: ByModel::new(signals, |s| ModelResult { score: s.signal }),
                },
            },
            ensemble: Ensemble {
                consensus: Consensus { method: assessment.mode.as_str(), confidence: assessment.confidence },
                predictions: ByModel::new(signals, |s| s.top().0.to_owned()),
                confidence_scores: ByModel::new(signals, |s| s.confidence),
            },
            gap_details: assessment.gaps.iter().map(GapDetail::from).collect(),
        }
    }
}

impl From<&Gap> for GapDetail {
    fn from(gap: &Gap) -> Self {
        GapDetail { kind: gap.kind, detail: gap.detail.clone() }
    }
}
