//! `RoBERTa` (Liu et al. 2019, arXiv:1907.11692) and XLM-R (Conneau et al. 2020,
//! arXiv:1911.02116): BERT's layers; positions behind the padding token's, one token type, and the
//! head that `MPNet` shares.

use super::HeadNames;
use crate::nonlinearity::Nonlinearity;

pub(super) fn head_names() -> HeadNames {
    HeadNames {
        dense: "classifier.dense".to_owned(),
        nonlinearity: Nonlinearity::Tanh,
        classifier: "classifier.out_proj",
    }
}
