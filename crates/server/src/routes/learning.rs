//! What staff say of verdicts, from the bots: POST `/analyze_false_positive`, `/analyze_false_negative` and
//! `/update_learning_model`; GET `/learning_statistics`.
//!
//! It is on the disk when the answer says so. Nothing here can change how messages are judged but by the small bounded
//! shifts of `ash_learning`.

use std::sync::Arc;
use std::time::Duration;

use ash_analysis::{Level, MessageText, Offsets};
use ash_runtime::{Feedback, FeedbackError, FeedbackKind, Moment, Service};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::App;
use crate::body;
use crate::error::{ApiError, ErrorAnswer};
use crate::request::{object, string};
use crate::routes::openapi::feedback::{FalseNegativeBody, FalsePositiveBody, UpdateBody};

/// The answer to feedback.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LearningAnswer {
    #[schema(examples("success"))]
    status: &'static str,
    /// `false_positive`, `false_negative` or `model_update`.
    analysis_type: &'static str,
    /// Whether it shifted a cut.
    learning_applied: bool,
    /// How far it shifted the cut of its level, -0.1 to 0.1.
    adjustment_factor: f64,
    /// Always 0: one report is no wording to look for. `ash-nlp patterns learn` finds such in labelled rows.
    patterns_discovered: u32,
    /// How many cuts were shifted.
    confidence_adjustments: u32,
    /// Under which it is stored; the same report again has the same.
    #[schema(required)]
    record_id: Option<String>,
    /// Whether it was not stored before.
    is_new: bool,
    /// Why it shifted nothing, if it did not.
    #[schema(required)]
    note: Option<String>,
    /// How far each cut is shifted now.
    learned_offsets: Offsets,
}

/// A verdict was too high
///
/// It is on the disk when the answer says so; the same report again is the same record.
#[utoipa::path(post, path = "/analyze_false_positive", operation_id = "false_positive", tag = "learning",
    request_body = FalsePositiveBody,
    responses(
        (status = 200, description = "It is stored.", body = LearningAnswer),
        (status = 409, description = "Feedback is not taken (`learning.enabled`).", body = ErrorAnswer),
    ),
)]
pub(crate) async fn false_positive(
    State(app): State<Arc<App>>,
    body: Body,
) -> Result<Json<LearningAnswer>, ApiError> {
    report(&app, FeedbackKind::FalsePositive, body).await
}

/// A verdict was too low
///
/// It is on the disk when the answer says so; the same report again is the same record.
#[utoipa::path(post, path = "/analyze_false_negative", operation_id = "false_negative", tag = "learning",
    request_body = FalseNegativeBody,
    responses(
        (status = 200, description = "It is stored.", body = LearningAnswer),
        (status = 409, description = "Feedback is not taken (`learning.enabled`).", body = ErrorAnswer),
    ),
)]
pub(crate) async fn false_negative(
    State(app): State<Arc<App>>,
    body: Body,
) -> Result<Json<LearningAnswer>, ApiError> {
    report(&app, FeedbackKind::FalseNegative, body).await
}

async fn report(app: &App, kind: FeedbackKind, body: Body) -> Result<Json<LearningAnswer>, ApiError> {
    let fields = object(&body::read(body, app.limits.max_body_bytes).await?)?;
    let feedback = feedback(kind, None, &fields, app.limits.max_message_bytes)?;
    learn(app, kind, feedback.with_context(context(&fields, "context"))).await
}

