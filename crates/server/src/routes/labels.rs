//! /admin/labels: what the models are asked. Zero-shot models are asked the labels of a set, and sets can be switched;
//! the models of the compact profile know the labels that they were trained with, which is told as one set that cannot
//! be exchanged.

use std::collections::BTreeMap;
use std::sync::Arc;

use ash_analysis::{Label, LabelSet, Level, Score};
use ash_runtime::{LabelSets, Service, SwitchError};
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::ensemble::four_places;
use crate::app::App;
use crate::body;
use crate::error::{ApiError, ErrorAnswer};
use crate::request::{object, string};
use crate::routes::openapi::bodies::SwitchBody;

/// The name under which trained labels are told.
const TRAINED: &str = "trained";
const TRAINED_ARE: &str = "the labels that the models were trained with; they cannot be exchanged";

/// The answer of GET /admin/labels/current.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CurrentLabels {
    /// The set that the next message is judged by.
    current_set: String,
    /// One sentence about it.
    description: String,
    /// Whether there are others to switch to.
    can_switch: bool,
}

/// The answer of GET /admin/labels/list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetList {
    current_set: String,
    total_sets: usize,
    sets: Vec<SetEntry>,
}

/// One set of the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetEntry {
    name: String,
    description: String,
    is_current: bool,
    /// How many labels each model chooses from.
    labels: BTreeMap<String, usize>,
}

/// The answer of GET /admin/labels/details/{name}.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetDetails {
    name: String,
    description: String,
    is_current: bool,
    /// What each model is asked.
    models: BTreeMap<String, ModelLabels>,
}

/// The labels of one model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelLabels {
    /// The sentence in which a label stands at `{}`; null for trained labels.
    #[schema(required)]
    hypothesis_template: Option<String>,
    labels: Vec<LabelAnswer>,
}

/// One label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelAnswer {
    label: String,
    /// 0 (harmless) to 1 (danger to life now).
    severity: f64,
    level: Level,
}

/// The answer of GET /admin/labels/validate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Validated {
    /// `success`: what is loaded keeps all rules, or it would not be.
    status: &'static str,
    valid: bool,
    current_set: String,
    total_sets: usize,
}

/// The answer of POST /admin/labels/switch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Switched {
    /// `success`.
    status: &'static str,
    /// True; the tuning tools of old read this and not the status.
    success: bool,
    previous_set: String,
    current_set: String,
}

/// The label set in use
#[utoipa::path(get, path = "/admin/labels/current", operation_id = "current_labels", tag = "tuning", responses(
    (status = 200, description = "The set that the next message is judged by.", body = CurrentLabels),
))]
pub(crate) async fn current(State(app): State<Arc<App>>) -> Result<Json<CurrentLabels>, ApiError> {
    let service = app.service()?;
    let current_set = name_of_current(service);
    let found =
        service.with_label_sets(|sets| sets.get(&current_set).map(|set| set.description().to_owned()));
    let can_switch = found.is_some();
    let description = found.and_then(Result::ok).unwrap_or_else(|| TRAINED_ARE.to_owned());
    Ok(Json(CurrentLabels { current_set, description, can_switch }))
}

/// All label sets
#[utoipa::path(get, path = "/admin/labels/list", operation_id = "list_labels", tag = "tuning", responses(
    (status = 200, description = "Each with the number of its labels.", body = SetList),
))]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<SetList>, ApiError> {
    let service = app.service()?;
    let current_set = name_of_current(service);
    let entry = |set: SetDetails| SetEntry {
        labels: set.models.iter().map(|(model, asked)| (model.clone(), asked.labels.len())).collect(),
        name: set.name,
        description: set.description,
        is_current: set.is_current,
    };
    let sets: Vec<SetEntry> = all(service, &current_set).into_iter().map(entry).collect();
    Ok(Json(SetList { current_set, total_sets: sets.len(), sets }))
}

