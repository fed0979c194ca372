//! The names and types of tensors.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the elements of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Datatype {
    /// Texts; JSON strings.
    Bytes,
    /// Numbers of single precision.
    Fp32,
    /// true or false.
    Bool,
}

/// What a request brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Input {
    /// Messages; BYTES.
    Text,
}

/// What an answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Output {
    /// none, low, medium, high or critical.
    Level,
    /// Low begins at 0.2, medium at 0.4, high at 0.6, critical at 0.8.
    Score,
    /// How sure the verdict is of its level.
    Confidence,
    /// The level is at least the configured `server.needs_response_from`.
    NeedsResponse,
    /// A human should look, whatever the level says.
    RequiresStaffReview,
    /// Some part failed; the verdict rests on less than it should.
    IsDegraded,
    /// One sentence; it never quotes the text.
    Reason,
}

impl Output {
    /// In the order of an answer to a request that names none.
    pub(super) const ALL: [Output; 7] = [
        Output::Level,
        Output::Score,
        Output::Confidence,
        Output::NeedsResponse,
        Output::RequiresStaffReview,
        Output::IsDegraded,
        Output::Reason,
    ];

    pub(super) const fn datatype(self) -> Datatype {
        match self {
            Output::Level | Output::Reason => Datatype::Bytes,
            Output::Score | Output::Confidence => Datatype::Fp32,
            Output::NeedsResponse | Output::RequiresStaffReview | Output::IsDegraded => Datatype::Bool,
        }
    }
}
