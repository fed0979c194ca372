//! Transformer encoders on CPU: weights, tokens, batches → logits. Knows nothing of crises.
//!
//! A model is a [`Trunk`] (word embeddings and the first layers) and one or more [`Branch`]es
//! (further layers, pooling, classification heads). Branches that were trained on the same frozen
//! trunk share its work: the trunk runs once a batch, each branch continues from its output. A
//! plain model directory is the case of one branch whose trunk holds every layer.
//!
//! Batches are *ragged*: the tokens of all sequences lie one after the other, without padding, so
//! every row of every matrix product is a real token. A batch equals its members run one by one.
//!
//! Work runs on the ambient rayon pool; call inside [`rayon::ThreadPool::install`] to choose one.
//!
//! Where things are:
//! - [`files`], [`weights`], [`config`]: bytes → checked tensors and shapes, with errors that name
//!   file, tensor and shape
//! - [`tokens`]: text → ragged [`Batch`]
//! - `arch`: what differs between model families (tensor names, embeddings, position bias)
//! - `kernels`: matrix products, attention, normalisation, each beside a scalar twin in its tests
//! - `layer`, [`trunk`], [`branch`]: the forward pass
//! - [`convert`], [`keep`]: a float file → int8, and what stays f32 in it

mod arch;
pub mod branch;
pub mod config;
pub mod convert;
pub mod error;
pub mod files;
pub mod keep;
mod kernels;
mod layer;
mod matrix;
pub mod tokens;
pub mod trunk;
pub mod weights;

pub use branch::{Branch, Head, Pooling};
pub use config::{Config, ModelType};
pub use error::EncoderError;
pub use files::{Bytes, Files};
pub use keep::Keep;
pub use kernels::{Precision, kernel_names};
pub use tokens::Batch;
pub use trunk::{Hidden, Trunk};
