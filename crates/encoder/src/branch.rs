//! The part of a model that is its own: further layers, pooling, classification heads.

use std::ops::Range;

use rayon::prelude::*;

use crate::arch;
use crate::batch::Batch;
use crate::config::Config;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::{Activation, AttentionShape, Linear, Precision, Rows};
use crate::layer::{self, Layer};
use crate::nonlinearity::Nonlinearity;
use crate::recording::{Op, Work, operation};
use crate::trunk::{Hidden, Trunk};
use crate::weights::{WEIGHTS_FILE, Weights};

/// How the token vectors of a sequence become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// The first token's vector, through a matrix and this function.
    First(Nonlinearity),
}

/// A classification head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its name: `heads.NAME.weight` in the file, or `classifier` for the one head of a plain model.
    pub name: String,
    /// How many logits it gives.
    pub outputs: usize,
}

/// Layers, pooling and heads above a [`Trunk`].
pub struct Branch {
    shape: AttentionShape,
    width: usize,
    layers: Vec<Layer>,
    pooler: Option<Pooler>,
    heads: Vec<Head>,
    classifiers: Vec<Linear>,
}

/// What a plain model does to the first token's vector before it classifies it.
struct Pooler {
    dense: Linear,
    nonlinearity: Nonlinearity,
}

impl Branch {
    /// Load the layers behind the trunk's last, and the heads, from `model.safetensors`.
    ///
    /// Layers are those with the next numbers (`encoder.layer.4…` above a trunk of four), as many as
    /// the file has. Heads are `heads.NAME.{weight,bias}`, mean-pooled; where there are none, the
    /// head of transformers' `…ForSequenceClassification` of the family, over the first token.
    /// Heads and pooler stay f32: they are small, and every verdict passes through them.
    pub fn load(files: &Files, trunk: &Trunk, precision: Precision) -> Result<Self, EncoderError> {
        let config = trunk.config();
        let weights = Weights::open(files)?;
        let prefix = arch::prefix(config.model_type, &weights);
        let first = trunk.layers();
        let more = (first..first + 96)
            .take_while(|&i| {
                let names = arch::layer_names(config.model_type, prefix, i);
                weights.has(&format!("{}.weight", names.query))
            })
            .count();
        let mut heads = named_heads(&weights);
        heads.sort_by(|a, b| a.name.cmp(&b.name));
        if heads.is_empty() {
            let plain = format!("{}.weight", arch::head_names(config, prefix).classifier);
            if !weights.has(&plain) {
                return Err(EncoderError::NoTensor {
                    file: files.describe(WEIGHTS_FILE),
                    tensor: format!("heads.*.weight or {plain}"),
                    expected: vec![config.labels.len(), config.hidden_size],
                });
            }
            return Branch::plain(trunk, &weights, first..first + more, precision);
        }
        let classifiers = heads
            .iter()
            .map(|head| {
                linear(Op::Heads, &weights, &format!("heads.{}", head.name), head.outputs, config.hidden_size)
            })
            .collect::<Result<_, _>>()?;
        let layers = layers(config, &weights, first..first + more, precision)?;
        let (shape, width) = (trunk.shape.clone(), config.hidden_size);
        Ok(Branch { shape, width, layers, pooler: None, heads, classifiers })
    }

    /// The rest of a plain model: the config's layers behind the trunk's, and the family's own head.
    pub(crate) fn load_plain(
        files: &Files,
        trunk: &Trunk,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let layers = trunk.layers()..trunk.config().num_hidden_layers;
        Branch::plain(trunk, &Weights::open(files)?, layers, precision)
    }

