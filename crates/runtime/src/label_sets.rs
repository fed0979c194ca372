//! The label sets at hand: those in the binary, or those of a directory.
//!
//! All of them are read and checked at once, not only the one in use: whoever switches sets while the
//! service runs must not be the first to find a mistake in a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ash_analysis::{LabelSet, LabelSetDraft, LabelSetError};

use crate::embedded::LABELS;
use crate::toml_folder::{self, EXTENSION};

/// Label sets by name. There is at least one.
#[derive(Debug, Clone)]
pub struct LabelSets {
    place: String,
    sets: Vec<Arc<LabelSet>>,
}

/// Label sets that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LabelsError {
    /// A file or directory cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A directory without label sets.
    #[error("{path} holds no label set; a set is a file NAME.toml")]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// Not TOML, or with keys that no label set has.
    #[error("{file}{}: {why}", line.map_or_else(String::new, |line| format!(":{line}")))]
    Syntax {
        /// The file.
        file: String,
        /// The line that is to blame, from 1.
        line: Option<usize>,
        /// The parser's sentence.
        why: String,
    },
    /// A rule of label sets is broken.
    #[error("{file}: {source}")]
    Rule {
        /// The file.
        file: String,
        /// Which rule, in which role, by which label.
        source: LabelSetError,
    },
    /// Named otherwise than its file.
    #[error("{file}: the set is named {name:?}; its file must be {name}.toml")]
    Misnamed {
        /// The file.
        file: String,
        /// The name inside.
        name: String,
    },
    /// No set of this name.
    #[error("there is no label set {name:?}; {place} has {}", known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Where it was looked for.
        place: String,
        /// The sets that are there.
        known: Vec<String>,
    },
}

/// A label set file and what became of it.
pub type Examined = (PathBuf, Result<LabelSet, LabelsError>);

impl LabelSets {
    /// The sets of a directory if one is given, those in the binary otherwise.
    pub fn load(path: Option<&Path>) -> Result<Self, LabelsError> {
        let Some(path) = path else { return Self::embedded() };
        let sets = files(path)?.iter().map(|file| read(file).map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(LabelSets { place: path.display().to_string(), sets })
    }

    fn embedded() -> Result<Self, LabelsError> {
        let set = |&(file, text): &(&str, &str)| parse(&format!("embedded:labels/{file}"), file, text);
        let sets: Vec<_> = LABELS.iter().map(|entry| set(entry).map(Arc::new)).collect::<Result<_, _>>()?;
        if sets.is_empty() {
            return Err(LabelsError::Empty { path: "embedded:labels".into() });
        }
        Ok(LabelSets { place: "this program".to_owned(), sets })
    }

    /// The set of a name.
    pub fn get(&self, name: &str) -> Result<Arc<LabelSet>, LabelsError> {
        let found = self.sets.iter().find(|set| set.name() == name);
        found.cloned().ok_or_else(|| LabelsError::Unknown {
            name: name.to_owned(),
            place: self.place.clone(),
            known: self.iter().map(|set| set.name().to_owned()).collect(),
        })
    }

    /// All sets, by name.
    pub fn iter(&self) -> impl Iterator<Item = &LabelSet> {
        self.sets.iter().map(Arc::as_ref)
    }

    /// Where they come from: a directory, or "this program".
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Every label set file of `path`, which is such a file or a directory of them, each read and checked
    /// by itself: what is wrong with one says nothing about the others.
    pub fn examine(path: &Path) -> Result<Vec<Examined>, LabelsError> {
        let unreadable = |source| LabelsError::Unreadable { path: path.to_owned(), source };
        let is_dir = fs::metadata(path).map_err(unreadable)?.is_dir();
        let found = if is_dir { files(path)? } else { vec![path.to_owned()] };
        Ok(found.into_iter().map(|file| (file.clone(), read(&file))).collect())
    }
}

/// The label set files of a directory, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, LabelsError> {
    let unreadable = |source| LabelsError::Unreadable { path: path.to_owned(), source };
    let files = toml_folder::files(path).map_err(unreadable)?;
    if files.is_empty() {
        return Err(LabelsError::Empty { path: path.to_owned() });
    }
    Ok(files)
}

