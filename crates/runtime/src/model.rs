//! One model of a profile: its own layers and heads on the shared trunk, and what they mean.

use std::sync::Arc;

use ash_analysis::{Label, ModelInfo, Reading};
use ash_encoder::{Batch, Branch, Hidden, Precision, Trunk};

use crate::error::LoadError;
use crate::manifest::{Activation, ModelManifest};
use crate::source::ProfileSource;

/// A model that is ready to answer.
pub(crate) struct Model {
    branch: Branch,
    primary: Head,
    temperature: f32,
    tags: Option<(Head, Activation)>,
}

/// The place of a head in the branch's outputs.
struct Head {
    index: usize,
    outputs: usize,
}

/// What `model.json` says, for a model that may or may not get its weights.
pub(crate) fn info(manifest: &ModelManifest, version: String, precision: Precision) -> ModelInfo {
    ModelInfo {
        name: manifest.name.clone(),
        labels: manifest.primary.labels.clone(),
        exclusive: true,
        tags: manifest.tags.as_ref().map_or_else(Vec::new, |t| t.labels.clone()),
        version,
        precision: precision.to_string(),
    }
}

impl Model {
    /// Loads the weights in `folder` and checks that their heads are those of the manifest.
    pub(crate) fn load(
        source: &ProfileSource,
        manifest: &ModelManifest,
        trunk: &Trunk,
        precision: Precision,
    ) -> Result<Self, LoadError> {
        let branch = Branch::load(&source.folder(&manifest.name)?, trunk, precision)?;
        let head = |name: &str, labels: usize| {
            let refuse =
                |why: String| LoadError::Head { model: manifest.name.clone(), head: name.to_owned(), why };
            let index = branch.heads().iter().position(|h| h.name == name);
            let index = index.ok_or_else(|| refuse("is not in the weights".into()))?;
            let outputs = branch.heads()[index].outputs;
            if outputs != labels {
                return Err(refuse(format!("has {outputs} outputs, the manifest names {labels} labels")));
            }
            Ok(Head { index, outputs })
        };
        let primary = head(&manifest.primary.head, manifest.primary.labels.len())?;
        let tags = match &manifest.tags {
            Some(tags) => Some((head(&tags.head, tags.labels.len())?, tags.activation)),
            None => None,
        };
        Ok(Model { branch, primary, temperature: manifest.primary.temperature, tags })
    }

    /// One reading a message of the batch, or a sentence why there is none.
    pub(crate) fn read(&self, batch: &Batch, hidden: &Hidden) -> Result<Vec<Reading>, String> {
        let logits = self.branch.forward(batch, hidden);
        (0..batch.len())
            .map(|i| {
                let primary = row(&logits, &self.primary, i)?;
                let tags = match &self.tags {
                    None => Vec::new(),
                    Some((head, Activation::Softmax)) => softmax(row(&logits, head, i)?, 1.0),
                    Some((head, Activation::Sigmoid)) => {
                        row(&logits, head, i)?.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()
                    }
                };
                let probabilities = softmax(primary, self.temperature);
                Ok(Reading { probabilities, tags, truncated: batch.truncated(i) })
            })
            .collect()
    }
}

/// The logits of message `i`, which must be numbers: a NaN that became "none" would be a lie.
fn row<'a>(logits: &'a [Vec<f32>], head: &Head, i: usize) -> Result<&'a [f32], String> {
    let all = logits.get(head.index).map_or(&[][..], Vec::as_slice);
    let row = all.get(i * head.outputs..(i + 1) * head.outputs).ok_or("it gave too few outputs")?;
    if row.iter().all(|x| x.is_finite()) {
        Ok(row)
    } else {
        Err("it gave an output that is not a number".into())
    }
}

/// Softmax of `logits / temperature`, shifted by the maximum so that nothing overflows.
fn softmax(logits: &[f32], temperature: f32) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|x| ((x - max) / temperature).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

/// The stand-in for a model whose manifest cannot be read: it has a name, and that is all.
pub(crate) fn unknown(name: &str, precision: Precision) -> Arc<ModelInfo> {
    let (labels, tags): (Vec<Label>, Vec<String>) = (Vec::new(), Vec::new());
    Arc::new(ModelInfo {
        name: name.to_owned(),
        labels,
        exclusive: true,
        tags,
        version: String::new(),
        precision: precision.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_temperature_is_less_sure_and_large_logits_do_not_overflow() {
        let sharp = softmax(&[1000.0, 999.0], 1.0);
        let soft = softmax(&[1000.0, 999.0], 4.0);
        assert!((sharp[0] - 0.7311).abs() < 1e-3, "{sharp:?}");
        assert!(soft[0] > 0.5 && soft[0] < sharp[0], "{soft:?}");
        assert!((soft.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn outputs_that_are_missing_or_no_numbers_are_failures_not_verdicts() {
        let head = Head { index: 0, outputs: 2 };
        assert_eq!(row(&[vec![1.0, 2.0, 3.0, 4.0]], &head, 1).unwrap(), [3.0, 4.0]);
        assert!(row(&[vec![1.0, 2.0, 3.0, f32::NAN]], &head, 1).unwrap_err().contains("not a number"));
        assert!(row(&[vec![1.0, 2.0]], &head, 1).unwrap_err().contains("too few"));
        assert!(row(&[], &head, 0).is_err());
    }
}
