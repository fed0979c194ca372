//! `ash-nlp labels validate`.

use std::io::Write;
use std::path::PathBuf;

use anstream::stdout;
use anyhow::Result;
use ash_analysis::LabelSet;
use ash_runtime::{LabelSets, LabelsError};
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::terminal::{ALARM, STRONG, styled};

/// What was found in one place.
struct Finding {
    place: String,
    set: Result<LabelSet, LabelsError>,
}

/// Checks every set of `path`, or those in the program, and tells each by itself.
pub(super) fn run(path: Option<PathBuf>, as_json: bool) -> Result<Outcome> {
    let findings = match path {
        Some(path) => {
            let finding = |(file, set): (PathBuf, _)| Finding { place: file.display().to_string(), set };
            LabelSets::examine(&path)?.into_iter().map(finding).collect()
        }
        None => built_in()?,
    };
    let mut out = stdout().lock();
    if as_json {
        let all: Vec<Value> = findings.iter().map(Finding::json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        for Finding { place, set } in &findings {
            match set {
                // The sentence names the file.
                Err(error) => writeln!(out, "{}  {error}", styled(ALARM, "broken"))?,
                Ok(set) => {
                    let name = styled(STRONG, set.name());
                    writeln!(out, "good    {place}: {name}, {} hypotheses", set.hypotheses())?;
                }
            }
        }
    }
    let all_good = findings.iter().all(|finding| finding.set.is_ok());
    Ok(if all_good { Outcome::Done } else { Outcome::SomeFailed })
}

fn built_in() -> Result<Vec<Finding>> {
    let sets = LabelSets::load(None)?;
    Ok(sets.iter().map(|set| Finding { place: sets.place().to_owned(), set: Ok(set.clone()) }).collect())
}

impl Finding {
    fn json(&self) -> Value {
        let (set, error) = (self.set.as_ref().ok(), self.set.as_ref().err());
        json!({
            "file": self.place,
            "valid": error.is_none(),
            "name": set.map(LabelSet::name),
            "hypotheses": set.map(LabelSet::hypotheses),
            "error": error.map(ToString::to_string),
        })
    }
}
