//! `ash-nlp labels list`.

use std::io::Write;

use anstream::stdout;
use anyhow::Result;
use ash_analysis::{LabelSet, Role};
use ash_runtime::{LabelSets, Settings};
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::terminal::{FAINT, STRONG, styled};

/// Prints the sets to standard output, the one in the configuration marked.
pub(super) fn run(sets: &LabelSets, settings: &Settings, as_json: bool) -> Result<Outcome> {
    let configured = settings.models.zero_shot.label_set.as_str();
    let mut out = stdout().lock();
    if as_json {
        let rows: Vec<Value> = sets.iter().map(|set| row(set, configured)).collect();
        let all = json!({ "place": sets.place(), "configured": configured, "sets": rows });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Outcome::Done);
    }
    let width = sets.iter().map(|set| set.name().len()).max().unwrap_or(0);
    let head = format!("{:width$}  hypotheses  depression / sentiment / emotional_distress", "");
    writeln!(out, "  {}", styled(FAINT, head))?;
    for set in sets.iter() {
        let mark = if set.name() == configured { "*" } else { " " };
        let sizes = Role::ALL.map(|role| set.role(role).labels().len().to_string()).join(" / ");
        let name = styled(STRONG, format!("{:width$}", set.name()));
        writeln!(out, "{mark} {name}  {:>10}  {sizes:<13}{}", set.hypotheses(), set.description())?;
    }
    writeln!(out, "\n{}", styled(FAINT, "* models.zero_shot.label_set of the configuration"))?;
    Ok(Outcome::Done)
}

fn row(set: &LabelSet, configured: &str) -> Value {
    let sizes: serde_json::Map<String, Value> =
        set.roles().map(|(role, labels)| (role.as_str().to_owned(), labels.labels().len().into())).collect();
    json!({
        "name": set.name(),
        "description": set.description(),
        "configured": set.name() == configured,
        "hypotheses": set.hypotheses(),
        "labels": sizes,
    })
}
