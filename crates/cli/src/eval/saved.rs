//! Verdicts written down: a file that may be kept and passed on, because it holds no text.
//!
//! A line is `{id, level, predicted, score, confidence?, urgent?, votes, degraded?}`. What has a `?` may be absent:
//! files of earlier versions do not have it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ash_analysis::Level;
use serde::{Deserialize, Serialize};

use super::judging::Judged;
use crate::rows::Row;

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Prediction {
    id: String,
    level: Level,
    pub(crate) predicted: Level,
    pub(crate) score: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    urgent: Option<f32>,
    votes: BTreeMap<String, Level>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    degraded: bool,
}

/// The verdicts of an earlier run, by id.
#[derive(Debug)]
pub(crate) struct Saved(pub(super) BTreeMap<String, Prediction>);

/// Writes one line a row.
pub(crate) fn write(path: &Path, rows: &[Judged]) -> Result<()> {
    let context = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(fs::File::create(path).with_context(context)?);
    for row in rows {
        serde_json::to_writer(&mut file, &Prediction::of(row)).with_context(context)?;
        file.write_all(b"\n").with_context(context)?;
    }
    file.flush().with_context(context)
}

impl Prediction {
    fn of(row: &Judged) -> Self {
        Prediction {
            id: row.id.clone(),
            level: row.level,
            predicted: row.predicted,
            score: rounded(row.score),
            confidence: Some(rounded(row.confidence)),
            urgent: row.urgent.map(rounded),
            votes: row.votes.iter().cloned().collect(),
            degraded: row.degraded,
        }
    }
}

/// Six decimals: enough to see a quantisation error, the same in every run.
fn rounded(x: f32) -> f32 {
    (x * 1e6).round() / 1e6
}

impl Saved {
    /// Reads a file that [`write()`] made.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut verdicts = BTreeMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let prediction: Prediction = serde_json::from_str(line).map_err(|_| {
                anyhow!(
                    "{}:{}: no prediction; expected a line as `ash-nlp eval --predictions` writes it: \
                     {{\"id\", \"level\", \"predicted\", \"score\", \"votes\"}}",
                    path.display(),
                    index + 1
                )
            })?;
            verdicts.insert(prediction.id.clone(), prediction);
        }
        Ok(Saved(verdicts))
    }

    /// The verdicts on `rows`, whose labels count; those in the file are not looked at.
    ///
    /// # Errors
    /// A row that the earlier run did not judge, or of which it did not write down the confidence.
    pub(crate) fn judged(&self, rows: &[Row]) -> Result<Vec<Judged>> {
        let judged: Vec<Judged> = rows.iter().filter_map(|row| self.verdict(row)).collect();
        let missing = rows.len() - judged.len();
        if missing > 0 {
            bail!("{missing} of {} rows have no verdict with its confidence there", rows.len());
        }
        Ok(judged)
    }

    fn verdict(&self, row: &Row) -> Option<Judged> {
        let saved = self.0.get(&row.id)?;
        Some(Judged {
            id: row.id.clone(),
            category: row.category.clone(),
            pair: row.pair.clone(),
            group: row.group.clone(),
            level: row.level,
            predicted: saved.predicted,
            score: saved.score,
            confidence: saved.confidence?,
            urgent: saved.urgent,
            votes: saved.votes.clone().into_iter().collect(),
            degraded: saved.degraded,
        })
    }
}
