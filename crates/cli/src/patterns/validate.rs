//! `ash-nlp patterns validate`.

use std::io::Write;
use std::path::Path;

use anstream::stdout;
use anyhow::Result;
use ash_runtime::PatternDrafts;
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::terminal::{ALARM, STRONG, styled};

/// Compiles the packs and tells every example that does not show what it should.
pub(super) fn run(path: Option<&Path>, as_json: bool) -> Result<Outcome> {
    let drafts = PatternDrafts::load(path)?;
    let compiled = drafts.compile()?;
    let PatternDrafts { place, packs, .. } = drafts;
    let failures = compiled.check(&packs);
    let examples: usize = packs.iter().flat_map(|p| &p.rules).map(|r| r.matches.len() + r.spares.len()).sum();
    let mut out = stdout().lock();
    if as_json {
        let failed: Vec<Value> = failures
            .iter()
            .map(
                |f| json!({ "pack": f.pack, "rule": f.rule, "field": f.kind.as_str(), "example": f.example }),
            )
            .collect();
        let all = json!({
            "place": place,
            "packs": packs.len(),
            "rules": compiled.rules().len(),
            "examples": examples,
            "failures": failed,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
    } else {
        for failure in &failures {
            writeln!(out, "{}  {failure}", styled(ALARM, "broken"))?;
        }
        let (packs, rules, good) = (packs.len(), compiled.rules().len(), examples - failures.len());
        let good = styled(STRONG, format!("{good} of {examples} examples"));
        writeln!(out, "{place}: {packs} packs, {rules} rules, {good} show what they should")?;
    }
    Ok(if failures.is_empty() { Outcome::Done } else { Outcome::SomeFailed })
}
