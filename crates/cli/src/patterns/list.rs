//! `ash-nlp patterns list`.

use std::io::Write;
use std::path::Path;

use anstream::stdout;
use anyhow::Result;
use ash_analysis::patterns::{PackDraft, RuleDraft};
use ash_runtime::PatternDrafts;
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::terminal::{FAINT, STRONG, level_style, styled};

/// Prints the packs to standard output, each with its rules.
pub(super) fn run(path: Option<&Path>, as_json: bool) -> Result<Outcome> {
    let drafts = PatternDrafts::load(path)?;
    // What is listed can be used.
    let compiled = drafts.compile()?;
    let mut out = stdout().lock();
    if as_json {
        let packs: Vec<Value> = drafts.packs.iter().map(pack_json).collect();
        let all = json!({
            "place": drafts.place,
            "spellings": drafts.spellings.words.len(),
            "wordings": compiled.wordings(),
            "packs": packs,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Outcome::Done);
    }
    let width = compiled.rules().iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    for pack in &drafts.packs {
        writeln!(out, "{}  {}", styled(STRONG, &pack.name), pack.description)?;
        for rule in &pack.rules {
            let floor = rule.floor.map_or_else(String::new, |level| {
                format!("  at least {}", styled(level_style(level), level))
            });
            let literal = if rule.literal { "  literal" } else { "" };
            writeln!(out, "  {:width$}  {:.2}{floor}{literal}", rule.id, rule.strength)?;
        }
        writeln!(out)?;
    }
    let (rules, wordings, spellings) =
        (compiled.rules().len(), compiled.wordings(), drafts.spellings.words.len());
    let sum = format!("{rules} rules, {wordings} wordings, {spellings} spellings, from {}", drafts.place);
    writeln!(out, "{}", styled(FAINT, sum))?;
    Ok(Outcome::Done)
}

fn pack_json(pack: &PackDraft) -> Value {
    let rules: Vec<Value> = pack.rules.iter().map(rule_json).collect();
    json!({ "name": pack.name, "description": pack.description, "rules": rules })
}

fn rule_json(rule: &RuleDraft) -> Value {
    json!({
        "id": rule.id,
        "theme": rule.theme,
        "polarity": rule.theme.polarity(),
        "strength": (f64::from(rule.strength) * 1e4).round() / 1e4,
        "floor": rule.floor,
        "literal": rule.literal,
        "any": rule.any,
        "regex": rule.regex,
    })
}
