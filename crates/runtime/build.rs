//! Puts `models/compact/`, `packs/labels/` and `packs/patterns/` into the binary: whatever files lie there, by the folder
//! they lie in.
//!
//! A table made from the directory cannot disagree with it, as a hand-kept list of
//! `include_bytes!` would. Without the directory the table is empty and the binary needs
//! `models.path`; it says so when it starts.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let repository = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../..");
    let out = variable("OUT_DIR")?;
    fs::write(Path::new(&out).join("compact.rs"), compact(&repository.join("models/compact"))?)?;
    for packs in ["labels", "patterns"] {
        let table = texts(&repository.join("packs").join(packs))?;
        fs::write(Path::new(&out).join(packs).with_extension("rs"), table)?;
    }
    Ok(())
}

/// The table of the compact profile: its folders, each with its files.
fn compact(root: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    if root.is_dir() {
        let root = root.canonicalize()?;
        folder(&mut table, "", &root)?;
        for path in sorted(&root)?.iter().filter(|p| p.is_dir()) {
            println!("cargo::rerun-if-changed={}", path.display());
            folder(&mut table, name(path), path)?;
        }
    }
    table.push_str("]\n");
    Ok(table)
}

/// The table of a folder of packs: file names with their text.
fn texts(root: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", root.display());
    let mut table = String::from("&[\n");
    for file in sorted(&root.canonicalize()?)?.iter().filter(|p| p.extension().is_some_and(|e| e == "toml")) {
        println!("cargo::rerun-if-changed={}", file.display());
        let path = file.display().to_string();
        let _ = writeln!(table, "    ({:?}, include_str!({path:?})),", name(file));
    }
    table.push_str("]\n");
    Ok(table)
}

/// One entry of the table: `("depression", &[("model.json", include_bytes!(…)), …]),`.
fn folder(table: &mut String, label: &str, path: &Path) -> io::Result<()> {
    let _ = writeln!(table, "    ({label:?}, &[");
    for file in sorted(path)?.iter().filter(|p| p.is_file()) {
        println!("cargo::rerun-if-changed={}", file.display());
        let path = file.display().to_string();
        let _ = writeln!(table, "        ({:?}, include_bytes!({path:?}) as &[u8]),", name(file));
    }
    table.push_str("    ]),\n");
    Ok(())
}

fn sorted(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or_default()
}

fn variable(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(io::Error::other)
}