    fn plain(
        trunk: &Trunk,
        weights: &Weights,
        range: Range<usize>,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let (config, width) = (trunk.config(), trunk.config().hidden_size);
        let names = arch::head_names(config, arch::prefix(config.model_type, weights));
        // A config without labels leaves their number to the file.
        let outputs = match config.labels.len() {
            0 => weights.rows(&format!("{}.weight", names.classifier)),
            labels => labels,
        };
        let classifier = linear(Op::Heads, weights, names.classifier, outputs, width)?;
        let dense = linear(Op::Pooling, weights, &names.dense, width, width)?;
        Ok(Branch {
            shape: trunk.shape.clone(),
            width,
            layers: layers(config, weights, range, precision)?,
            pooler: Some(Pooler { dense, nonlinearity: names.nonlinearity }),
            heads: vec![Head { name: "classifier".to_owned(), outputs }],
            classifiers: vec![classifier],
        })
    }

    /// The heads, in the order of [`Branch::forward`]'s answer (by name).
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// How token vectors become one.
    pub fn pooling(&self) -> Pooling {
        self.pooler.as_ref().map_or(Pooling::Mean, |p| Pooling::First(p.nonlinearity))
    }

    /// Logits of every head, each row-major `[batch.len() × outputs]`, from the trunk's output.
    pub fn forward(&self, batch: &Batch, hidden: &Hidden) -> Vec<Vec<f32>> {
        self.finish(batch, hidden.clone())
    }

    /// The same, in the trunk's own memory.
    pub(crate) fn finish(&self, batch: &Batch, hidden: Hidden) -> Vec<Vec<f32>> {
        let mut x = hidden.0;
        let (sequences, shape) = (&batch.sequences, &self.shape);
        let pooled = if let Some(pooler) = &self.pooler {
            pooler.forward(&layer::forward_first(&self.layers, x, sequences, shape))
        } else {
            layer::forward(&self.layers, &mut x, sequences, shape);
            let work = || Work::moves(batch.len(), x.len() + batch.len() * self.width);
            operation(Op::Pooling, work).alone(|| means(&x, batch, self.width))
        };
        let pooled = Rows::new(&pooled, self.width);
        self.classifiers.iter().map(|c| c.forward(&pooled, Activation::None).to_vec()).collect()
    }
}

impl Pooler {
    /// `first`: the first token's row of every sequence.
    fn forward(&self, first: &[f32]) -> Vec<f32> {
        let mut pooled =
            self.dense.forward(&Rows::new(first, self.dense.outputs()), Activation::None).to_vec();
        self.nonlinearity.apply(&mut pooled);
        pooled
    }
}

fn means(x: &[f32], batch: &Batch, width: usize) -> Vec<f32> {
    let mut pooled = Vec::with_capacity(batch.len() * width);
    for sequence in &batch.sequences {
        let mut mean = vec![0.0_f32; width];
        for row in x[sequence.start * width..sequence.end * width].chunks_exact(width) {
            for (m, v) in mean.iter_mut().zip(row) {
                *m += v;
            }
        }
        let n = sequence.len() as f32;
        pooled.extend(mean.iter().map(|m| m / n));
    }
    pooled
}

fn layers(
    config: &Config,
    weights: &Weights,
    range: Range<usize>,
    precision: Precision,
) -> Result<Vec<Layer>, EncoderError> {
    let prefix = arch::prefix(config.model_type, weights);
    range.into_par_iter().map(|i| Layer::load(config, weights, prefix, i, precision)).collect()
}

fn linear(
    op: Op,
    weights: &Weights,
    name: &str,
    outputs: usize,
    inputs: usize,
) -> Result<Linear, EncoderError> {
    let weight = weights.matrix(&format!("{name}.weight"), outputs, inputs)?;
    let bias = weights.vector(&format!("{name}.bias"), outputs)?;
    Ok(Linear::new(op, weight, bias, Precision::F32))
}

/// The `heads.NAME` of a file, with the number of rows its weights declare.
fn named_heads(weights: &Weights) -> Vec<Head> {
    weights
        .names()
        .iter()
        .filter_map(|n| n.strip_prefix("heads.")?.strip_suffix(".weight").map(ToOwned::to_owned))
        .map(|name| {
            let outputs = weights.rows(&format!("heads.{name}.weight"));
            Head { name, outputs }
        })
        .collect()
}
