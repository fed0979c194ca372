//! The numeric work. Each kernel has a plain scalar twin in its tests.

mod attention;
mod linear;
mod norm;
mod quantise;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rten_gemm::GemmExecutor;
use serde::{Deserialize, Serialize};

pub(crate) use attention::{AttentionShape, PositionBias, attention};
pub(crate) use linear::{Activation, Linear};
pub(crate) use norm::LayerNorm;

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

// Leaked, because an executor can be shared between threads but not sent to another.
static F32: LazyLock<&GemmExecutor> = LazyLock::new(|| Box::leak(Box::default()));
static INT8: LazyLock<&GemmExecutor<u8, i8, i32>> = LazyLock::new(|| Box::leak(Box::default()));

/// The largest weight, in size, that the int8 kernel of this CPU can take.
///
/// Without VNNI the products of two neighbours are summed in 16 bits, saturating:
/// 2 · 255 · 64 = 32,640 still fits, 2 · 255 · 127 does not.
fn weight_limit() -> u8 {
    if INT8.may_saturate() { 64 } else { 127 }
}

/// Names of the matrix product kernels that this CPU uses: `(f32, int8)`.
pub fn kernel_names() -> (&'static str, &'static str) {
    (F32.kernel_name(), INT8.kernel_name())
}
