//! The earlier messages, as scores with times.

use crate::score::Score;

/// How many earlier messages a request may bring.
pub const MAX_ITEMS: usize = 20;

/// Below this a message is calm: the beginning of level low on the even scale.
pub const CALM_BELOW: f32 = 0.2;

/// An earlier message. Its text is gone; what is left is how it was judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// Its score on the even scale.
    pub score: Score,
    /// When it was written, in seconds since 1970.
    pub at: Option<i64>,
}

impl Item {
    /// At low or worse.
    pub fn is_concerning(&self) -> bool {
        self.score.get() >= CALM_BELOW
    }
}

/// The newest time in `items`.
pub fn newest(items: &[Item]) -> Option<i64> {
    items.iter().filter_map(|item| item.at).max()
}

/// The items, oldest first. With all times known they decide, and scores where times are equal, so that the
/// order in which items came cannot matter; otherwise the contract's order holds, newest first.
pub(super) fn in_order(items: &[Item]) -> Vec<Item> {
    let mut items: Vec<Item> = items.iter().rev().copied().collect();
    if items.iter().all(|item| item.at.is_some()) {
        items.sort_by(|a, b| a.at.cmp(&b.at).then(a.score.get().total_cmp(&b.score.get())));
    }
    items
}
