//! A number in [0, 1].

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A probability, severity, weight or confidence: finite and within [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, ToSchema)]
#[schema(value_type = f64, minimum = 0.0, maximum = 1.0)]
pub struct Score(f32);

impl Score {
    /// 0.
    pub const ZERO: Score = Score(0.0);
    /// 1.
    pub const ONE: Score = Score(1.0);

    /// `x` limited to [0, 1]; NaN, which no path should produce, becomes 1 so that it is looked at.
    pub fn clamped(x: f32) -> Self {
        if x.is_nan() { Score::ONE } else { Score(x.clamp(0.0, 1.0)) }
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0
    }
}

impl Serialize for Score {
    /// Rounded to four decimals: what a reader can use, and the same on every platform.
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64((f64::from(self.0) * 1e4).round() / 1e4)
    }
}
