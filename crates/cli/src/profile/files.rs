//! The files that a profile is written to beside its report. What is seen not to be writable is told before anything is
//! measured, and nothing that is there is touched until there is something to write.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Whether all of `places`, each with the option that names it, can be written: each is a file of its own in a folder
/// that is there, and none of them is the one with the `messages`.
pub(crate) fn check(places: &[(&str, &Path)], messages: Option<&Path>) -> Result<()> {
    let messages = messages.and_then(identity);
    for (number, (option, path)) in places.iter().enumerate() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        ensure!(folder.is_none_or(Path::is_dir), "cannot write {}: there is no such folder", path.display());
        ensure!(!path.is_dir(), "cannot write {}: it is a folder", path.display());
        if path.is_file() {
            // Opened as it is, and left so.
            let opened = File::options().append(true).open(path);
            opened.with_context(|| format!("cannot write {}", path.display()))?;
        }
        let Some(file) = identity(path) else { continue };
        ensure!(
            messages.as_ref() != Some(&file),
            "cannot write {}: the messages are in it; give {option} another file",
            path.display()
        );
        for (other, earlier) in &places[..number] {
            ensure!(
                identity(earlier).as_ref() != Some(&file),
                "cannot write {}: {other} and {option} are the same file",
                path.display()
            );
        }
    }
    Ok(())
}

/// Where a path leads, by whatever way, even if nothing is there yet.
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    })
}

/// All of it, or the error of the last bytes.
pub(crate) fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let written = File::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        content(&mut out)?;
        out.flush()
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}
