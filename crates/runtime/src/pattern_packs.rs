//! The pattern packs at hand: those in the binary, or those of a directory.
//!
//! A pack is a file NAME.toml. The file `spellings.toml` beside them is no pack: it says how chat writes
//! words. A directory without one is read with the spellings of this program.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ash_analysis::PatternPacks;
use ash_analysis::patterns::{PackDraft, PackError, SpellingsDraft};
use serde::de::DeserializeOwned;

use crate::embedded::PATTERNS;
use crate::toml_folder::{self, EXTENSION};

/// The file of the spellings.
const SPELLINGS: &str = "spellings.toml";

/// Pattern packs that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternPackError {
    /// A file or directory cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A directory without packs.
    #[error("{path} holds no pattern pack; a pack is a file NAME.toml")]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// Not TOML, or with keys that no pack has.
    #[error("{file}{}: {why}", line.map_or_else(String::new, |line| format!(":{line}")))]
    Syntax {
        /// The file.
        file: String,
        /// The line that is to blame, from 1.
        line: Option<usize>,
        /// The parser's sentence.
        why: String,
    },
    /// Named otherwise than its file.
    #[error("{file}: the pack is named {name:?}; its file must be {name}.toml")]
    Misnamed {
        /// The file.
        file: String,
        /// The name inside.
        name: String,
    },
    /// A rule of packs is broken.
    #[error("{place}: {source}")]
    Pack {
        /// Where the packs come from.
        place: String,
        /// Which pack, rule and field, and what to do.
        source: PackError,
    },
}

/// Packs as they are written, and where they come from.
#[derive(Debug, Clone)]
pub struct PatternDrafts {
    /// A directory, or "this program".
    pub place: String,
    /// The packs, by file name.
    pub packs: Vec<PackDraft>,
    /// The spellings.
    pub spellings: SpellingsDraft,
}

impl PatternDrafts {
    /// The packs of a directory if one is given, those in the binary otherwise.
    pub fn load(path: Option<&Path>) -> Result<Self, PatternPackError> {
        let Some(path) = path else { return Self::embedded() };
        let unreadable = |path: &Path, source| PatternPackError::Unreadable { path: path.to_owned(), source };
        let mut drafts = PatternDrafts {
            place: path.display().to_string(),
            packs: Vec::new(),
            spellings: embedded_spellings()?,
        };
        for file in toml_folder::files(path).map_err(|source| unreadable(path, source))? {
            let text = fs::read_to_string(&file).map_err(|source| unreadable(&file, source))?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            drafts.add(&file.display().to_string(), &name, &text)?;
        }
        if drafts.packs.is_empty() {
            return Err(PatternPackError::Empty { path: path.to_owned() });
        }
        Ok(drafts)
    }

    fn embedded() -> Result<Self, PatternPackError> {
        let mut drafts = PatternDrafts {
            place: "this program".to_owned(),
            packs: Vec::new(),
            spellings: SpellingsDraft::default(),
        };
        for (name, text) in PATTERNS {
            drafts.add(&embedded_name(name), name, text)?;
        }
        Ok(drafts)
    }

    /// `file` stands in errors; `name` must be that of the pack.
    fn add(&mut self, file: &str, name: &str, text: &str) -> Result<(), PatternPackError> {
        if name == SPELLINGS {
            self.spellings = parse(file, text)?;
            return Ok(());
        }
        let pack: PackDraft = parse(file, text)?;
        if format!("{}.{EXTENSION}", pack.name) != name {
            return Err(PatternPackError::Misnamed { file: file.to_owned(), name: pack.name });
        }
        self.packs.push(pack);
        Ok(())
    }

    /// The machine of all rules.
    pub fn compile(&self) -> Result<PatternPacks, PatternPackError> {
        let told = |source| PatternPackError::Pack { place: self.place.clone(), source };
        PatternPacks::compile(&self.packs, &self.spellings).map_err(told)
    }
}

/// The compiled packs of a directory if one is given, those in the binary otherwise.
pub fn load_pattern_packs(path: Option<&Path>) -> Result<PatternPacks, PatternPackError> {
    PatternDrafts::load(path)?.compile()
}

fn embedded_name(name: &str) -> String {
    format!("embedded:patterns/{name}")
}

fn embedded_spellings() -> Result<SpellingsDraft, PatternPackError> {
    let found = PATTERNS.iter().find(|(name, _)| *name == SPELLINGS);
    found.map_or_else(|| Ok(SpellingsDraft::default()), |(name, text)| parse(&embedded_name(name), text))
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, PatternPackError> {
    toml_folder::parse(text).map_err(|syntax| PatternPackError::Syntax {
        file: file.to_owned(),
        line: syntax.line,
        why: syntax.why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ash_analysis::{Message, MessageText};

    const PACK: &str = r#"
name = "ours"
description = "For a test."

[[rule]]
id = "means.rope"
theme = "means"
strength = 0.5
any = ["u {bought|got} rope"]
matches = ["you bought rope", "u got rope"]
spares = ["a rope"]
"#;

    #[test]
    fn every_example_of_the_shipped_packs_shows_what_it_should() {
        let drafts = PatternDrafts::load(None).expect("the shipped packs can be read");
        let packs = drafts.compile().expect("the shipped packs keep the rules");
        let failures: Vec<String> = packs.check(&drafts.packs).iter().map(ToString::to_string).collect();
        assert_eq!(failures, Vec::<String>::new());
    }

    #[test]
    fn the_shipped_spellings_are_many_and_keep_the_rules() {
        assert!(embedded_spellings().expect("they can be read").words.len() >= 50);
    }

    #[test]
    fn a_directory_replaces_the_shipped_packs_and_keeps_the_spellings() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ours.toml"), PACK).unwrap();
        let packs = load_pattern_packs(Some(dir.path())).unwrap();
        assert_eq!(packs.rules().iter().map(|r| r.id()).collect::<Vec<_>>(), ["means.rope"]);
        let message = Message::new(MessageText::parse("ok U bought rope").unwrap());
        assert_eq!(packs.find(&message).len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_line() {
        struct Case(&'static str, &'static str, &'static str);
        for Case(from, to, says) in [
            Case("\"ours\"", "\"theirs\"", "ours.toml: the pack is named \"theirs\""),
            Case("strength", "stength", "ours.toml:8: unknown field `stength`"),
            Case("\"means\"", "\"mean\"", "ours.toml:7: unknown variant `mean`"),
            Case("means.rope", "rope", "ours: rule \"rope\": `id` must begin with \"means.\""),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("ours.toml"), PACK.replacen(from, to, 1)).unwrap();
            let error = load_pattern_packs(Some(dir.path())).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains('\n'), "{to}: {error}");
        }
        let empty = tempfile::tempdir().unwrap();
        let error = load_pattern_packs(Some(empty.path())).unwrap_err().to_string();
        assert!(error.contains("holds no pattern pack"), "{error}");
    }
}
