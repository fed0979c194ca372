//! A plain Hugging Face directory with a sequence classification head.

use crate::batch::Batch;
use crate::branch::Branch;
use crate::config::Config;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::Precision;
use crate::trunk::Trunk;

/// A model as transformers' `…ForSequenceClassification` saves it: text or pair → logits.
///
/// Inside it is a [`Trunk`] of all layers but the last and a [`Branch`] of the last layer, pooler and
/// classifier: of the last layer only the first token's row is of use.
pub struct SequenceClassifier {
    trunk: Trunk,
    branch: Branch,
    labels: Vec<String>,
}

impl SequenceClassifier {
    /// Load `config.json`, `tokenizer.json` and `model.safetensors`.
    ///
    /// The error of a model without the family's head names the tensor that is missing.
    pub fn load(files: &Files, precision: Precision) -> Result<Self, EncoderError> {
        let config = Config::read(files)?;
        let trunk = Trunk::load_layers(files, config.num_hidden_layers.saturating_sub(1), precision)?;
        let branch = Branch::load_plain(files, &trunk, precision)?;
        let labels = if config.labels.is_empty() {
            let outputs = branch.heads().iter().map(|h| h.outputs).sum();
            (0..outputs).map(|i| format!("LABEL_{i}")).collect()
        } else {
            config.labels
        };
        Ok(SequenceClassifier { trunk, branch, labels })
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        self.trunk.config()
    }

    /// The labels, one a logit, in order. A config without names gives transformers' own: `LABEL_0`, …
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Tokenise texts into one ragged batch. Never fails: what cannot be read is an unknown token.
    pub fn tokenize<S: AsRef<str>>(&self, texts: &[S]) -> Batch {
        self.trunk.tokenize(texts)
    }

    /// Tokenise pairs of texts. If a pair is too long its first text keeps its last part; only a
    /// second text that fills the model alone is cut as well.
    pub fn tokenize_pairs<S: AsRef<str>, T: AsRef<str>>(&self, pairs: &[(S, T)]) -> Batch {
        self.trunk.tokenize_pairs(pairs)
    }

    /// Logits, row-major: `batch.len()` × `labels().len()`.
    pub fn logits(&self, batch: &Batch) -> Vec<f32> {
        self.branch.finish(batch, self.trunk.forward(batch)).concat()
    }

    /// The tokeniser and all layers but the last.
    pub(crate) fn trunk(&self) -> &Trunk {
        &self.trunk
    }
}
