//! The numeric work. Each kernel has a plain scalar twin in its tests.
//!
//! - [`simd`]: the instruction sets, and which one is used
//! - [`product`]: the tile of sums at the heart of every product; [`linear`], [`panel`]: layers made of such tiles
//! - [`attention`], [`relative`]: attention, and the position tables of `DeBERTa`
//! - [`near`]: how fast products are when nothing holds them up
//! - [`norm`], [`quantise`], [`vectors`]: passes over rows; [`rows`], [`buffer`]: what they read and write

#![expect(
    clippy::inline_always,
    reason = "only inlined does a part of a kernel get the instruction set of the whole"
)]

mod attention;
mod buffer;
mod linear;
mod near;
mod norm;
mod panel;
mod product;
mod quantise;
mod relative;
mod rows;
mod simd;
mod vectors;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) use attention::{AttentionShape, Inputs, PositionBias, Queries, attention};
pub(crate) use buffer::Buffer;
pub(crate) use linear::{Activation, Linear};
pub(crate) use near::{Near, sum};
pub(crate) use norm::LayerNorm;
pub(crate) use relative::{Distances, RelativePositions};
pub(crate) use rows::Rows;
pub use simd::Simd;

/// The number type of the matrix products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Weights and activations as 32-bit floats: the reference.
    F32,
    /// Weights i8 per output channel, activations u8 per token row, sums i32; the rest f32.
    #[default]
    Int8,
}

impl Precision {
    /// `f32` or `int8`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no precision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown precision {0:?}: expected f32 or int8")]
pub struct UnknownPrecision(pub String);

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "f32" => Ok(Precision::F32),
            "int8" => Ok(Precision::Int8),
            _ => Err(UnknownPrecision(s.to_owned())),
        }
    }
}

/// Names of the instructions that the kernels of this CPU use.
pub fn kernel_name() -> &'static str {
    Simd::chosen().name()
}
