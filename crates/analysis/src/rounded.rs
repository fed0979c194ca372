//! Settings as a person would write them: four decimals, not the noise of an `f32` widened to `f64`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// `x` rounded to four decimals.
pub(crate) fn rounded(x: f32) -> f64 {
    (f64::from(x) * 1e4).round() / 1e4
}

/// For `#[serde(serialize_with)]` on an `f32`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
pub(crate) fn number<S: Serializer>(x: &f32, s: S) -> Result<S::Ok, S::Error> {
    rounded(*x).serialize(s)
}

/// For `#[serde(serialize_with)]` on a map of numbers.
pub(crate) fn map<K: Serialize, S: Serializer>(m: &BTreeMap<K, f32>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_map(m.iter().map(|(name, x)| (name, rounded(*x))))
}
