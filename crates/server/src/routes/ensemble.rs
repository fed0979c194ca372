//! /ensemble: how much each model counts, and how they are combined; for tuning tools.

use std::collections::BTreeMap;
use std::sync::Arc;

use ash_analysis::Mode;
use ash_runtime::{EnsembleChange, JudgedBy};
use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{ApiError, ErrorAnswer};
use crate::routes::openapi::bodies::SetWeights;

/// What POST /ensemble/set-weights takes for each model: old clients leave "emotional" out.
const PARAMETERS: [(&str, &str); 4] = [
    ("depression_weight", "depression"),
    ("sentiment_weight", "sentiment"),
    ("distress_weight", "emotional_distress"),
    ("emotional_distress_weight", "emotional_distress"),
];

/// The answer of the routes that change the ensemble.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnsembleAnswer {
    #[schema(examples("success"))]
    status: &'static str,
    /// The weight of each model, 0 to 1.
    weights: BTreeMap<String, f64>,
    /// How models are combined.
    #[schema(value_type = Mode)]
    ensemble_mode: &'static str,
    /// `configuration`, or `set while running`.
    source: &'static str,
}

/// The answer of GET /ensemble/config.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EnsembleConfig {
    #[serde(flatten)]
    now: EnsembleAnswer,
    /// The weights of the configuration.
    configured_weights: BTreeMap<String, f64>,
    /// The mode of the configuration.
    #[schema(value_type = Mode)]
    configured_mode: &'static str,
    /// What `ensemble_mode` may be.
    #[schema(value_type = Vec<Mode>)]
    available_modes: Vec<&'static str>,
    /// Signals further apart than this are a gap, 0 to 1.
    max_spread: f64,
    /// Less agreement than this is a gap, 0 to 1.
    min_agreement: f64,
}

/// The ensemble as it is
#[utoipa::path(get, path = "/ensemble/config", operation_id = "ensemble_config", tag = "tuning", responses(
    (status = 200, description = "Weights and mode in force, and those of the configuration.", body = EnsembleConfig),
))]
pub(crate) async fn config(State(app): State<Arc<App>>) -> Result<Json<EnsembleConfig>, ApiError> {
    let judged = app.service()?.judged_by();
    let configured = &judged.configured.analysis.ensemble;
    let ensemble = &judged.effective().ensemble;
    Ok(Json(EnsembleConfig {
        configured_weights: weights(&configured.weights),
        configured_mode: configured.mode.as_str(),
        available_modes: Mode::ALL.map(Mode::as_str).into(),
        max_spread: four_places(ensemble.max_spread),
        min_agreement: four_places(ensemble.min_agreement),
        now: EnsembleAnswer::of(&judged),
    }))
}

/// Give models another weight, or combine them otherwise
///
/// From the next message on; parameters that are left out leave things as they are. It holds until the service ends or its configuration is read again.
#[utoipa::path(post, path = "/ensemble/set-weights", operation_id = "set_weights", tag = "tuning",
    params(SetWeights),
    responses(
        (status = 200, description = "What is in force now.", body = EnsembleAnswer),
        (status = 422, description = "Nothing to set, a weight or mode that is none, or weights that sum to 0.",
            body = ErrorAnswer),
    ),
)]
pub(crate) async fn set_weights(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Json<EnsembleAnswer>, ApiError> {
    let change = change(&uri)?;
    let judged = app.service()?.set_ensemble(&change)?;
    Ok(Json(EnsembleAnswer::of(&judged)))
}

/// Back to the configuration
///
/// The configured weights and mode are in force again.
#[utoipa::path(post, path = "/ensemble/refresh-weights", operation_id = "refresh_weights", tag = "tuning", responses(
    (status = 200, description = "What is in force now.", body = EnsembleAnswer),
))]
pub(crate) async fn refresh_weights(State(app): State<Arc<App>>) -> Result<Json<EnsembleAnswer>, ApiError> {
    let judged = app.service()?.reset_ensemble().map_err(|error| {
        tracing::error!(%error, "the configured ensemble could not be restored");
        ApiError::Failed
    })?;
    Ok(Json(EnsembleAnswer::of(&judged)))
}

fn change(uri: &Uri) -> Result<EnsembleChange, ApiError> {
    let malformed = ApiError::WrongType { field: None, expected: "sent with a readable query string" };
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| malformed)?;
    let mut change = EnsembleChange::default();
    for (name, value) in pairs {
        if name == "ensemble_mode" {
            let expected = "consensus, majority or weighted";
            let wrong = |_| ApiError::WrongType { field: Some("ensemble_mode"), expected };
            change.mode = Some(value.parse().map_err(wrong)?);
        } else if let Some((parameter, model)) = PARAMETERS.into_iter().find(|(known, _)| *known == name) {
            let weight = value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
            let wrong = ApiError::WrongType { field: Some(parameter), expected: "a number from 0 to 1" };
            change.weights.insert(model.to_owned(), weight.ok_or(wrong)?);
        }
    }
    if change == EnsembleChange::default() {
        return Err(ApiError::Missing { field: "depression_weight" });
    }
    Ok(change)
}

impl EnsembleAnswer {
    fn of(judged: &JudgedBy) -> Self {
        let ensemble = &judged.effective().ensemble;
        EnsembleAnswer {
            status: "success",
            weights: weights(&ensemble.weights),
            ensemble_mode: ensemble.mode.as_str(),
            source: if judged.ensemble_is_set { "set while running" } else { "configuration" },
        }
    }
}

fn weights(of: &BTreeMap<String, f32>) -> BTreeMap<String, f64> {
    of.iter().map(|(model, &weight)| (model.clone(), four_places(weight))).collect()
}

/// As it was written: a float prints digits that nobody set.
pub(super) fn four_places(value: f32) -> f64 {
    (f64::from(value) * 1e4).round() / 1e4
}
