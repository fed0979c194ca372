//! `ash-nlp labels show`.

use std::io::Write;

use anstream::stdout;
use anyhow::Result;
use ash_analysis::{LabelSet, RoleLabels};
use serde_json::{Map, Value, json};

use crate::outcome::Outcome;
use crate::terminal::{FAINT, STRONG, columns, hanging, level_style, styled};

/// Where hypotheses begin: behind severity and level.
const INDENT: usize = 18;

/// Prints one set to standard output: the sentences as the models read them.
pub(super) fn run(set: &LabelSet, as_json: bool) -> Result<Outcome> {
    let mut out = stdout().lock();
    if as_json {
        let roles: Map<String, Value> =
            set.roles().map(|(role, labels)| (role.as_str().to_owned(), role_json(labels))).collect();
        let all = json!({
            "name": set.name(),
            "description": set.description(),
            "hypotheses": set.hypotheses(),
            "roles": roles,
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Outcome::Done);
    }
    let columns = columns();
    let about = hanging(set.description(), set.name().chars().count() + 2, columns);
    writeln!(out, "{}  {about}", styled(STRONG, set.name()))?;
    for (role, labels) in set.roles() {
        let head = format!("{} hypotheses, {:?}", labels.labels().len(), labels.template());
        writeln!(out, "\n{}  {}", styled(STRONG, role), styled(FAINT, head))?;
        for (label, hypothesis) in labels.labels().iter().zip(labels.hypotheses()) {
            let level = label.level();
            let shown = styled(level_style(level), format!("{level:<8}"));
            let hypothesis = hanging(&hypothesis, INDENT, columns);
            writeln!(out, "  {:.2}  {shown}  {hypothesis}", label.severity)?;
        }
    }
    Ok(Outcome::Done)
}

fn role_json(labels: &RoleLabels) -> Value {
    let each = labels.labels().iter().zip(labels.hypotheses()).map(|(label, hypothesis)| {
        // Two decimals are what people write; single precision would show more.
        let severity = (f64::from(label.severity) * 1e4).round() / 1e4;
        json!({ "text": label.name, "severity": severity, "level": label.level(), "hypothesis": hypothesis })
    });
    json!({ "template": labels.template(), "labels": each.collect::<Vec<_>>() })
}
