//! A label set, made ready for the models that will be asked it.

use std::sync::Arc;

use ash_analysis::{ClassifyError, LabelSet, ModelInfo, Role, RoleLabels};
use ash_encoder::Hypotheses;

use super::models::{Loaded, Models, not_loaded};
use crate::hash::Digest;

/// What each role is asked.
pub(super) struct Questions {
    set: Arc<LabelSet>,
    roles: [Question; 3],
}

/// What one role is asked: the labels for those who read the answer, the tokens for the model.
pub(super) struct Question {
    info: Arc<ModelInfo>,
    hypotheses: Result<Hypotheses, ClassifyError>,
}

impl Questions {
    /// Tokenises the hypotheses of `set`, each role's by its own model.
    pub(super) fn new(models: &Models, set: &Arc<LabelSet>, multi_label: bool) -> Self {
        let roles = Role::ALL.map(|role| {
            let (labels, model) = (set.role(role), models.of(role));
            let info = ModelInfo {
                name: role.as_str().to_owned(),
                labels: labels.labels().to_vec(),
                exclusive: !multi_label,
                tags: Vec::new(),
                version: model.digest().map_or_else(String::new, |digest| version(digest, set, labels)),
                precision: models.precision.to_string(),
            };
            Question { info: Arc::new(info), hypotheses: tokenise(role, model, labels) }
        });
        Questions { set: Arc::clone(set), roles }
    }

    /// The label set.
    pub(super) fn set(&self) -> &Arc<LabelSet> {
        &self.set
    }

    /// What a role is asked.
    pub(super) fn of(&self, role: Role) -> &Question {
        &self.roles[role as usize]
    }

    /// Tokens of all hypotheses together.
    pub(super) fn tokens(&self) -> usize {
        self.roles.iter().flat_map(|q| &q.hypotheses).map(Hypotheses::tokens).sum()
    }
}

impl Question {
    /// The model with the labels of this set.
    pub(super) fn info(&self) -> &Arc<ModelInfo> {
        &self.info
    }

    /// The tokens, or why the model cannot be asked.
    pub(super) fn hypotheses(&self) -> Result<&Hypotheses, &ClassifyError> {
        self.hypotheses.as_ref()
    }

    /// Why the model cannot be asked, if it cannot.
    pub(super) fn refused(&self) -> Option<&ClassifyError> {
        self.hypotheses.as_ref().err()
    }
}

fn tokenise(role: Role, model: &Loaded, labels: &RoleLabels) -> Result<Hypotheses, ClassifyError> {
    let model = model.get().map_err(|why| not_loaded(role, why))?;
    let names: Vec<&str> = labels.labels().iter().map(|label| label.name.as_str()).collect();
    model.hypotheses(labels.template(), &names).map_err(|error| not_loaded(role, &error.to_string()))
}

/// Equal version, equal verdicts: the model's hash, the name of the set, and the hash of the role's
/// labels, for a set of the same name may be another on another machine.
fn version(model: &Digest, set: &LabelSet, labels: &RoleLabels) -> String {
    format!("{model}+{}.{:.8}", set.name(), Digest::of_labels(labels).to_string())
}
