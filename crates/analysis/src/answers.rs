//! What the models say of each message, checked before anybody believes it.

use std::sync::Arc;

use crate::classifier::{Classifier, ClassifyError, ModelAnswer, ModelInfo, Reading};
use crate::message::Message;

/// What one model said of one message, or why it did not.
pub type Answer = (Arc<ModelInfo>, Result<Reading, ClassifyError>);

/// What every model said of one message, in configured order.
pub type Answers = Vec<Answer>;

/// How far probabilities may stray from [0, 1] and from a sum of 1: single precision over a few labels
/// errs by far less, an unnormalised model by far more.
const TOLERANCE: f32 = 0.01;

/// Asks every classifier about all messages; one [`Answers`] a message, in order.
///
/// An answer of the wrong shape or with numbers that are no probabilities counts as a failure of that
/// model, for the messages concerned. It must not be repaired into a verdict.
pub(crate) fn ask(classifiers: &[Arc<dyn Classifier>], messages: &[&Message]) -> Vec<Answers> {
    let mut all: Vec<Answers> = vec![Vec::new(); messages.len()];
    if messages.is_empty() {
        return all;
    }
    for classifier in classifiers {
        for (model, answer) in said(classifier.as_ref(), messages) {
            for (answers, reading) in all.iter_mut().zip(readings(&model, answer, messages.len())) {
                answers.push((Arc::clone(&model), reading));
            }
        }
    }
    all
}

/// What the models of a classifier said. If it answered for others than it has, nobody knows whose
/// words are whose, and all of its models failed.
fn said(classifier: &dyn Classifier, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
    let models = classifier.models();
    let said = classifier.classify(messages);
    if said.iter().map(|(model, _)| &model.name).eq(models.iter().map(|model| &model.name)) {
        return said;
    }
    let lost = |model: &ModelInfo| {
        Err(failed(model, "its classifier answered for other models than it has".to_owned()))
    };
    models.into_iter().map(|model| (Arc::clone(&model), lost(&model))).collect()
}

/// One result a message, whatever came.
fn readings(model: &ModelInfo, answer: ModelAnswer, expected: usize) -> Vec<Result<Reading, ClassifyError>> {
    match answer {
        Ok(readings) if readings.len() == expected => {
            readings.into_iter().map(|r| check(model, &r).map(|()| r)).collect()
        }
        Ok(readings) => {
            let why = format!("it gave {} readings for {expected} messages", readings.len());
            vec![Err(failed(model, why)); expected]
        }
        Err(error) => vec![Err(error); expected],
    }
}

/// Whether `reading` can be an answer of `model`: as many probabilities as it has labels and tags, all
/// within [0, 1], those of labels that exclude each other summing to 1.
pub(crate) fn check(model: &ModelInfo, reading: &Reading) -> Result<(), ClassifyError> {
    let counted = |what: &str, n: usize, expected: usize| {
        (n != expected).then(|| format!("it gave {n} {what} probabilities for {expected} {what}s"))
    };
    // A NaN lies in no range.
    let probable = |p: &f32| (-TOLERANCE..=1.0 + TOLERANCE).contains(p);
    let (p, tags) = (&reading.probabilities, &reading.tags);
    let sum: f32 = p.iter().sum();
    let wrong = counted("label", p.len(), model.labels.len())
        .or_else(|| counted("tag", tags.len(), model.tags.len()))
        .or_else(|| p.is_empty().then(|| "it has no labels".to_owned()))
        .or_else(|| {
            (!p.iter().chain(tags).all(probable)).then(|| "it gave numbers outside 0 to 1".to_owned())
        })
        .or_else(|| {
            (model.exclusive && (sum - 1.0).abs() > TOLERANCE)
                .then(|| format!("its label probabilities sum to {sum:.3}"))
        });
    wrong.map_or(Ok(()), |why| Err(failed(model, why)))
}

fn failed(model: &ModelInfo, why: String) -> ClassifyError {
    ClassifyError::Failed { model: model.name.clone(), why }
}
