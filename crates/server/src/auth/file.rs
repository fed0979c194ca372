//! The key file: who may ask, as TOML that holds hashes only.
//!
//! ```toml
//! [[key]]
//! name = "bot"
//! role = "analyze"                 # read, analyze or admin
//! sha256 = "…"                     # of the whole key, 64 hexadecimal digits: printf %s KEY | sha256sum
//! critical_as_high = true          # optional: crisis_level says "high" for critical
//! requests_per_second = 20         # optional: instead of limits.requests_per_second_per_key; 0: no limit
//! burst = 50                       # optional: instead of limits.burst_per_key
//! ```

use std::collections::{HashMap, HashSet};
use std::fs;
use std::ops::Range;
use std::path::Path;

use ash_runtime::LimitSettings;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::secret::KeyHash;
use super::{KeyFileError, Role};

/// More keys than this are refused: every request is compared with each of them.
const MAX_KEYS: usize = 1000;

/// A key file that keeps the rules.
#[derive(Debug, Clone)]
pub struct KeyFile {
    entries: Vec<KeyEntry>,
}

/// One key of the file. Its hash is not shown.
#[derive(Clone, Serialize)]
pub struct KeyEntry {
    name: String,
    role: Role,
    critical_as_high: bool,
    requests_per_second: Option<u32>,
    burst: Option<u32>,
    #[serde(skip)]
    hash: KeyHash,
}

impl std::fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyEntry").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl KeyEntry {
    /// Unique in its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its bearer may do.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether its bearer is told "high" for critical.
    pub fn critical_as_high(&self) -> bool {
        self.critical_as_high
    }

    /// Its own rate, if it has one; 0 is none.
    pub fn requests_per_second(&self) -> Option<u32> {
        self.requests_per_second
    }

    /// Its own burst, if it has one.
    pub fn burst(&self) -> Option<u32> {
        self.burst
    }

    pub(super) fn hash(&self) -> KeyHash {
        self.hash
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    key: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: Spanned<String>,
    role: Spanned<String>,
    sha256: Spanned<String>,
    #[serde(default)]
    critical_as_high: bool,
    requests_per_second: Option<Spanned<u32>>,
    burst: Option<Spanned<u32>>,
}

impl KeyFile {
    /// Reads and checks the file at `path`.
    ///
    /// On Unix a file that everybody may read is used, with a warning in the log: hashes of random keys
    /// give no key away, but the names and roles are nobody's business.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let text = fs::read_to_string(path)
            .map_err(|source| KeyFileError::Unreadable { path: path.to_owned(), source })?;
        warn_if_public(path);
        Self::parse(&text, path)
    }

    /// Checks `text`; `path` is what errors call it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, KeyFileError> {
        let refuse = |span: Option<Range<usize>>, what: String| {
            let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            KeyFileError::Invalid { path: path.to_owned(), line, what }
        };
        let document: Document =
            toml::from_str(text).map_err(|error| refuse(error.span(), without_value(error.message())))?;
        if document.key.len() > MAX_KEYS {
            return Err(refuse(None, format!("at most {MAX_KEYS} keys are allowed")));
        }
        let mut names = HashSet::new();
        let mut hashes: HashMap<[u8; 32], String> = HashMap::new();
        let mut entries = Vec::new();
        for table in document.key {
            let entry = entry(&table).map_err(|(span, what)| refuse(Some(span), what))?;
            if !names.insert(entry.name.clone()) {
                return Err(refuse(
                    Some(table.name.span()),
                    format!("the name {:?} again; names are unique", entry.name),
                ));
            }
            if let Some(first) = hashes.insert(entry.hash.0, entry.name.clone()) {
                let what = format!("{:?} has the key of {first:?}; every key has one entry", entry.name);
                return Err(refuse(Some(table.sha256.span()), what));
            }
            entries.push(entry);
        }
        Ok(KeyFile { entries })
    }

    /// The keys, in the order of the file.
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }
}

