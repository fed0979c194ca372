//! A model of any kind behind one door: texts in, label probabilities out.

use ash_encoder::{Batch, Config, Files, Hypotheses, Precision, SequenceClassifier, ZeroShot};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::ModelError;
use crate::sentences::HYPOTHESES;

/// A loaded classifier with its threads.
pub struct Runner {
    model: Model,
    name: String,
    pool: ThreadPool,
}

enum Model {
    /// Labels a text.
    Plain(SequenceClassifier),
    /// Says which hypotheses a text entails: natural language inference.
    Nli(ZeroShot, Hypotheses),
}

/// What a model says about some texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// One distribution over the model's labels for each text, or for each text with each hypothesis.
    pub judgements: Vec<Vec<f32>>,
    /// For each text what decides: the most probable label, or the hypothesis that is entailed most.
    pub verdicts: Vec<usize>,
}

impl Runner {
    /// Loads a model and starts `threads` threads for it, 0 for one a core. A model with a label
    /// that starts with `entail` is asked for hypotheses, any other for labels of the text.
    pub fn load(files: &Files, precision: Precision, threads: usize) -> Result<Self, ModelError> {
        let builder = ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder.build().map_err(|e| ModelError::Threads { threads, why: e.to_string() })?;
        let config = Config::read(files)?;
        let names = config.labels.iter().chain(config.label2id.iter().map(|(name, _)| name));
        let is_nli = names.into_iter().any(|name| name.to_lowercase().starts_with("entail"));
        let model = pool.install(|| -> Result<_, ModelError> {
            if !is_nli {
                return Ok(Model::Plain(SequenceClassifier::load(files, precision)?));
            }
            let model = ZeroShot::load(files, precision)?;
            let hypotheses = model.hypotheses("{}", &HYPOTHESES)?;
            Ok(Model::Nli(model, hypotheses))
        })?;
        ash_encoder::release_freed_memory();
        Ok(Runner { model, name: files.describe(""), pool })
    }

    fn classifier(&self) -> &SequenceClassifier {
        match &self.model {
            Model::Plain(model) => model,
            Model::Nli(model, _) => model.model(),
        }
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Tokenises pairs of texts.
    pub fn tokenize_pairs(&self, pairs: &[(&str, &str)]) -> Batch {
        self.classifier().tokenize_pairs(pairs)
    }

    /// One forward pass: row-major `[batch.len() × labels]`.
    pub fn logits(&self, batch: &Batch) -> Vec<f32> {
        self.pool.install(|| self.classifier().logits(batch))
    }

    /// What the model says about `texts`, in one batch.
    ///
    /// # Errors
    /// Outputs that are no numbers.
    pub fn answers(&self, texts: &[&str]) -> Result<Answers, ModelError> {
        let batch = match &self.model {
            Model::Plain(model) => model.tokenize(texts),
            Model::Nli(model, hypotheses) => model.pairs(texts, hypotheses),
        };
        let logits = self.logits(&batch);
        if !logits.iter().all(|x| x.is_finite()) {
            return Err(ModelError::NotFinite(self.name.clone()));
        }
        let rows: Vec<&[f32]> = logits.chunks_exact(self.classifier().labels().len().max(1)).collect();
        let verdicts = match &self.model {
            Model::Plain(_) => rows.iter().map(|row| largest(row)).collect(),
            Model::Nli(model, hypotheses) => {
                let entailed =
                    |rows: &[&[f32]]| rows.iter().map(|row| row[model.entailment()]).collect::<Vec<_>>();
                rows.chunks(hypotheses.len()).map(|rows| largest(&entailed(rows))).collect()
            }
        };
        Ok(Answers { judgements: rows.into_iter().map(softmax).collect(), verdicts })
    }
}

/// Softmax, shifted by the maximum so that nothing overflows.
fn softmax(logits: &[f32]) -> Vec<f32> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|x| (x - max).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

/// The place of the largest number; the first of equal ones.
pub(crate) fn largest(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}