/// One label set with its labels
#[utoipa::path(get, path = "/admin/labels/details/{name}", operation_id = "label_details", tag = "tuning",
    params(("name" = String, Path, description = "As in the list.", example = "trained")),
    responses(
        (status = 200, description = "What each model is asked, and how severe each answer is.", body = SetDetails),
        (status = 404, description = "There is no set of this name.", body = ErrorAnswer),
    ),
)]
pub(crate) async fn details(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<SetDetails>, ApiError> {
    let service = app.service()?;
    // A name that is no text is the name of no set.
    let found = name.ok().and_then(|Path(name)| {
        all(service, &name_of_current(service)).into_iter().find(|set| set.name == name)
    });
    found.map(Json).ok_or(ApiError::NoSuchLabelSet { status_is_404: true, known: names(service) })
}

/// Whether the label sets keep the rules
///
/// Every set is checked when it is loaded, and none is loaded otherwise: this tells that it was.
#[utoipa::path(get, path = "/admin/labels/validate", operation_id = "validate_labels", tag = "tuning", responses(
    (status = 200, description = "They do.", body = Validated),
))]
pub(crate) async fn validate(State(app): State<Arc<App>>) -> Result<Json<Validated>, ApiError> {
    let service = app.service()?;
    let current_set = name_of_current(service);
    let total_sets = names(service).len();
    Ok(Json(Validated { status: "success", valid: true, current_set, total_sets }))
}

/// Judge by another label set
///
/// From the next message on. What is being judged finishes with the set before.
#[utoipa::path(post, path = "/admin/labels/switch", operation_id = "switch_labels", tag = "tuning",
    request_body = SwitchBody,
    responses(
        (status = 200, description = "Switched, or it was in use already.", body = Switched),
        (status = 400, description = "There is no set of this name, or the body is not JSON.", body = ErrorAnswer),
        (status = 409, description = "A model cannot read its labels; the set before stays.", body = ErrorAnswer),
    ),
)]
pub(crate) async fn switch(State(app): State<Arc<App>>, body: Body) -> Result<Json<Switched>, ApiError> {
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let fields = object(&bytes)?;
    let name = string(&fields, "label_set")?.ok_or(ApiError::Missing { field: "label_set" })?.to_owned();
    let service = Arc::clone(app.service()?);
    let previous_set = name_of_current(&service);
    if name == previous_set {
        return Ok(Json(Switched { status: "success", success: true, current_set: name, previous_set }));
    }
    // Hypotheses that were never asked are tokenised first.
    let switched = tokio::task::spawn_blocking(move || {
        service.switch_labels(&name).map_err(|error| match error {
            SwitchError::Unknown(_) | SwitchError::NoLabels { .. } => {
                ApiError::NoSuchLabelSet { status_is_404: false, known: names(&service) }
            }
            SwitchError::NoModels { .. } => ApiError::ModelsAway,
            SwitchError::Unreadable { .. } => {
                tracing::error!(%error, "the label set was not switched");
                ApiError::LabelsRefused
            }
        })?;
        Ok::<_, ApiError>(name_of_current(&service))
    });
    let current_set = switched.await.map_err(|_| ApiError::Failed)??;
    Ok(Json(Switched { status: "success", success: true, previous_set, current_set }))
}

fn name_of_current(service: &Service) -> String {
    service.health().labels.map_or_else(|| TRAINED.to_owned(), |labels| labels.label_set)
}

fn names(service: &Service) -> Vec<String> {
    let names = |sets: &LabelSets| sets.iter().map(|set| set.name().to_owned()).collect();
    service.with_label_sets(names).unwrap_or_else(|| vec![TRAINED.to_owned()])
}

fn all(service: &Service, current: &str) -> Vec<SetDetails> {
    let told = |sets: &LabelSets| sets.iter().map(|set| asked(set, current)).collect();
    service.with_label_sets(told).unwrap_or_else(|| vec![trained(service)])
}

fn asked(set: &LabelSet, current: &str) -> SetDetails {
    let models = set.roles().map(|(role, asked)| {
        let template = Some(asked.template().to_owned());
        (
            role.as_str().to_owned(),
            ModelLabels { hypothesis_template: template, labels: told(asked.labels()) },
        )
    });
    SetDetails {
        name: set.name().to_owned(),
        description: set.description().to_owned(),
        is_current: set.name() == current,
        models: models.collect(),
    }
}

fn trained(service: &Service) -> SetDetails {
    let analyzer = service.analyzer();
    let models = analyzer.models().map(|info| {
        (info.name.clone(), ModelLabels { hypothesis_template: None, labels: told(&info.labels) })
    });
    SetDetails {
        name: TRAINED.to_owned(),
        description: TRAINED_ARE.to_owned(),
        is_current: true,
        models: models.collect(),
    }
}

fn told(labels: &[Label]) -> Vec<LabelAnswer> {
    let told = |label: &Label| LabelAnswer {
        label: label.name.clone(),
        severity: four_places(Score::clamped(label.severity).get()),
        level: label.level(),
    };
    labels.iter().map(told).collect()
}
