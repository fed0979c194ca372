//! Zero-shot classification by natural language inference (Yin et al. 2019, arXiv:1909.00161).
//!
//! Each label is put into a template and becomes a hypothesis; the model says of each pair of premise
//! and hypothesis whether the one entails the other. Scores are defined as by transformers'
//! `ZeroShotClassificationPipeline` (`pipelines/zero_shot_classification.py`), with one difference:
//! a premise that is too long keeps its *last* part here, from the start of a sentence if there is
//! one near, and the pipeline keeps the first. What somebody says last says most about now.

use crate::batch::Batch;
use crate::classifier::SequenceClassifier;
use crate::config::Config;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::Precision;

/// Where a label goes in a hypothesis template.
const SLOT: &str = "{}";

/// An NLI model that scores labels it was never trained on.
pub struct ZeroShot {
    model: SequenceClassifier,
    entailment: usize,
    contradiction: usize,
}

/// The hypotheses of a label set, tokenised once by the model that made them. They fit no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hypotheses {
    tokens: Vec<Vec<u32>>,
}

impl Hypotheses {
    /// How many; at least one.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Never: a set without labels is refused when it is made.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Tokens of each hypothesis, in their order, without special ones.
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        self.tokens.iter().map(Vec::len)
    }

    /// Tokens of all hypotheses together, without special ones.
    pub fn tokens(&self) -> usize {
        self.tokens.iter().map(Vec::len).sum()
    }
}

impl ZeroShot {
    /// Load a plain model directory (see [`SequenceClassifier::load`]).
    ///
    /// The entailment label is found as the pipeline finds it: the first of the config's `label2id`,
    /// in the order of the file, whose lower-case name starts with `entail`; a config without
    /// `label2id` is searched in the order of `id2label`. Where the pipeline would go on with the
    /// last label if there is none, this is an error that lists the labels. A tokenizer that puts
    /// nothing between the texts of a pair is refused as well.
    pub fn load(files: &Files, precision: Precision) -> Result<Self, EncoderError> {
        let model = SequenceClassifier::load(files, precision)?;
        let outputs = model.labels().len();
        let entailment = entailment(model.config()).filter(|&id| id < outputs && outputs > 1);
        let Some(entailment) = entailment else {
            let labels = model.labels().join(", ");
            return Err(EncoderError::NoEntailment { file: files.describe("config.json"), labels });
        };
        if !model.trunk().tokens.separates_pairs() {
            let file = model.trunk().tokens.file().to_owned();
            let why = "its post-processor puts no special token between the texts of a pair".to_owned();
            return Err(EncoderError::Invalid { file, why });
        }
        // The pipeline's choice: label 0, or the last if 0 is the entailment.
        let contradiction = if entailment == 0 { outputs - 1 } else { 0 };
        Ok(ZeroShot { model, entailment, contradiction })
    }

    /// The model below.
    pub fn model(&self) -> &SequenceClassifier {
        &self.model
    }

    /// The index of the entailment logit.
    pub fn entailment(&self) -> usize {
        self.entailment
    }

    /// Put every label into the template and tokenise the sentences.
    ///
    /// The template has `{}` exactly once; nothing else in it is special. It is an error if there are
    /// no labels, or if a hypothesis leaves no room for a single token of a premise.
    pub fn hypotheses<S: AsRef<str>>(
        &self,
        template: &str,
        labels: &[S],
    ) -> Result<Hypotheses, EncoderError> {
        if template.matches(SLOT).count() != 1 {
            return Err(EncoderError::Template { template: template.to_owned() });
        }
        if labels.is_empty() {
            return Err(EncoderError::NoLabels);
        }
        let tokens = &self.model.trunk().tokens;
        let most = tokens.room_of_pair() - 1;
        let hypothesis = |label: &S| {
            let hypothesis = template.replace(SLOT, label.as_ref());
            let ids = tokens.ids(&hypothesis);
            if ids.len() > most {
                return Err(EncoderError::HypothesisTooLong { hypothesis, tokens: ids.len(), most });
            }
            Ok(ids)
        };
        Ok(Hypotheses { tokens: labels.iter().map(hypothesis).collect::<Result<_, _>>()? })
    }

    /// Every premise with every hypothesis, premise by premise: pair `p · hypotheses.len() + h`.
    ///
    /// A premise is tokenised once. If it is too long it is cut once, to what the longest hypothesis
    /// leaves, so that all hypotheses are asked about the same text; [`Batch::truncated`] says so of
    /// all its pairs.
    pub fn pairs<S: AsRef<str>>(&self, premises: &[S], hypotheses: &Hypotheses) -> Batch {
        self.model.trunk().tokens.premises_with(premises, &hypotheses.tokens)
    }

    /// Logits of every pair, row-major: `batch.len()` × the model's labels.
    pub fn logits(&self, batch: &Batch) -> Vec<f32> {
        self.model.logits(batch)
    }

    /// The score of each of `n_labels` hypotheses, in their order, for each premise, from the logits
    /// of [`ZeroShot::pairs`]. Scores lie between 0 and 1.
    ///
    /// Single label: the softmax of the entailment logits over all labels, which sums to 1. Multi
    /// label, and always for one label alone: for each label on its own the softmax of its
    /// entailment logit against the contradiction logit, which is the first one (the last if the
    /// first is the entailment), so that it serves models of two labels and of three.
    pub fn scores(&self, logits: &[f32], n_labels: usize, multi_label: bool) -> Vec<Vec<f32>> {
        let outputs = self.model.labels().len();
        let premises = logits.chunks_exact((n_labels * outputs).max(1));
        if multi_label || n_labels == 1 {
            let score = |row: &[f32]| softmax(&[row[self.contradiction], row[self.entailment]])[1];
            premises.map(|rows| rows.chunks_exact(outputs).map(score).collect()).collect()
        } else {
            premises
                .map(|rows| {
                    let logits: Vec<f32> = rows.chunks_exact(outputs).map(|r| r[self.entailment]).collect();
                    softmax(&logits)
                })
                .collect()
        }
    }

    /// The scores of every label for each premise, end to end, running at most `max_batch_tokens`
    /// tokens at a time (at least one pair). See [`ZeroShot::scores`].
    pub fn classify<S: AsRef<str>>(
        &self,
        premises: &[S],
        hypotheses: &Hypotheses,
        multi_label: bool,
        max_batch_tokens: usize,
    ) -> Vec<Vec<f32>> {
        let pairs = self.pairs(premises, hypotheses);
        let logits: Vec<f32> = pairs.parts(max_batch_tokens).flat_map(|part| self.logits(&part)).collect();
        self.scores(&logits, hypotheses.len(), multi_label)
    }
}

fn entailment(config: &Config) -> Option<usize> {
    let entails = |label: &str| label.to_lowercase().starts_with("entail");
    if config.label2id.is_empty() {
        return config.labels.iter().position(|label| entails(label));
    }
    config.label2id.iter().find(|(label, _)| entails(label)).map(|&(_, id)| id)
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|l| (l - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}
