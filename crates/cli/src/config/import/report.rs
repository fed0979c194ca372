//! What an import tells: what was taken over, what was not, and what to see to.

use std::fmt::{Result, Write};

use serde_json::{Value, json};

use super::envfile::Remark;
use super::plan::{Old, Plan, Said};
use super::secrets::is_name_shown;
use crate::terminal::{ALARM, FAINT, STRONG, one_line, styled};

/// Longest value that is shown, in characters.
const VALUE: usize = 48;

/// For people.
pub(super) fn told(plan: &Plan, out: &str) -> std::result::Result<String, std::fmt::Error> {
    let mut text = String::new();
    let to = &mut text;
    rows(to, "Taken over", &plan.taken)?;
    rows(to, "The same as the default", &plan.same)?;
    refused(to, plan)?;
    absent(to, plan)?;
    if !plan.secrets.is_empty() {
        heading(to, "Secrets, neither shown nor written")?;
        for (name, advice) in &plan.secrets {
            writeln!(to, "  {name}: {advice}")?;
        }
    }
    names(to, "Not names we know", &plan.unknown)?;
    foreign(to, plan)?;
    if !plan.remarks.is_empty() {
        heading(to, "Lines")?;
        for remark in &plan.remarks {
            writeln!(to, "  {}", line(remark))?;
        }
    }
    heading(to, "Before the first start")?;
    for note in &plan.notes {
        writeln!(to, "  - {note}")?;
    }
    let count = match plan.taken.len() {
        0 => "every setting is the default".to_owned(),
        1 => "1 setting differs from the default".to_owned(),
        n => format!("{n} settings differ from the default"),
    };
    writeln!(to, "\n{} {out} is written and good, {count}", styled(STRONG, "ok:"))?;
    Ok(text)
}

fn heading(to: &mut String, title: &str) -> Result {
    if !to.is_empty() {
        to.push('\n');
    }
    writeln!(to, "{}", styled(STRONG, title))
}

fn rows(to: &mut String, title: &str, rows: &[Said]) -> Result {
    if rows.is_empty() {
        return Ok(());
    }
    heading(to, title)?;
    let width =
        rows.iter().flat_map(|said| &said.by).map(|old| shown(old).chars().count()).max().unwrap_or(0);
    for said in rows {
        for old in &said.by {
            writeln!(to, "  {:width$}  {} {} = {}", shown(old), styled(FAINT, "→"), said.key, said.value)?;
        }
    }
    Ok(())
}

fn shown(old: &Old) -> String {
    format!("{} = {}", old.name, one_line(&old.value, VALUE))
}

fn refused(to: &mut String, plan: &Plan) -> Result {
    if plan.refused.is_empty() {
        return Ok(());
    }
    heading(to, "Not taken over")?;
    for one in &plan.refused {
        let label = styled(ALARM, format!("line {}:", one.line));
        writeln!(to, "  {label} {} {} {}: {}", shown(&one.old), styled(FAINT, "→"), one.key, one.why)?;
    }
    Ok(())
}

fn absent(to: &mut String, plan: &Plan) -> Result {
    if plan.absent.is_empty() {
        return Ok(());
    }
    heading(to, "No equivalent")?;
    for (row, names) in &plan.absent {
        writeln!(to, "  {}: {}", row.about, row.why)?;
        for line in wrapped(names) {
            writeln!(to, "    {}", styled(FAINT, line))?;
        }
    }
    Ok(())
}

fn names(to: &mut String, title: &str, names: &[String]) -> Result {
    if names.is_empty() {
        return Ok(());
    }
    heading(to, title)?;
    for line in wrapped(names) {
        writeln!(to, "  {line}")?;
    }
    Ok(())
}

fn foreign(to: &mut String, plan: &Plan) -> Result {
    let mut all = plan.foreign.clone();
    match plan.unnamed {
        0 => {}
        1 => all.push("1 whose name is not shown".to_owned()),
        n => all.push(format!("{n} whose names are not shown")),
    }
    names(to, "Not the old service's, left alone", &all)
}

/// Names in lines of some 90 characters.
fn wrapped(names: &[String]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for name in names {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(name);
            } else if line.len() + name.len() < 88 {
                line.push_str(", ");
                line.push_str(name);
            } else {
                line.push(',');
                lines.push(name.clone());
            }
        }
    }
    lines
}

fn line(remark: &Remark) -> String {
    match remark {
        Remark::Overruled { name, line, by } => {
            let name = if is_name_shown(name) { name } else { "what it sets" };
            format!("line {line}: {name} is set again in line {by}, which counts")
        }
        Remark::NotRead { line, why } => format!("line {line} is not read: {why}"),
    }
}

/// For programs.
pub(super) fn json(plan: &Plan, source: &str, out: &str) -> Value {
    let said = |said: &Said| {
        let by: Vec<Value> =
            said.by.iter().map(|old| json!({ "name": old.name, "value": old.value })).collect();
        json!({ "key": said.key, "value": said.value, "from": by })
    };
    let refused = |one: &super::plan::Refused| {
        json!({
            "name": one.old.name, "value": one.old.value, "line": one.line, "key": one.key, "why": one.why,
        })
    };
    let absent =
        plan.absent.iter().map(|(row, names)| json!({ "about": row.about, "why": row.why, "names": names }));
    let secrets = plan.secrets.iter().map(|(name, advice)| json!({ "name": name, "instead": advice }));
    json!({
        "file": source,
        "out": out,
        "taken_over": plan.taken.iter().map(said).collect::<Vec<_>>(),
        "same_as_default": plan.same.iter().map(said).collect::<Vec<_>>(),
        "not_taken_over": plan.refused.iter().map(refused).collect::<Vec<_>>(),
        "no_equivalent": absent.collect::<Vec<_>>(),
        "secrets": secrets.collect::<Vec<_>>(),
        "unknown": plan.unknown,
        "left_alone": plan.foreign,
        "left_alone_unnamed": plan.unnamed,
        "lines": plan.remarks.iter().map(line).collect::<Vec<_>>(),
        "notes": plan.notes,
    })
}