/// A report under other names, or the shifts anew
///
/// One bot sends each report a second time, under these names: then it is the same record. Without a report the
/// shifts are calculated anew from what is stored.
#[utoipa::path(post, path = "/update_learning_model", operation_id = "update_learning_model", tag = "learning",
    request_body = UpdateBody,
    responses(
        (status = 200, description = "It is stored, or the shifts are calculated.", body = LearningAnswer),
        (status = 409, description = "Feedback is not taken (`learning.enabled`).", body = ErrorAnswer),
    ),
)]
pub(crate) async fn update_model(
    State(app): State<Arc<App>>,
    body: Body,
) -> Result<Json<LearningAnswer>, ApiError> {
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let fields = if bytes.is_empty() { Map::new() } else { object(&bytes)? };
    let kind = match string(&fields, "record_type")? {
        Some("false_positive") => FeedbackKind::FalsePositive,
        Some("false_negative") => FeedbackKind::FalseNegative,
        Some(_) => {
            let expected = "false_positive or false_negative";
            return Err(ApiError::WrongType { field: Some("record_type"), expected });
        }
        None => return refreshed(&app).await,
    };
    let (message, correction) = (part(&fields, "message_data")?, part(&fields, "correction_data")?);
    let feedback = feedback(kind, Some(message), correction, app.limits.max_message_bytes)?;
    learn(&app, kind, feedback.with_context(context(&fields, "context_data"))).await
}

/// The answer of GET `/learning_statistics`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LearningStatus {
    /// `active`, or `disabled` by learning.enabled.
    learning_system_status: &'static str,
    /// How many reports are stored; null, as the other figures, while learning is disabled.
    #[schema(required)]
    total_records: Option<u64>,
    #[schema(required)]
    false_positives: Option<u64>,
    #[schema(required)]
    false_negatives: Option<u64>,
    /// When the last one came, RFC 3339.
    #[schema(required)]
    last_update: Option<String>,
    /// How many came today (UTC).
    #[schema(required)]
    records_today: Option<u32>,
    /// How far each cut is shifted now.
    learned_offsets: Offsets,
    configuration: LearningConfiguration,
}

/// The bounds, as configured.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LearningConfiguration {
    enabled: bool,
    keep_text: bool,
    /// How far one report shifts a cut.
    step: f64,
    /// How far all reports together may shift it.
    max_adjustment: f64,
    /// How many reports of one day may shift anything.
    max_adjustments_per_day: u32,
    /// Before so many reports nothing is shifted.
    min_records: u32,
    /// After so many days a report counts half.
    half_life_days: u32,
}

/// Figures of what staff said
#[utoipa::path(get, path = "/learning_statistics", operation_id = "learning_statistics", tag = "learning", responses(
    (status = 200, description = "How many reports there are, and what they shift.", body = LearningStatus),
))]
pub(crate) async fn statistics(State(app): State<Arc<App>>) -> Result<Json<LearningStatus>, ApiError> {
    let settings = app.service()?.settings().learning.clone();
    let found = match blocking(&app, Service::learning_statistics).await {
        Err(ApiError::LearningOff) => None,
        found => Some(found?),
    };
    let figures = found.as_ref();
    Ok(Json(LearningStatus {
        learning_system_status: if figures.is_some() { "active" } else { "disabled" },
        total_records: figures.map(|figures| figures.tally.total),
        false_positives: figures.map(|figures| figures.tally.false_positives),
        false_negatives: figures.map(|figures| figures.tally.false_negatives),
        last_update: figures.and_then(|figures| figures.tally.last).map(Moment::to_rfc3339),
        records_today: figures.map(|figures| figures.today),
        learned_offsets: app.service()?.judged_by().offsets,
        configuration: LearningConfiguration {
            enabled: settings.enabled,
            keep_text: settings.keep_text,
            step: settings.step,
            max_adjustment: settings.max_adjustment,
            max_adjustments_per_day: settings.max_per_day,
            min_records: settings.min_records,
            half_life_days: settings.half_life_days,
        },
    }))
}