fn read(file: &Path) -> Result<LabelSet, LabelsError> {
    let text = fs::read_to_string(file)
        .map_err(|source| LabelsError::Unreadable { path: file.to_owned(), source })?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    parse(&file.display().to_string(), &name, &text)
}

/// `file` stands in errors; `file_name` must be that of the set.
fn parse(file: &str, file_name: &str, text: &str) -> Result<LabelSet, LabelsError> {
    let draft: LabelSetDraft = toml_folder::parse(text).map_err(|syntax| LabelsError::Syntax {
        file: file.to_owned(),
        line: syntax.line,
        why: syntax.why,
    })?;
    let set = LabelSet::new(draft).map_err(|source| LabelsError::Rule { file: file.to_owned(), source })?;
    if format!("{}.{EXTENSION}", set.name()) != file_name {
        return Err(LabelsError::Misnamed { file: file.to_owned(), name: set.name().to_owned() });
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ash_analysis::{Level, Role};

    fn shipped() -> LabelSets {
        LabelSets::load(None).expect("the shipped sets keep the rules")
    }

    #[test]
    fn the_shipped_sets_have_the_promised_sizes() {
        let sizes: Vec<(&str, [usize; 3])> = vec![
            ("clinical_focused", [5, 5, 5]),
            ("compact", [5, 3, 4]),
            ("conversational", [5, 5, 5]),
            ("enhanced_crisis", [14, 11, 12]),
            ("lgbtqia", [7, 4, 4]),
            ("safety_first", [5, 3, 4]),
        ];
        let sets = shipped();
        let found: Vec<_> = sets
            .iter()
            .map(|set| (set.name(), Role::ALL.map(|role| set.role(role).labels().len())))
            .collect();
        assert_eq!(found, sizes);
    }

    #[test]
    fn every_role_of_every_shipped_set_has_words_for_each_kind_of_harmless_talk() {
        // A softmax gives its mass to some label: what has no harmless word ends at a harmful one.
        let kinds: [(&str, &[&str]); 5] = [
            ("well or ordinary", &["well", "fine", "calm", "happy", "good", "content", "everyday"]),
            ("figurative", &["jok", "exaggerat", "humour", "playful"]),
            ("gaming", &["game", "gaming"]),
            ("supporting", &["help", "support", "comfort", "care for", "encourag"]),
            ("past", &["over", "past", "recover", "again"]),
        ];
        for set in shipped().iter() {
            for (role, labels) in set.roles() {
                let harmless = labels.labels().iter().filter(|l| l.level() == Level::None);
                let words: String = harmless.map(|l| l.name.clone() + "; ").collect();
                for (kind, any) in kinds {
                    let covered = any.iter().any(|word| words.contains(word));
                    assert!(covered, "{} {role}: nothing {kind} in {words:?}", set.name());
                }
            }
        }
    }

    #[test]
    fn an_identity_is_never_a_risk() {
        let identities = [
            "gay",
            "lesbian",
            "bisexual",
            "pansexual",
            "trans",
            "queer",
            "lgbt",
            "asexual",
            "nonbinary",
            "non-binary",
            "intersex",
            "gender",
            "coming out",
            "pride",
            "proud",
            "drag",
            "identity",
        ];
        for set in shipped().iter() {
            for (role, labels) in set.roles() {
                assert!(!labels.template().contains("who is"), "{}", labels.template());
                for label in labels.labels().iter().filter(|l| l.severity > 0.0) {
                    let named = identities.iter().find(|word| label.name.to_lowercase().contains(**word));
                    assert_eq!(named, None, "{} {role}: {:?}", set.name(), label.name);
                }
            }
        }
        let affirming = shipped().get("lgbtqia").expect("a shipped set");
        let names: Vec<&str> =
            affirming.role(Role::Depression).labels().iter().map(|l| l.name.as_str()).collect();
        for good in ["proud", "affirmed", "coming out"] {
            assert!(names.iter().any(|name| name.contains(good)), "{good}");
        }
    }

    #[test]
    fn every_shipped_set_can_say_critical_in_two_roles() {
        // One voice of three cannot carry the mean to critical alone.
        for set in shipped().iter() {
            let critical = |role| set.role(role).labels().iter().any(|l| l.level() == Level::Critical);
            let voices = Role::ALL.into_iter().filter(|&role| critical(role)).count();
            assert!(voices >= 2, "{}", set.name());
        }
    }

    #[test]
    fn no_shipped_set_costs_less_than_compact() {
        let size = |set: &LabelSet| {
            let characters: usize = set.roles().flat_map(|(_, r)| r.hypotheses()).map(|h| h.len()).sum();
            (set.hypotheses(), characters)
        };
        let sets = shipped();
        let compact = size(&sets.get("compact").expect("a shipped set"));
        for set in sets.iter().filter(|set| set.name() != "compact") {
            let other = size(set);
            assert!(compact.0 <= other.0 && compact.1 < other.1, "{}: {other:?}, {compact:?}", set.name());
        }
    }

    #[test]
    fn a_directory_replaces_the_shipped_sets() {
        let dir = tempfile::tempdir().unwrap();
        let (_, text) = LABELS.iter().find(|(file, _)| *file == "compact.toml").unwrap();
        fs::write(dir.path().join("ours.toml"), text.replace("\"compact\"", "\"ours\"")).unwrap();
        fs::write(dir.path().join("README.md"), "not a set").unwrap();
        let sets = LabelSets::load(Some(dir.path())).unwrap();
        assert_eq!(sets.iter().map(LabelSet::name).collect::<Vec<_>>(), ["ours"]);
        let error = sets.get("compact").unwrap_err().to_string();
        assert!(error.contains("no label set \"compact\"") && error.ends_with("has ours"), "{error}");
    }

    #[test]
    fn a_file_that_breaks_a_rule_is_named_with_role_and_label() {
        struct Case(&'static str, &'static str, &'static str);
        let cases = [
            Case(
                "severity = 1.0",
                "severity = 1.1",
                "bad.toml: depression: the severity of the label \"plan",
            ),
            Case("[sentiment]", "[feelings]", "bad.toml:17: unknown field `feelings`, expected one of"),
            Case("severity = 0.75", "severty = 0.75", "bad.toml:11: unknown field `severty`"),
            Case("\"bad\"", "\"worse\"", "the set is named \"worse\"; its file must be worse.toml"),
            Case("I {}.", "I.", "bad.toml: depression: the template \"I.\" must have exactly one {}"),
            Case("severity = 0.5", "severity = \"0.5\"", "bad.toml:12: invalid type: string"),
            Case("[depression]", "[depression", "bad.toml:7: "),
        ];
        let (_, text) = LABELS.iter().find(|(file, _)| *file == "compact.toml").unwrap();
        let good = text.replace("\"compact\"", "\"bad\"");
        for Case(from, to, says) in cases {
            let dir = tempfile::tempdir().unwrap();
            let spoilt = good.replacen(from, to, 1);
            assert_ne!(spoilt, good, "{from}");
            fs::write(dir.path().join("bad.toml"), spoilt).unwrap();
            let error = LabelSets::load(Some(dir.path())).unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains('\n'), "{to}: {error}");
        }
        let empty = tempfile::tempdir().unwrap();
        let error = LabelSets::load(Some(empty.path())).unwrap_err().to_string();
        assert!(error.contains("holds no label set"), "{error}");
    }
}