/// One table as a key, or where it is wrong and why.
fn entry(table: &Table) -> Result<KeyEntry, (Range<usize>, String)> {
    check_name(table.name.get_ref()).map_err(|error| (table.name.span(), error.to_string()))?;
    let role =
        table.role.get_ref().parse::<Role>().map_err(|error| (table.role.span(), error.to_string()))?;
    let hash = KeyHash::parse(table.sha256.get_ref()).ok_or_else(|| {
        let what = "sha256 is the SHA-256 of the key, 64 hexadecimal digits (`printf %s KEY | sha256sum`), never the key";
        (table.sha256.span(), what.to_owned())
    })?;
    let ranged = |name: &str, value: &Option<Spanned<u32>>, least: u32| match value {
        Some(value) if !(least..=LimitSettings::MAX_RATE).contains(value.get_ref()) => {
            let what = format!("{name} is {least} to {}", LimitSettings::MAX_RATE);
            Err((value.span(), what))
        }
        value => Ok(value.as_ref().map(|value| *value.get_ref())),
    };
    Ok(KeyEntry {
        name: table.name.get_ref().clone(),
        role,
        critical_as_high: table.critical_as_high,
        requests_per_second: ranged("requests_per_second", &table.requests_per_second, 0)?,
        burst: ranged("burst", &table.burst, 1)?,
        hash,
    })
}

/// Names go into logs and onto command lines, so they are plain.
pub(super) fn check_name(name: &str) -> Result<(), KeyFileError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(KeyFileError::BadName(name.to_owned()))
}

/// The parser's sentence without the value that it complains about: that may be a key in the wrong place.
fn without_value(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, expected)) if message.starts_with("invalid") => format!("wrong value, expected {expected}"),
        _ => message.to_owned(),
    }
}

#[cfg(unix)]
fn warn_if_public(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0) {
        tracing::warn!(file = %path.display(), "everybody on this machine may read the key file; chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_public(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(text: &str) -> Result<KeyFile, String> {
        KeyFile::parse(text, Path::new("keys.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_says_who_may_do_what_and_nobody_if_it_is_empty() {
        assert!(parse("# nobody yet\n").unwrap().entries().is_empty());
        let text = format!(
            "[[key]]\nname = \"bot\"\nrole = \"analyze\"\nsha256 = \"{HASH}\"\ncritical_as_high = true\n\
             requests_per_second = 0\nburst = 5\n"
        );
        let file = parse(&text).unwrap();
        let [bot] = file.entries() else { panic!("one key") };
        assert_eq!((bot.name(), bot.role(), bot.critical_as_high()), ("bot", Role::Analyze, true));
        assert_eq!((bot.requests_per_second(), bot.burst()), (Some(0), Some(5)));
        assert!(!format!("{file:?}").contains("ba78"), "{file:?}");
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_what_is_allowed_and_never_with_a_key() {
        struct Case {
            rest: &'static str,
            line: usize,
            says: &'static str,
        }
        let case = |rest, line, says| Case { rest, line, says };
        let cases = [
            case("name = \"b c\"\nrole = \"read\"\nsha256 = \"HASH2\"", 7, "letters, digits"),
            case("name = \"b\"\nrole = \"ash_secret\"\nsha256 = \"HASH2\"", 8, "read, analyze or admin"),
            case("name = \"b\"\nrole = \"read\"\nsha256 = \"ash_secret\"", 9, "64 hexadecimal digits"),
            case("name = \"b\"\nrole = \"read\"\nsha256 = \"HASH1\"", 9, "has the key of \"a\""),
            case("name = \"a\"\nrole = \"read\"\nsha256 = \"HASH2\"", 7, "names are unique"),
            case("name = \"b\"\nrole = \"read\"\nsha256 = \"HASH2\"\nburst = 0", 10, "burst is 1 to 1000000"),
            case(
                "name = \"b\"\nrole = \"read\"\nsha256 = \"HASH2\"\nburst = \"ash_secret\"",
                10,
                "expected u32",
            ),
            case(
                "name = \"b\"\nrole = \"read\"\nsha256 = \"HASH2\"\nadmin = true",
                10,
                "unknown field `admin`",
            ),
            case("name = \"b\"\nrole = \"read\"", 6, "missing field `sha256`"),
            case("name = \"b\"\nash_secret", 8, ""),
        ];
        for Case { rest, line, says } in cases {
            let first = format!("[[key]]\nname = \"a\"\nrole = \"admin\"\nsha256 = \"{HASH}\"\n\n");
            let rest = rest.replace("HASH1", HASH).replace("HASH2", &HASH.replace('b', "c"));
            let error = parse(&format!("{first}[[key]]\n{rest}\n")).unwrap_err();
            assert!(error.starts_with(&format!("keys.toml:{line}: ")), "{rest}\n{error}");
            assert!(error.contains(says), "{error} does not say {says}");
            assert!(!error.contains("secret") && !error.contains(&HASH[..8]), "{error}");
        }
    }
}
