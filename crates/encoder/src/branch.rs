//! The part of a model that is its own: further layers, pooling, classification heads.

use rayon::prelude::*;

use crate::arch;
use crate::config::ModelType;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::{Activation, AttentionShape, Linear, Precision, Rows};
use crate::layer::{self, Layer};
use crate::tokens::Batch;
use crate::trunk::{Hidden, Trunk};
use crate::weights::Weights;

/// How the token vectors of a sequence become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// The first token's vector, through BERT's pooler (dense + tanh).
    BertPooler,
}

/// A classification head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name: `heads.NAME.weight` in the file, or `classifier`.
    pub name: String,
    /// How many logits it gives.
    pub outputs: usize,
}

/// Layers, pooling and heads above a [`Trunk`].
pub struct Branch {
    shape: AttentionShape,
    width: usize,
    layers: Vec<Layer>,
    pooler: Option<Linear>,
    heads: Vec<Head>,
    classifiers: Vec<Linear>,
}

impl Branch {
    /// Load the layers behind the trunk's last, and the heads, from `model.safetensors`.
    ///
    /// Layers are those with the next numbers (`encoder.layer.4…` above a trunk of four). Heads are
    /// `heads.NAME.{weight,bias}`, mean-pooled; or `classifier.{weight,bias}` as transformers'
    /// `BertForSequenceClassification` saves it, with BERT's pooler. Heads stay f32: they are small,
    /// and every verdict passes through them.
    pub fn load(files: &Files, trunk: &Trunk, precision: Precision) -> Result<Self, EncoderError> {
        let config = &trunk.config;
        let weights = Weights::open(files)?;
        let prefix = arch::prefix(config.model_type, &weights);
        let width = config.hidden_size;
        let first = config.num_hidden_layers;
        let more = (first..first + 96)
            .take_while(|&i| {
                let names = arch::layer_names(config.model_type, prefix, i);
                weights.has(&format!("{}.weight", names.query))
            })
            .count();
        let layers = (first..first + more)
            .into_par_iter()
            .map(|i| Layer::load(config, &weights, prefix, i, precision))
            .collect::<Result<_, _>>()?;

        let mut heads = named_heads(&weights, config.labels.len());
        heads.sort_by(|a, b| a.name.cmp(&b.name));
        let mut classifiers = Vec::new();
        for head in &heads {
            let base = head_tensor(&head.name);
            let weight = weights.matrix(&format!("{base}.weight"), head.outputs, width)?;
            let bias = weights.vector(&format!("{base}.bias"), head.outputs)?;
            classifiers.push(Linear::new(weight, bias, Precision::F32));
        }
        if heads.is_empty() {
            return Err(EncoderError::NoTensor {
                file: files.describe(crate::weights::WEIGHTS_FILE),
                tensor: "heads.*.weight or classifier.weight".to_owned(),
                expected: vec![config.labels.len(), width],
            });
        }
        let pooled_by_bert =
            config.model_type == ModelType::Bert && heads.iter().any(|h| h.name == CLASSIFIER);
        let pooler = if pooled_by_bert {
            let weight = weights.matrix(&format!("{prefix}pooler.dense.weight"), width, width)?;
            let bias = weights.vector(&format!("{prefix}pooler.dense.bias"), width)?;
            Some(Linear::new(weight, bias, Precision::F32))
        } else {
            None
        };
        Ok(Branch { shape: trunk.shape.clone(), width, layers, pooler, heads, classifiers })
    }

    /// The heads, in the order of [`Branch::forward`]'s answer (by name).
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// How token vectors become one.
    pub fn pooling(&self) -> Pooling {
        if self.pooler.is_some() { Pooling::BertPooler } else { Pooling::Mean }
    }

    /// Logits of every head, each row-major `[batch.len() × outputs]`, from the trunk's output.
    pub fn forward(&self, batch: &Batch, hidden: &Hidden) -> Vec<Vec<f32>> {
        let pooled = match &self.pooler {
            Some(pooler) => {
                let first =
                    layer::forward_first(&self.layers, hidden.0.clone(), &batch.sequences, &self.shape);
                pooler.forward(&Rows::new(&first, self.width), Activation::None).iter().map(|v| v.tanh()).collect()
            }
            None => {
                let mut x = hidden.0.clone();
                layer::forward(&self.layers, &mut x, &batch.sequences, &self.shape);
                self.mean(&x, batch)
            }
        };
        let pooled = Rows::new(&pooled, self.width);
        self.classifiers.iter().map(|c| c.forward(&pooled, Activation::None).to_vec()).collect()
    }

    fn mean(&self, x: &[f32], batch: &Batch) -> Vec<f32> {
        let width = self.width;
        let mut pooled = Vec::with_capacity(batch.len() * width);
        for sequence in &batch.sequences {
            let rows = &x[sequence.start * width..sequence.end * width];
            let mut mean = vec![0.0_f32; width];
            for row in rows.chunks_exact(width) {
                for (m, v) in mean.iter_mut().zip(row) {
                    *m += v;
                }
            }
            let n = sequence.len() as f32;
            pooled.extend(mean.iter().map(|m| m / n));
        }
        pooled
    }
}

/// The head of a plain sequence classification model.
const CLASSIFIER: &str = "classifier";

fn head_tensor(name: &str) -> String {
    if name == CLASSIFIER { name.to_owned() } else { format!("heads.{name}") }
}

/// The heads that a file has, with the number of rows its weights declare.
fn named_heads(weights: &Weights, labels: usize) -> Vec<Head> {
    let mut heads: Vec<Head> = weights
        .names()
        .iter()
        .filter_map(|n| n.strip_prefix("heads.")?.strip_suffix(".weight").map(ToOwned::to_owned))
        .map(|name| {
            let outputs = weights.rows(&format!("heads.{name}.weight"));
            Head { name, outputs }
        })
        .collect();
    if weights.has("classifier.weight") {
        heads.push(Head { name: CLASSIFIER.to_owned(), outputs: labels });
    }
    heads
}
