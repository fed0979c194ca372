//! Everything that can go wrong while a model is loaded or hypotheses are made for it. Nothing goes
//! wrong afterwards.

/// A model could not be loaded, or asked what it was to be asked. Messages name the file and what
/// was expected in it.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// A file could not be read.
    #[error("cannot read {file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not part of the embedded model.
    #[error("{file} is missing: a model needs config.json, tokenizer.json and model.safetensors")]
    Missing {
        /// The file.
        file: String,
    },
    /// A file does not hold what its name promises.
    #[error("{file} is not valid: {why}")]
    Invalid {
        /// The file.
        file: String,
        /// The parser's sentence.
        why: String,
    },
    /// The model family is not one of those that are implemented.
    #[error("{file}: model_type {found:?} is not supported; supported are {supported}")]
    UnsupportedModelType {
        /// The config file.
        file: String,
        /// What it says.
        found: String,
        /// The supported families, comma-separated.
        supported: String,
    },
    /// A setting of the config has a value that is not implemented or makes no sense.
    #[error("{file}: {key} is {found}; expected {expected}")]
    Config {
        /// The config file.
        file: String,
        /// The key.
        key: &'static str,
        /// Its value.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// The weights lack a tensor.
    #[error("{file} has no tensor {tensor:?} (expected shape {expected:?})")]
    NoTensor {
        /// The weights file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape that was looked for.
        expected: Vec<usize>,
    },
    /// A tensor has another shape.
    #[error("{file}: tensor {tensor:?} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// The weights file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape that was looked for.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor has a number type that is not implemented.
    #[error("{file}: tensor {tensor:?} is {found}, expected one of {expected}")]
    Type {
        /// The weights file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The type in the file.
        found: String,
        /// The types that are read.
        expected: &'static str,
    },
    /// A tensor holds a number that is not finite.
    #[error("{file}: tensor {tensor:?} holds a value that is not finite")]
    NotFinite {
        /// The weights file.
        file: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A model for zero-shot classification does not say which of its labels is entailment.
    #[error(
        "{file}: no label that starts with \"entail\", which zero-shot classification needs; \
         the labels are {labels}"
    )]
    NoEntailment {
        /// The config file.
        file: String,
        /// The model's labels, comma-separated.
        labels: String,
    },
    /// A hypothesis template without a place for the label, or with several.
    #[error("the hypothesis template {template:?} must contain {{}} exactly once, where the label goes")]
    Template {
        /// The template.
        template: String,
    },
    /// No labels were given to make hypotheses of.
    #[error("zero-shot classification needs at least one label")]
    NoLabels,
    /// A hypothesis leaves no room for a premise.
    #[error("the hypothesis {hypothesis:?} has {tokens} tokens; the model takes at most {most}")]
    HypothesisTooLong {
        /// The label in its template.
        hypothesis: String,
        /// Its tokens.
        tokens: usize,
        /// The most it could have.
        most: usize,
    },
}
