//! `ash-nlp learning reset`: forgets everything that staff said.

use std::path::Path;

use anstream::eprintln;
use anyhow::{Result, bail};
use ash_learning::Store;

use crate::outcome::Outcome;
use crate::terminal::{FAINT, styled};

/// Deletes all records, if that is meant.
pub(super) fn run(path: &Path, yes: bool) -> Result<Outcome> {
    let mut store = super::open(path)?;
    if !yes {
        let records = store.tally()?.total;
        bail!(
            "{records} records of {} would be deleted for good, and the cuts be those of the configuration again: \
             say so with --yes (`ash-nlp learning export` keeps a copy)",
            path.display()
        );
    }
    let removed = store.reset()?;
    eprintln!("{}", styled(FAINT, format!("{removed} records deleted from {}", path.display())));
    Ok(Outcome::Done)
}