/// What a body says, under the names of its kind: `report` has the levels, `message` the message.
fn feedback(
    kind: FeedbackKind,
    message: Option<&Map<String, Value>>,
    report: &Map<String, Value>,
    limit: usize,
) -> Result<Feedback, ApiError> {
    let text = match message {
        Some(message) => required(message, "content")?,
        None => required(report, "message")?,
    };
    if text.len() > limit {
        return Err(ApiError::MessageTooLong { limit });
    }
    let text = MessageText::parse(text)?;
    let (given, correct) = match kind {
        FeedbackKind::FalsePositive => (level(report, "detected_level")?, level(report, "correct_level")?),
        FeedbackKind::FalseNegative => {
            (level(report, "actually_detected")?, level(report, "should_detect_level")?)
        }
    };
    let feedback = Feedback::new(kind, given, correct, text).map_err(ApiError::Implausible)?;
    let feedback = match report.get("severity_score").and_then(Value::as_f64) {
        Some(score) => feedback.with_score(score),
        None => feedback,
    };
    Ok(match string(report, "record_id")?.map(str::parse) {
        None => feedback,
        Some(Ok(id)) => feedback.with_id(id),
        Some(Err(_)) => {
            let expected = "1 to 128 letters, digits and . _ : -";
            return Err(ApiError::WrongType { field: Some("record_id"), expected });
        }
    })
}

/// What is told beside it: some clients send text there, or nothing; what may be kept of it is decided elsewhere.
fn context(report: &Map<String, Value>, name: &str) -> Map<String, Value> {
    report.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn required<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, ApiError> {
    match fields.get(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(ApiError::WrongType { field: Some(field), expected: "a string" }),
        None => Err(ApiError::Missing { field }),
    }
}

/// A level by its name; `safe` is how answers call none under `severity`.
fn level(fields: &Map<String, Value>, field: &'static str) -> Result<Level, ApiError> {
    let expected = "none, low, medium, high or critical";
    match required(fields, field)?.to_ascii_lowercase().as_str() {
        "safe" => Ok(Level::None),
        name => name.parse().map_err(|_| ApiError::WrongType { field: Some(field), expected }),
    }
}

fn part<'a>(fields: &'a Map<String, Value>, field: &'static str) -> Result<&'a Map<String, Value>, ApiError> {
    match fields.get(field) {
        Some(Value::Object(part)) => Ok(part),
        Some(_) => Err(ApiError::WrongType { field: Some(field), expected: "an object" }),
        None => Err(ApiError::Missing { field }),
    }
}

async fn learn(app: &App, kind: FeedbackKind, feedback: Feedback) -> Result<Json<LearningAnswer>, ApiError> {
    let learnt = blocking(app, move |service| service.learn(&feedback)).await?;
    let moved = learnt.why_not.is_none();
    Ok(Json(LearningAnswer {
        status: "success",
        analysis_type: kind.as_str(),
        learning_applied: moved,
        adjustment_factor: (learnt.adjustment * 1e4).round() / 1e4,
        patterns_discovered: 0,
        confidence_adjustments: u32::from(moved),
        record_id: Some(learnt.id.as_str().to_owned()),
        is_new: learnt.is_new,
        note: learnt.why_not,
        learned_offsets: learnt.offsets,
    }))
}

async fn refreshed(app: &App) -> Result<Json<LearningAnswer>, ApiError> {
    let before = app.service()?.judged_by().offsets.get();
    let learned_offsets = blocking(app, Service::relearn).await?;
    let now = learned_offsets.get().into_iter();
    let moved = now.zip(before).filter(|(now, before)| (now - before).abs() > 1e-4).count();
    Ok(Json(LearningAnswer {
        status: "success",
        analysis_type: "model_update",
        learning_applied: moved > 0,
        adjustment_factor: 0.0,
        patterns_discovered: 0,
        confidence_adjustments: u32::try_from(moved).unwrap_or_default(),
        record_id: None,
        is_new: false,
        note: None,
        learned_offsets,
    }))
}

/// Off the async threads: it waits for the disk. Whoever comes while too many wait is sent away.
async fn blocking<T: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&Service) -> Result<T, FeedbackError> + Send + 'static,
) -> Result<T, ApiError> {
    let service = Arc::clone(app.service()?);
    let Ok(permit) = Arc::clone(&app.writers).try_acquire_owned() else {
        return Err(ApiError::Overloaded { retry_after: Duration::from_secs(1) });
    };
    let asked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        ask(&service)
    });
    Ok(asked.await.map_err(|_| ApiError::Failed)??)
}
