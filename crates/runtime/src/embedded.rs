//! The compact profile inside the binary, so that it runs alone from any folder.

/// A folder of the profile: its name ("" is the root) and its files by name.
pub(crate) type Folder = (&'static str, &'static [(&'static str, &'static [u8])]);

/// The folders of `models/compact/` as they were when the binary was built.
pub(crate) static COMPACT: &[Folder] = include!(concat!(env!("OUT_DIR"), "/compact.rs"));
