//! What is inside the binary, so that it runs alone from any folder: the compact profile, the label
//! sets, the pattern packs, the lexicon.

/// A folder of the profile: its name ("" is the root) and its files by name.
pub(crate) type Folder = (&'static str, &'static [(&'static str, &'static [u8])]);

/// The folders of `models/compact/` as they were when the binary was built.
pub(crate) static COMPACT: &[Folder] = include!(concat!(env!("OUT_DIR"), "/compact.rs"));

/// The files of `packs/labels/` as they were when the binary was built: name and text.
pub(crate) static LABELS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/labels.rs"));

/// The files of `packs/patterns/` as they were when the binary was built: name and text.
pub(crate) static PATTERNS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

/// `packs/lexicon.bin` as it was when the binary was built.
pub(crate) static LEXICON: &[u8] = include_bytes!("../../../packs/lexicon.bin");
