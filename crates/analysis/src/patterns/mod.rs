//! Patterns: what a message says in words that can be pointed at.
//!
//! Pack files become drafts (`draft`), drafts become rules (`rule`, `expand`) and machines (`matcher`).
//! A message is read in its *folded* view (`fold`, made of `tokens` with the help of a `vocabulary`), in
//! which disguises and chat spellings are undone. What rules find there is set into its frame (`clause`,
//! `quotes`, `frame`): negated, past, quoted, about somebody else. The result is a list of findings
//! (`finding`) that lead back to the raw text.
//!
//! Nothing here decides anything: what findings weigh is the business of the verdict.

mod check;
mod clause;
mod draft;
mod expand;
mod finding;
mod fold;
mod frame;
mod matcher;
mod packs;
mod quotes;
mod rule;
mod theme;
mod tokens;
mod vocabulary;

pub use check::{ExampleFailure, ExampleKind};
pub use draft::{PackDraft, RuleDraft, SpellingsDraft};
pub use expand::ExpandError;
pub use finding::{Cue, CueFactors, Cues, FactorError, Finding};
pub use matcher::MachineError;
pub use packs::{PackError, PatternPacks, RuleProblem};
pub use rule::{Reach, Rule};
pub use theme::{Polarity, Theme};
