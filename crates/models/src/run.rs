//! A model of any kind behind one door: texts in, label probabilities out.

use ash_encoder::{Batch, Branch, Files, Precision, Trunk};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::ModelError;
use crate::sentences::HYPOTHESES;

/// A loaded classifier with its threads.
pub struct Runner {
    trunk: Trunk,
    branch: Branch,
    entailment: Option<usize>,
    name: String,
    pool: ThreadPool,
}

/// What a model says about some texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Each question of each text: one distribution over the labels of one head.
    pub judgements: Vec<Vec<f32>>,
    /// For each text what decides: the most probable label of every head, or of a model that takes
    /// hypotheses the one that is entailed most.
    pub verdicts: Vec<Vec<usize>>,
}

impl Runner {
    /// Loads a model and starts `threads` threads for it, 0 for one a core.
    pub fn load(files: &Files, precision: Precision, threads: usize) -> Result<Self, ModelError> {
        let builder = ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder.build().map_err(|e| ModelError::Threads { threads, why: e.to_string() })?;
        let (trunk, branch) = pool.install(|| -> Result<_, ModelError> {
            let trunk = Trunk::load(files, precision)?;
            let branch = Branch::load(files, &trunk, precision)?;
            Ok((trunk, branch))
        })?;
        let entails = |label: &String| label.to_lowercase().starts_with("entail");
        let entailment = trunk.config().labels.iter().position(entails);
        Ok(Runner { entailment, name: files.describe(""), trunk, branch, pool })
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Does it judge hypotheses, rather than texts alone?
    pub fn takes_hypotheses(&self) -> bool {
        self.entailment.is_some()
    }

    /// Pairs of texts, or two texts as one for a model that takes no pairs.
    pub fn tokenize_pairs(&self, pairs: &[(&str, &str)]) -> Batch {
        let texts: Vec<String> = pairs.iter().map(|(a, b)| format!("{a} {b}")).collect();
        self.trunk.tokenize(&texts)
    }

    /// One forward pass: for each head, row-major `[batch.len() × labels]`.
    pub fn logits(&self, batch: &Batch) -> Vec<Vec<f32>> {
        self.pool.install(|| self.branch.forward(batch, &self.trunk.forward(batch)))
    }

    /// Labels of each head.
    fn outputs(&self) -> Vec<usize> {
        self.branch.heads().iter().map(|h| h.outputs).collect()
    }

    /// What the model says about `texts`, in one batch.
    ///
    /// # Errors
    /// Outputs that are no numbers.
    pub fn answers(&self, texts: &[&str]) -> Result<Answers, ModelError> {
        let (batch, questions) = if self.takes_hypotheses() {
            let pairs: Vec<(&str, &str)> =
                texts.iter().flat_map(|text| HYPOTHESES.iter().map(move |h| (*text, *h))).collect();
            (self.tokenize_pairs(&pairs), HYPOTHESES.len())
        } else {
            (self.pool.install(|| self.trunk.tokenize(texts)), 1)
        };
        let logits = self.logits(&batch);
        if !logits.iter().flatten().all(|x| x.is_finite()) {
            return Err(ModelError::NotFinite(self.name.clone()));
        }
        let heads: Vec<Vec<&[f32]>> =
            logits.iter().zip(self.outputs()).map(|(l, n)| l.chunks_exact(n.max(1)).collect()).collect();
        let judgements =
            (0..batch.len()).flat_map(|i| heads.iter().map(move |head| softmax(head[i]))).collect();
        let verdicts = (0..texts.len()).map(|text| {
            let rows = text * questions..(text + 1) * questions;
            match self.entailment {
                Some(label) => {
                    let entailed: Vec<f32> = heads[0][rows].iter().map(|row| row[label]).collect();
                    vec![largest(&entailed)]
                }
                None => heads.iter().map(|head| largest(head[text])).collect(),
            }
        });
        Ok(Answers { judgements, verdicts: verdicts.collect() })
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
