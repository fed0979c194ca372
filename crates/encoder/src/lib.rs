//! Transformer encoders on CPU: weights, tokens, batches → logits. Knows nothing of crises.
//!
//! A model is a [`Trunk`] (word embeddings and the first layers) and one or more [`Branch`]es
//! (further layers, pooling, classification heads). Branches that were trained on the same frozen
//! trunk share its work: the trunk runs once a batch, each branch continues from its output.
//!
//! A plain model directory is a [`SequenceClassifier`]: a trunk of all layers but the last, and one
//! branch. [`ZeroShot`] asks such a model about labels it was never trained on.
//!
//! Batches are *ragged*: the tokens of all sequences lie one after the other, without padding, so
//! every row of every matrix product is a real token. A batch equals its members run one by one.
//!
//! Work runs on the ambient rayon pool; call inside [`rayon::ThreadPool::install`] to choose one.
//!
//! Where things are:
//! - [`files`], [`weights`], [`config`]: bytes → checked tensors and shapes, with errors that name
//!   file, tensor and shape
//! - `tokens`, [`batch`]: texts and pairs → ragged [`Batch`]
//! - `arch`: what differs between model families (tensor names, embeddings, position bias, head)
//! - `kernels`: matrix products, attention, normalisation, each beside a scalar twin in its tests
//! - `embeddings`, `layer`, [`trunk`], [`branch`]: the forward pass
//! - [`classifier`], [`zero_shot`]: whole models
//! - [`recording`], [`limits`]: where the time goes, and what this machine could do at most
//! - [`convert`], [`keep`]: a float file → int8, and what stays f32 in it

mod arch;
pub mod batch;
pub mod branch;
pub mod classifier;
pub mod config;
mod conv;
pub mod convert;
mod embeddings;
pub mod error;
pub mod files;
pub mod keep;
mod kernels;
mod layer;
pub mod limits;
mod matrix;
mod memory;
pub mod nonlinearity;
pub mod recording;
mod tokens;
pub mod trunk;
pub mod weights;
pub mod zero_shot;

pub use batch::Batch;
pub use branch::{Branch, Head, Pooling};
pub use classifier::SequenceClassifier;
pub use config::{Config, DebertaConfig, ModelType};
pub use error::EncoderError;
pub use files::{Bytes, Files};
pub use keep::Keep;
pub use kernels::{Precision, Simd, kernel_name};
pub use limits::Limits;
pub use memory::release_freed_memory;
pub use nonlinearity::Nonlinearity;
pub use trunk::{Hidden, Trunk};
pub use zero_shot::{Hypotheses, ZeroShot};
