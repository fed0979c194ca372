//! The domain of Ash-NLP: what a message says about danger, and what the team is told.
//!
//! Pure functions over plain types. No I/O, no threads, no clock, no models: those come in through
//! [`Classifier`]. The way of a message through this crate is the order of the modules below:
//! text → message → (models answer, patterns find) → signals → ensemble → evidence → decision → assessment.

pub mod analyzer;
pub mod answers;
pub mod assessment;
pub mod category;
mod characters;
pub mod classifier;
pub mod conversation;
pub mod decision;
pub mod ensemble;
pub mod evaluate;
pub mod evidence;
pub mod fit;
pub mod found;
mod independent;
pub mod labels;
pub mod level;
pub mod lexicon;
mod markup;
pub mod message;
pub mod mode;
mod normalise;
pub mod offsets;
pub mod parts;
pub mod patterns;
mod reason;
mod rounded;
pub mod score;
pub mod settings;
pub mod tails;
pub mod text;
mod traced;
mod undisguise;
pub mod verdict;
pub mod words;

pub use analyzer::CrisisAnalyzer;
pub use answers::{Answer, Answers};
pub use assessment::{Assessment, Gap, ModelSignal, Standing, Tag};
pub use classifier::{Classifier, ClassifyError, Label, ModelAnswer, ModelInfo, Reading};
pub use conversation::{ContextAnalysis, ConversationSettings};
pub use decision::{Cuts, DecisionSettings, ModeCuts};
pub use ensemble::EnsembleSettings;
pub use evidence::EvidenceSettings;
pub use found::Found;
pub use labels::{LabelSet, LabelSetDraft, LabelSetError, Role, RoleLabels};
pub use level::{Action, Level};
pub use lexicon::{Lexicon, LexiconError};
pub use message::Message;
pub use mode::Mode;
pub use offsets::Offsets;
pub use parts::{Part, PartKind, Parts};
pub use patterns::{Finding, PatternPacks};
pub use score::Score;
pub use settings::{AnalyzerSettings, SettingsError};
pub use tails::Tails;
pub use text::{MessageText, TextError};
pub use undisguise::undisguise;
pub use words::Words;
