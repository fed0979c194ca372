//! Tensors of verdicts.

use ash_analysis::{Level, Score};
use ash_runtime::Analyzed;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{MODEL_VERSION, NAME};
use super::tensor::{Datatype, Output};

/// The answer of POST /v2/models/ash-nlp/infer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InferAnswer {
    /// `ash-nlp`.
    model_name: &'static str,
    /// That of the tensors.
    model_version: &'static str,
    /// That of the request, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Those that were asked for, in that order; all if none were named.
    outputs: Vec<Tensor>,
}

/// A tensor with one element a text, in their order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InferTensor)]
struct Tensor {
    name: Output,
    datatype: Datatype,
    /// How many texts there were.
    shape: [usize; 1],
    data: Data,
}

/// The elements of a tensor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = InferData)]
enum Data {
    /// Of BYTES.
    Words(Vec<String>),
    /// Of FP32, 0 to 1.
    Numbers(Vec<Score>),
    /// Of BOOL.
    Flags(Vec<bool>),
}

impl Data {
    /// The elements of `output`.
    fn of(output: Output, judged: &[Analyzed], needs_response_from: Level) -> Data {
        let all = judged.iter().map(|analyzed| &analyzed.assessment);
        match output {
            Output::Level => Data::Words(all.map(|a| a.level.to_string()).collect()),
            Output::Reason => Data::Words(all.map(|a| a.reason.clone()).collect()),
            Output::Score => Data::Numbers(all.map(|a| a.score).collect()),
            Output::Confidence => Data::Numbers(all.map(|a| a.confidence).collect()),
            Output::NeedsResponse => Data::Flags(all.map(|a| a.level >= needs_response_from).collect()),
            Output::RequiresStaffReview => Data::Flags(all.map(|a| a.requires_staff_review).collect()),
            Output::IsDegraded => Data::Flags(all.map(ash_analysis::Assessment::is_degraded).collect()),
        }
    }
}

impl InferAnswer {
    /// One element a verdict in each of `outputs`.
    pub(super) fn new(
        id: Option<String>,
        judged: &[Analyzed],
        outputs: &[Output],
        needs_response_from: Level,
    ) -> Self {
        let tensor = |output: &Output| Tensor {
            name: *output,
            datatype: output.datatype(),
            shape: [judged.len()],
            data: Data::of(*output, judged, needs_response_from),
        };
        let outputs = outputs.iter().map(tensor).collect();
        InferAnswer { model_name: NAME, model_version: MODEL_VERSION, id, outputs }
    }
}
