//! Names of models: a repository on the hub, and the folder that it has in the store.

use std::fmt;
use std::str::FromStr;

/// A repository: `owner/name`, or `name` alone for the oldest ones.
///
/// Only what the hub allows in a name passes, so that a name is always safe as a folder and in a URL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName(String);

/// What to pull: a repository, and the branch, tag or commit of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The repository.
    pub name: ModelName,
    /// The revision, `main` if none is named.
    pub revision: Option<String>,
}

/// A text that is no name of a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no model: {why}; expected OWNER/NAME, OWNER/NAME@REVISION, or a directory that starts with ./ or /"
)]
pub struct NotAName {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl ModelName {
    /// As the hub writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder of this model in a store: `owner--name`.
    pub fn folder(&self) -> String {
        self.0.replace('/', "--")
    }

    /// The name that a folder of a store stands for; none if no name has this folder.
    pub fn of_folder(folder: &str) -> Option<Self> {
        folder.replacen("--", "/", 1).parse().ok().filter(|name: &ModelName| name.folder() == folder)
    }
}

impl FromStr for ModelName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let refuse = |why| Err(NotAName { text: text.to_owned(), why });
        if text.is_empty() || text.len() > 96 {
            return refuse("a name has 1 to 96 letters");
        }
        let mut parts = 0;
        for part in text.split('/') {
            parts += 1;
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if part.is_empty() || !part.chars().all(allowed) {
                return refuse("only letters, digits, - _ and . and one / stand in a name");
            }
            if part.starts_with(['.', '-']) || part.contains("..") || part.contains("--") {
                return refuse("no part starts with . or - or has .. or -- in it");
            }
        }
        if parts > 2 { refuse("a name has one / at most") } else { Ok(ModelName(text.to_owned())) }
    }
}

impl FromStr for Wanted {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let (name, revision) = match text.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (text, None),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let good = |r: &str| !r.is_empty() && r.len() <= 200 && r.chars().all(allowed) && !r.contains("..");
        if revision.is_some_and(|r| !good(r)) {
            let why = "a revision is a branch, a tag or a commit";
            return Err(NotAName { text: text.to_owned(), why });
        }
        Ok(Wanted { name: name.parse()?, revision: revision.map(ToOwned::to_owned) })
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.revision {
            Some(revision) => write!(f, "{}@{revision}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// Is this a commit hash, which unlike a branch never means anything else later?
pub(crate) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_folder_stand_for_each_other() {
        for name in ["owner/name-v2.0", "MoritzLaurer/mDeBERTa-v3-base-mnli-xnli", "tiny"] {
            let parsed: ModelName = name.parse().expect(name);
            assert_eq!(ModelName::of_folder(&parsed.folder()), Some(parsed));
        }
        assert_eq!(ModelName::of_folder("a--b--c"), None);
        assert_eq!(ModelName::of_folder(".pull-a--b"), None);
    }

    #[test]
    fn a_name_never_leaves_the_store() {
        for text in
            ["", "../x", "a/../b", "a/b/c", "/a", "a/", "a b", "a%2fb", "-a/b", "a/.b", "a--b/c", "a\\b"]
        {
            assert!(text.parse::<ModelName>().is_err(), "{text}");
        }
        for text in ["a/b@", "a/b@x y", "a/b@../..", "a/b@x?y"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
        let wanted: Wanted = "a/b@refs/pr/1".parse().expect("a revision may have slashes");
        assert_eq!(wanted.revision.as_deref(), Some("refs/pr/1"));
        assert_eq!(wanted.to_string(), "a/b@refs/pr/1");
    }
}
