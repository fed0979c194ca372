//! Adds a key to the file and takes one out, leaving everything else as it was, comments too.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::file::check_name;
use super::secret::KeyHash;
use super::{ApiKey, KeyFile, KeyFileError, Role};

/// The head of a new file.
const HEAD: &str = "\
# API keys of Ash-NLP: hashes only. `ash-nlp keys add|list|remove` edits this file.
# A running service reads it again on SIGHUP.
";

/// What a new key may do.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// 1 to 64 letters, digits, `-`, `_` and `.`; unique in the file.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// Whether its bearer is told "high" for critical.
    pub critical_as_high: bool,
}

/// Makes a key and adds its hash to the file at `path`, which is made (readable by its owner alone) if there
/// is none. The key is nowhere but in the answer.
pub fn add_key(path: &Path, new: &NewEntry) -> Result<ApiKey, KeyFileError> {
    check_name(&new.name)?;
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => HEAD.to_owned(),
        Err(source) => return Err(KeyFileError::Unreadable { path: path.to_owned(), source }),
    };
    let (mut document, file) = open(&text, path)?;
    if file.entries().iter().any(|entry| entry.name() == new.name) {
        return Err(KeyFileError::NameTaken { path: path.to_owned(), name: new.name.clone() });
    }
    let key = ApiKey::generate().map_err(KeyFileError::Random)?;
    let mut table = Table::new();
    table["name"] = value(&new.name);
    table["role"] = value(new.role.as_str());
    table["sha256"] = value(KeyHash::of(key.expose()).to_hex());
    if new.critical_as_high {
        table["critical_as_high"] = value(true);
    }
    // What stands at the end of the file, after the last value, stays before the new key.
    let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    table.decor_mut().set_prefix(format!("{trailing}\n"));
    document.set_trailing("");
    let keys = document.entry("key").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(keys) = keys.as_array_of_tables_mut() else {
        return Err(KeyFileError::Invalid {
            path: path.to_owned(),
            line: 1,
            what: "keys are written as [[key]] tables".into(),
        });
    };
    keys.push(table);
    write(path, &document.to_string())?;
    Ok(key)
}

/// Takes the key `name` out of the file at `path`, with the comment right above it.
pub fn remove_key(path: &Path, name: &str) -> Result<(), KeyFileError> {
    let text = fs::read_to_string(path)
        .map_err(|source| KeyFileError::Unreadable { path: path.to_owned(), source })?;
    let (mut document, file) = open(&text, path)?;
    let absent = || KeyFileError::NoSuchName {
        path: path.to_owned(),
        name: name.to_owned(),
        names: file.entries().iter().map(super::KeyEntry::name).collect::<Vec<_>>().join(", "),
    };
    let at = file.entries().iter().position(|entry| entry.name() == name).ok_or_else(absent)?;
    let keys = document.get_mut("key").and_then(Item::as_array_of_tables_mut).ok_or_else(absent)?;
    let before = keys.get(at).and_then(|table| table.decor().prefix()?.as_str()).unwrap_or_default();
    // Above the first key stands what is said of the whole file, up to the last blank line.
    let head = before.rfind("\n\n").map_or("", |end| &before[..=end]).to_owned();
    keys.remove(at);
    if let Some(next) = keys.get_mut(at) {
        let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        next.decor_mut().set_prefix(head + &own);
    } else {
        let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing(head + &trailing);
    }
    write(path, &document.to_string())
}

/// The text as a document that keeps its form, and as keys that keep the rules.
fn open(text: &str, path: &Path) -> Result<(DocumentMut, KeyFile), KeyFileError> {
    let file = KeyFile::parse(text, path)?;
    let unreadable =
        |_| KeyFileError::Invalid { path: path.to_owned(), line: 1, what: "this is not TOML".into() };
    Ok((text.parse::<DocumentMut>().map_err(unreadable)?, file))
}

/// Replaces the file at once, so that a service that reads it meanwhile sees the old or the new one. A new
/// file belongs to its owner alone; an old one keeps its mode and owner, because the service may run as
/// somebody else. Behind a symbolic link the file is replaced, not the link.
fn write(path: &Path, text: &str) -> Result<(), KeyFileError> {
    // What would be written is read first: a mistake here must not lock everybody out.
    KeyFile::parse(text, path)?;
    replace(path, text).map_err(|source| KeyFileError::Unwritable { path: path.to_owned(), source })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let old = fs::metadata(path).ok();
    let path: PathBuf = if old.is_some() { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Mode 0600 until it is given another.
    let mut new = tempfile::Builder::new().prefix(".keys-").tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    if let Some(old) = old {
        keep_owner(new.path(), &old)?;
        fs::set_permissions(new.path(), old.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(&path)?;
    Ok(())
}

#[cfg(unix)]
fn keep_owner(path: &Path, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let new = fs::metadata(path)?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    chown(path, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str) -> NewEntry {
        NewEntry { name: name.to_owned(), role: Role::Analyze, critical_as_high: false }
    }

    #[test]
    fn adding_and_removing_leave_the_rest_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        let read = || fs::read_to_string(&path).unwrap();
        add_key(&path, &new("a")).unwrap();
        let first = read();
        let noted = first.clone() + "\n# Kim knows who has which key.\n";
        fs::write(&path, &noted).unwrap();
        let key = add_key(&path, &NewEntry { critical_as_high: true, ..new("b") }).unwrap();
        let second = read();
        assert!(second.starts_with(&noted), "{second}");
        assert!(second.contains(&KeyHash::of(key.expose()).to_hex()) && !second.contains(key.expose()));
        add_key(&path, &new("c")).unwrap();
        let all = read();
        assert!(all.starts_with(&second));

        remove_key(&path, "b").unwrap();
        assert_eq!(read(), noted + &all[second.len()..]);
        let noted = all.replacen("[[key]]\nname = \"b\"", "# lost on Monday\n[[key]]\nname = \"b\"", 1);
        fs::write(&path, noted).unwrap();
        remove_key(&path, "a").unwrap();
        assert!(
            read().starts_with(HEAD) && read().contains("Kim") && !read().contains("\"a\""),
            "{}",
            read()
        );
        remove_key(&path, "b").unwrap();
        assert!(read().contains("Kim") && !read().contains("Monday"), "{}", read());
        remove_key(&path, "c").unwrap();
        assert!(
            read().starts_with(HEAD) && read().contains("Kim") && !read().contains("[[key]]"),
            "{}",
            read()
        );
    }

    #[test]
    fn a_name_is_used_once_and_an_unknown_one_is_told_with_those_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        add_key(&path, &new("a")).unwrap();
        add_key(&path, &new("b")).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        assert!(matches!(add_key(&path, &new("a")), Err(KeyFileError::NameTaken { .. })));
        assert!(matches!(add_key(&path, &new("a b")), Err(KeyFileError::BadName(_))));
        let error = remove_key(&path, "c").unwrap_err().to_string();
        assert!(error.contains("no key \"c\"; it has a, b"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("keys.toml"), folder.path().join("link.toml"));
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        add_key(&path, &new("a")).unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        add_key(&link, &new("b")).unwrap();
        assert_eq!(mode(), 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(KeyFile::read(&path).unwrap().entries().len(), 2);
    }
}
