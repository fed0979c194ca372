//! Where a setting comes from: the layer, and in a file the line.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::Profile;

/// The layer that a setting comes from; the later ones win.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "layer", rename_all = "snake_case")]
pub enum SettingOrigin {
    /// `config/ash.toml`, as it is embedded.
    Default,
    /// What a profile needs otherwise (`config/zero-shot.toml`).
    Profile {
        /// The profile.
        profile: Profile,
    },
    /// The configuration file.
    File {
        /// As it was named.
        path: PathBuf,
        /// The line of the key, from 1; none for a mistake that has no line.
        line: Option<usize>,
    },
    /// A variable of the environment.
    Variable {
        /// Its name, as it is set.
        name: String,
    },
    /// An option of the command line (or, in tests, of code).
    CommandLine,
}

impl SettingOrigin {
    /// Whether somebody has set it: it is no default.
    pub const fn is_set(&self) -> bool {
        !matches!(self, SettingOrigin::Default | SettingOrigin::Profile { .. })
    }
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingOrigin::Default => f.write_str("default"),
            SettingOrigin::Profile { profile } => write!(f, "default of the profile {profile}"),
            SettingOrigin::File { path, line: Some(line) } => write!(f, "{}:{line}", path.display()),
            SettingOrigin::File { path, line: None } => write!(f, "{}", path.display()),
            SettingOrigin::Variable { name } => f.write_str(name),
            SettingOrigin::CommandLine => f.write_str("command line"),
        }
    }
}

/// The variable that sets `key`: `ASH_SERVER__BIND` sets `server.bind`.
pub fn variable(key: &str) -> String {
    format!("ASH_{}", key.replace('.', "__").to_uppercase())
}

/// The variable that is set and sets `key`. Capitals do not count, so its name is looked up.
pub(super) fn variable_in_force(key: &str) -> Option<String> {
    let wanted = variable(key);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.into_iter().find(|name| name.eq_ignore_ascii_case(&wanted))
}

/// The line of `key` in a TOML text, from 1; of an element of a list, that of the list.
pub(super) fn line_of_key(text: &str, key: &[&str]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (mut table, mut start) = (document.get_ref(), None);
    for part in key {
        let (name, value) = table.iter().find(|(name, _)| name.get_ref() == part)?;
        start = Some(name.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    start.map(|start| line_at(text, start))
}

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&b| b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_on_its_line_however_it_is_written() {
        struct Case {
            key: &'static [&'static str],
            line: Option<usize>,
        }
        let text = "# one\na.b = 1\n[c]\nd = [\n  1,\n]\ne = { f = 2 }\n\n[c.g.h]\ni = 3\n[\"c\".j]\n";
        let cases = [
            Case { key: &["a", "b"], line: Some(2) },
            Case { key: &["c", "d"], line: Some(4) },
            Case { key: &["c", "d", "0"], line: Some(4) },
            Case { key: &["c", "e", "f"], line: Some(7) },
            Case { key: &["c", "g", "h"], line: Some(9) },
            Case { key: &["c", "g"], line: Some(9) },
            Case { key: &["c", "g", "h", "i"], line: Some(10) },
            Case { key: &["c", "j"], line: Some(11) },
            Case { key: &["c", "k"], line: None },
        ];
        for Case { key, line } in cases {
            assert_eq!(line_of_key(text, key), line, "{key:?}");
        }
        assert_eq!(line_of_key("a = ", &["a"]), None, "no TOML");
    }
}
