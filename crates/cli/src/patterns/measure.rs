//! `ash-nlp patterns measure`: how often each rule is right, on labelled messages.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anstream::stdout;
use anyhow::Result;
use ash_analysis::patterns::{CueFactors, Polarity};
use ash_analysis::{Level, Message, PatternPacks};
use ash_runtime::load_pattern_packs;
use serde::Serialize;

use crate::outcome::Outcome;
use crate::rows::{self, Row};
use crate::terminal::{FAINT, STRONG, styled};

/// In how many messages of each level a rule finds something.
#[derive(Debug, Clone, Default, Serialize)]
struct Hits {
    /// Whatever its surroundings say.
    found: [u32; 5],
    /// Live, for risks; the same as `found` for the others.
    live: [u32; 5],
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Measured {
    rows: [u32; 5],
    /// Messages with live evidence of a risk.
    with_risk: [u32; 5],
    /// Messages with live evidence that names a floor.
    with_floor: [u32; 5],
    rules: BTreeMap<String, Hits>,
}

/// Prints, for each rule, how many messages of each level it is found in.
pub(super) fn run(
    files: &[PathBuf],
    split: Option<&str>,
    packs: Option<&Path>,
    json: bool,
) -> Result<Outcome> {
    let packs = load_pattern_packs(packs)?;
    let measured = measure(&packs, &rows::read(files, split)?);
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&measured)?)?;
        return Ok(Outcome::Done);
    }
    let width = measured.rules.keys().map(String::len).max().unwrap_or(0);
    let head = Level::ALL.map(|level| format!("{:>9}", level.as_str())).concat();
    writeln!(out, "{:width$}  {}", "", styled(FAINT, head))?;
    line(&mut out, width, "messages", &measured.rows)?;
    line(&mut out, width, "with live risk", &measured.with_risk)?;
    line(&mut out, width, "with a floor", &measured.with_floor)?;
    writeln!(out)?;
    for (rule, hits) in &measured.rules {
        line(&mut out, width, rule, &hits.live)?;
    }
    writeln!(out, "\n{}", styled(FAINT, "risks count only where they are live"))?;
    Ok(Outcome::Done)
}

fn line(out: &mut impl Write, width: usize, name: &str, counts: &[u32; 5]) -> Result<()> {
    let cells = counts.map(|n| format!("{n:>9}")).concat();
    Ok(writeln!(out, "{}  {cells}", styled(STRONG, format!("{name:width$}")))?)
}

fn measure(packs: &PatternPacks, rows: &[Row]) -> Measured {
    let factors = CueFactors::default();
    let rules = packs.rules().iter().map(|rule| (rule.id().to_owned(), Hits::default())).collect();
    let mut all = Measured { rows: [0; 5], with_risk: [0; 5], with_floor: [0; 5], rules };
    for row in rows {
        let level = row.level.index();
        all.rows[level] += 1;
        let (mut found, mut live) = (BTreeSet::new(), BTreeSet::new());
        let (mut risk, mut floor) = (false, false);
        for finding in packs.find(&Message::new(row.text.clone())) {
            let counts = finding.rule.theme().polarity() != Polarity::Risk || finding.is_live(&factors);
            risk |= finding.is_live(&factors);
            floor |= finding.is_live(&factors) && finding.rule.floor().is_some();
            found.insert(finding.rule.id().to_owned());
            if counts {
                live.insert(finding.rule.id().to_owned());
            }
        }
        all.with_risk[level] += u32::from(risk);
        all.with_floor[level] += u32::from(floor);
        for (rule, hits) in &mut all.rules {
            hits.found[level] += u32::from(found.contains(rule));
            hits.live[level] += u32::from(live.contains(rule));
        }
    }
    all
}
