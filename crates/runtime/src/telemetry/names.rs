//! Names that come from outside the code, as labels: only so many of them.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Gives a name back as a label, until there are too many; every further name is `rest`.
#[derive(Debug)]
pub(super) struct Names {
    known: RwLock<BTreeSet<Arc<str>>>,
    most: usize,
    rest: Arc<str>,
}

impl Names {
    pub(super) fn new(most: usize, rest: &str) -> Self {
        Names { known: RwLock::default(), most, rest: rest.into() }
    }

    /// The label for a name.
    pub(super) fn label(&self, name: &str) -> Arc<str> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(known);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(name) && known.len() >= self.most {
            return Arc::clone(&self.rest);
        }
        let label: Arc<str> = name.into();
        known.insert(Arc::clone(&label));
        label
    }

    /// What stands for the names beyond, and for none.
    pub(super) fn rest(&self) -> Arc<str> {
        Arc::clone(&self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_labels_than_allowed_and_one() {
        let names = Names::new(3, "other");
        let labels: BTreeSet<_> = (0..1000).map(|i| names.label(&i.to_string())).collect();
        assert_eq!(labels.iter().map(|label| &**label).collect::<Vec<_>>(), ["0", "1", "2", "other"]);
        assert_eq!(&*names.label("1"), "1", "who was first keeps its name");
    }
}
