//! `ash-nlp learning stats`: how much staff said, and what it comes to.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use anstream::stdout;
use anyhow::Result;
use ash_analysis::{Level, Offsets};
use ash_learning::{Kind, LearningSettings, Moment, Record, Report, Store, Tally, offsets};
use serde::Serialize;

use crate::outcome::Outcome;
use crate::terminal::{FAINT, STRONG, level_style, styled};

/// What `--json` prints.
#[derive(Serialize)]
struct Figures<'a> {
    path: &'a Path,
    #[serde(flatten)]
    tally: Tally,
    /// Records that hold their message.
    with_text: u64,
    /// How far each cut is shifted now.
    offsets: Offsets,
    corrections: Vec<Correction>,
}

/// How often staff corrected one level to another.
#[derive(Debug, Serialize)]
struct Correction {
    kind: Kind,
    given: Level,
    correct: Level,
    records: u64,
}

/// Prints the figures of the database that `settings` name, shifted as they say.
pub(super) fn run(settings: &LearningSettings, json: bool) -> Result<Outcome> {
    let store = super::open(&settings.path)?;
    let (mut reports, mut with_text) = (Vec::new(), 0);
    store.for_each(&mut |record: Record| {
        with_text += u64::from(record.text.is_some());
        reports.push(record.report());
        ControlFlow::Continue(())
    })?;
    let figures = Figures {
        path: &settings.path,
        tally: store.tally()?,
        with_text,
        corrections: corrections(&reports),
        offsets: if settings.enabled {
            offsets(reports, Moment::now(), settings)
        } else {
            // As the service judges.
            Offsets::NONE
        },
    };
    let mut out = stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&figures)?)?;
    } else {
        print(&mut out, &figures, settings)?;
    }
    Ok(Outcome::Done)
}

fn corrections(reports: &[Report]) -> Vec<Correction> {
    let mut counts = BTreeMap::new();
    for report in reports {
        *counts.entry((report.kind, report.given, report.correct)).or_insert(0) += 1;
    }
    let counts = counts.into_iter();
    counts.map(|((kind, given, correct), records)| Correction { kind, given, correct, records }).collect()
}

fn print(out: &mut impl Write, figures: &Figures<'_>, settings: &LearningSettings) -> std::io::Result<()> {
    let Figures { path, tally, with_text, offsets, corrections } = figures;
    writeln!(out, "{}", styled(FAINT, path.display()))?;
    let kinds = format!("{} too high, {} too low", tally.false_positives, tally.false_negatives);
    writeln!(out, "records   {}  {}", styled(STRONG, format!("{:6}", tally.total)), styled(FAINT, kinds))?;
    writeln!(out, "with text {with_text:6}")?;
    if let Some(last) = tally.last {
        writeln!(out, "the last  {}", last.to_rfc3339())?;
    }
    writeln!(out, "\n{}", styled(FAINT, "level     its cut is shifted by"))?;
    for level in &Level::ALL[1..] {
        let offset = offsets.of(*level);
        let shown = if offset == 0.0 { "0".to_owned() } else { format!("{offset:+.4}") };
        writeln!(out, "{}  {shown}", styled(level_style(*level), format!("{level:8}")))?;
    }
    if !settings.enabled {
        writeln!(out, "{}", styled(FAINT, "learning.enabled is false: nothing is shifted"))?;
    } else if tally.total < u64::from(settings.min_records) {
        let told = format!("nothing is shifted before there are {} records", settings.min_records);
        writeln!(out, "{}", styled(FAINT, told))?;
    }
    if !corrections.is_empty() {
        writeln!(out, "\n{}", styled(FAINT, "given     correct   records"))?;
    }
    for Correction { given, correct, records, .. } in corrections {
        writeln!(out, "{given:8}  {correct:8}  {records:7}")?;
    }
    Ok(())
}
