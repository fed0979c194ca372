//! What was found in the words of a message, without any model.

use crate::patterns::Finding;

/// What was found in the words of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// What the rules of the pattern packs found, in the order of the text.
    pub findings: Vec<Finding>,
    /// How probable each level is by the lexicon; none without a lexicon.
    pub words: Option<[f32; 5]>,
}
