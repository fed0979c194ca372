//! config/ash.toml as a document: which keys there are, in which order, and what is said about them.
//!
//! A comment belongs to the key below it. A key without one, directly below another key, shares that one's;
//! else the comment above its table counts. A table without a comment shares that of the table before it, if
//! both lie in the same table. `# --- title ---` begins a part. A key that is commented out
//! (`# path = "models/compact"`) is a key that nobody has set.

use std::sync::LazyLock;

use super::DEFAULT_TOML;

/// The keys of config/ash.toml, in its order.
#[derive(Debug)]
pub(super) struct Documented {
    pub(super) tables: Vec<Table>,
}

/// A table, `[server]`.
#[derive(Debug)]
pub(super) struct Table {
    /// Its dotted name.
    pub(super) name: String,
    /// The part of the document that begins with it: title and introduction, line by line.
    pub(super) part: Vec<String>,
    /// What is said about the table as a whole, line by line.
    pub(super) about: Vec<String>,
    pub(super) keys: Vec<Key>,
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// Its dotted name.
    pub(super) name: String,
    /// What is said about it, line by line; of the key above it if `shared`.
    pub(super) about: Vec<String>,
    /// It stands below a key whose comment speaks for both.
    pub(super) shared: bool,
}

/// What the embedded config/ash.toml documents.
pub(super) fn documented() -> &'static Documented {
    static DOCUMENTED: LazyLock<Documented> = LazyLock::new(|| Documented::read(DEFAULT_TOML));
    &DOCUMENTED
}

impl Documented {
    /// Reads TOML of the plain kind: one key a line, no key outside of a table.
    fn read(text: &str) -> Self {
        let mut tables: Vec<Table> = Vec::new();
        let mut comment: Vec<String> = Vec::new();
        let mut part: Vec<String> = Vec::new();
        let mut after_key = false;
        for line in text.lines() {
            if line.trim().is_empty() {
                // A comment that nothing follows introduces the part, if one has begun.
                let loose = std::mem::take(&mut comment);
                if loose.first().is_some_and(|first| first.starts_with("---")) || !part.is_empty() {
                    part.extend(loose);
                }
                after_key = false;
            } else if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                if comment.first().is_some_and(|first| first.starts_with("---")) {
                    part.append(&mut comment);
                }
                let about = match (comment.is_empty(), tables.last()) {
                    (true, Some(before)) if parent(&before.name) == parent(name) && name.contains('.') => {
                        before.about.clone()
                    }
                    _ => std::mem::take(&mut comment),
                };
                let part = std::mem::take(&mut part);
                tables.push(Table { name: name.to_owned(), part, about, keys: Vec::new() });
                after_key = false;
            } else if let (Some(name), Some(table)) = (key_of(line), tables.last_mut()) {
                let shared = after_key && comment.is_empty();
                let about = match table.keys.last() {
                    Some(above) if shared => above.about.clone(),
                    _ => std::mem::take(&mut comment),
                };
                table.keys.push(Key { name: format!("{}.{name}", table.name), about, shared });
                comment.clear();
                after_key = true;
            } else if let Some(said) = line.strip_prefix('#') {
                comment.push(said.strip_prefix(' ').unwrap_or(said).to_owned());
            }
        }
        Documented { tables }
    }

    /// The dotted names of all keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.tables.iter().flat_map(|table| &table.keys).map(|key| key.name.as_str())
    }

    /// What is said about a key or table, line by line: its own comment, or that of the nearest table around it.
    pub(super) fn about(&self, name: &str) -> &[String] {
        let mut keys = self.tables.iter().flat_map(|table| &table.keys);
        if let Some(key) = keys.find(|key| key.name == name && !key.about.is_empty()) {
            return &key.about;
        }
        let table =
            |name: &str| self.tables.iter().find(|table| table.name == name && !table.about.is_empty());
        let own = table(name).or_else(|| table(parent(name)?));
        own.map_or(&[], |table| table.about.as_slice())
    }
}

/// The table around a key or table.
fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(parent, _)| parent)
}

/// The key of `key = value` and of `# key = value`.
fn key_of(line: &str) -> Option<&str> {
    let (key, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    let is_name = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !value.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# The whole file.

# --- first: a part ---
# More of it.

# About a.
[a]
# One.
one = 1
two = 2

three = 3
# Perhaps.
# four = \"x\"

[a.b]
five = 5
[a.c]
six = 6

# --- second ---
[d]
";

    #[test]
    fn a_comment_belongs_to_what_it_stands_above() {
        let document = Documented::read(TEXT);
        assert_eq!(
            document.keys().collect::<Vec<_>>(),
            ["a.one", "a.two", "a.three", "a.four", "a.b.five", "a.c.six"]
        );
        for (name, about) in [
            ("a", "About a."),
            ("a.one", "One."),
            ("a.two", "One."),
            ("a.three", "About a."),
            ("a.four", "Perhaps."),
            ("a.b.five", ""),
            ("d", ""),
        ] {
            assert_eq!(document.about(name).join("\n"), about, "{name}");
        }
        assert_eq!(document.tables[0].part, ["--- first: a part ---", "More of it."]);
        assert_eq!(document.tables[3].part, ["--- second ---"]);
    }

    #[test]
    fn every_default_is_a_documented_key() {
        let document = documented();
        let table: toml::Table = toml::from_str(DEFAULT_TOML).unwrap();
        let mut names = Vec::new();
        flatten(&table, "", &mut names);
        let known: Vec<&str> = document.keys().collect();
        for name in names {
            assert!(
                known.contains(&name.as_str()),
                "{name} is set in config/ash.toml, but not read as a key"
            );
            assert!(!document.about(&name).is_empty(), "config/ash.toml says nothing about {name}");
        }
    }

    fn flatten(table: &toml::Table, prefix: &str, names: &mut Vec<String>) {
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) => flatten(inner, &format!("{prefix}{name}."), names),
                _ => names.push(format!("{prefix}{name}")),
            }
        }
    }
}
