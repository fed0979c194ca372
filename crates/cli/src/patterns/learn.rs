//! `ash-nlp patterns learn`: a lexicon from labelled messages.

use std::fs;
use std::path::{Path, PathBuf};

use anstream::eprintln;
use anyhow::{Context, Result};
use ash_analysis::Message;
use ash_analysis::lexicon::{LearnSettings, learn};
use ash_runtime::load_pattern_packs;

use crate::outcome::Outcome;
use crate::rows;

/// Learns from the rows of `split` in all files and writes the lexicon.
pub(super) fn run(files: &[PathBuf], split: &str, packs: Option<&Path>, out: &Path) -> Result<Outcome> {
    let packs = load_pattern_packs(packs)?;
    let rows = rows::read(files, Some(split))?;
    let folded: Vec<Vec<String>> =
        rows.iter().map(|row| packs.words(&Message::new(row.text.clone()))).collect();
    let labelled: Vec<_> = folded
        .iter()
        .zip(&rows)
        .map(|(words, row)| (words.iter().map(String::as_str).collect(), row.level))
        .collect();
    eprintln!("learning from {} rows of split {split} …", labelled.len());
    let lexicon = learn(&labelled, &LearnSettings::default());
    fs::write(out, lexicon.to_bytes()).with_context(|| format!("cannot write {}", out.display()))?;
    eprintln!("written to {}", out.display());
    Ok(Outcome::Done)
}
