//! GET /admin/thresholds/status: what makes a level of a score, as configured, as learnt, and as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use ash_analysis::{Cuts, Level, Mode, Offsets, Tails};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::ensemble::four_places;
use crate::app::App;
use crate::error::ApiError;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThresholdStatus {
    /// `success`.
    status: &'static str,
    /// How models are combined; each mode has cuts of its own.
    #[schema(value_type = Mode)]
    ensemble_mode: &'static str,
    /// The scores at which levels begin at this moment, before they are put on the even scale of `crisis_score`.
    thresholds: Cuts,
    /// The same as they are configured.
    configured: Cuts,
    /// How far staff's feedback shifts each, -0.1 to 0.1; high and critical never above 0.
    learned_offsets: Offsets,
    /// The same cuts for every mode.
    #[schema(value_type = BTreeMap<Mode, Cuts>)]
    by_mode: BTreeMap<&'static str, Cuts>,
    /// How probable "at least this level" must be to be a model's vote.
    model_thresholds: BTreeMap<String, Tails>,
    /// When a person is asked although the level alone would not.
    staff_review: StaffReview,
    /// The lowest level that sets `needs_response`.
    #[schema(value_type = Level)]
    needs_response_from: &'static str,
}

/// When a person is asked; from high on always.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffReview {
    /// Medium verdicts of less confidence are reviewed, 0 to 1.
    minimum_confidence: f64,
    /// Medium verdicts nearer than this to a cut are reviewed, 0 to 1.
    margin: f64,
}

/// What makes a level of a score
///
/// As configured, as learnt, and as it is at this moment.
#[utoipa::path(get, path = "/admin/thresholds/status", operation_id = "thresholds", tag = "tuning", responses(
    (status = 200, description = "The thresholds in force.", body = ThresholdStatus),
))]
pub(crate) async fn status(State(app): State<Arc<App>>) -> Result<Json<ThresholdStatus>, ApiError> {
    let judged = app.service()?.judged_by();
    let (effective, configured) = (judged.effective(), &judged.configured.analysis);
    let (mode, decision) = (effective.ensemble.mode, &effective.decision);
    Ok(Json(ThresholdStatus {
        status: "success",
        ensemble_mode: mode.as_str(),
        thresholds: *decision.cuts.of(mode),
        configured: *configured.decision.cuts.of(mode),
        learned_offsets: judged.offsets,
        by_mode: Mode::ALL.map(|mode| (mode.as_str(), *decision.cuts.of(mode))).into(),
        model_thresholds: decision.model_tails.clone(),
        staff_review: StaffReview {
            minimum_confidence: four_places(decision.minimum_review_confidence),
            margin: four_places(decision.review_margin),
        },
        needs_response_from: judged.configured.server.needs_response_from.as_str(),
    }))
}
