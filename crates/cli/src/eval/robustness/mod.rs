//! Whether a verdict survives another hand: the same messages, typed otherwise.
//!
//! Every row is judged again in each of ten disguises that change no meaning. A verdict is *stable* if it stays within
//! one level of the verdict on the original; beside that stands how much recall of urgent messages is lost.

mod disguise;

use anyhow::Result;
use ash_analysis::evaluate::Confusion;
use ash_analysis::{Level, MessageText};
use ash_runtime::Service;
use serde::Serialize;

use super::figures::Judged;
use super::{Row, judge};
use disguise::{DISGUISES, Disguise};

/// What one disguise changes.
#[derive(Debug, Serialize)]
pub(crate) struct Robust {
    /// Its name.
    pub(crate) disguise: &'static str,
    /// The share of verdicts that are the same as on the original.
    pub(crate) unchanged: f64,
    /// The share within one level of it.
    pub(crate) within_one: f64,
    /// Urgent recall on the disguised rows.
    pub(crate) urgent_recall: f64,
    /// How much lower that is than on the originals.
    pub(crate) recall_lost: f64,
    /// Of 1,000 disguised rows that are truly none, how many are judged medium or worse.
    pub(crate) false_alarms_per_1000: f64,
}

/// Judges `rows` in every disguise; `originals` are the verdicts on them as they are.
pub(crate) fn measure(service: &Service, rows: &[Row], originals: &[Judged]) -> Result<Vec<Robust>> {
    let plain: Confusion = originals.iter().map(|j| (j.level, j.predicted)).collect();
    let recall = plain.figures().urgent_recall;
    DISGUISES.iter().map(|disguise| one(service, rows, originals, disguise, recall)).collect()
}

fn one(
    service: &Service,
    rows: &[Row],
    originals: &[Judged],
    disguise: &Disguise,
    recall: f64,
) -> Result<Robust> {
    let disguised = rows.iter().enumerate().map(|(seed, row)| {
        let text = (disguise.write)(row.text.expose(), seed as u64);
        // What cannot be a message any more (it never happens) is judged as it was.
        Row { text: MessageText::parse(&text).unwrap_or_else(|_| row.text.clone()), ..row.clone() }
    });
    let judged = judge(service, &disguised.collect::<Vec<_>>())?;
    let apart = |a: Level, b: Level| a.index().abs_diff(b.index());
    let share = |most: usize| {
        let pairs = judged.iter().zip(originals);
        let stable = pairs.filter(|(now, before)| apart(now.predicted, before.predicted) <= most).count();
        stable as f64 / judged.len().max(1) as f64
    };
    let confusion: Confusion = judged.iter().map(|j| (j.level, j.predicted)).collect();
    let figures = confusion.figures();
    Ok(Robust {
        disguise: disguise.name,
        unchanged: share(0),
        within_one: share(1),
        urgent_recall: figures.urgent_recall,
        recall_lost: recall - figures.urgent_recall,
        false_alarms_per_1000: figures.false_alarms_per_1000,
    })
}
