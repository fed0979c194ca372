//! Whether a verdict survives another hand: the same messages, typed otherwise.
//!
//! Every row is judged again in each of twelve disguises that change no meaning. Only rows that a disguise changes
//! count: "ok" cannot be elongated, and a verdict on the same text is always the same. What is drawn for a row depends
//! on its id alone, so that a row is disguised alike in every split and every run.

mod disguise;
mod words;

use std::collections::BTreeMap;

use anyhow::Result;
use ash_analysis::MessageText;
use ash_analysis::evaluate::{Confusion, Interval, SplitMix, intervals, sum};
use serde::Serialize;

use super::judging::{Judge, Judged};
use crate::rows::Row;
use disguise::{DISGUISES, Disguise};

/// What the disguises change.
#[derive(Debug, Serialize)]
pub(crate) struct Robustness {
    /// One entry a disguise.
    pub(crate) disguises: Vec<Robust>,
    /// All of them together.
    pub(crate) total: Robust,
}

/// What one disguise changes.
#[derive(Debug, Serialize)]
pub(crate) struct Robust {
    /// Its name.
    pub(crate) disguise: &'static str,
    /// Rows that it changes.
    pub(crate) rows: usize,
    /// The share of verdicts that are the same as on the original.
    pub(crate) unchanged: Option<f64>,
    /// The share within one level of it.
    pub(crate) within_one: Option<f64>,
    /// Urgent recall on the disguised rows.
    pub(crate) urgent_recall: Option<f64>,
    /// How much lower that is than on the originals of the same rows.
    pub(crate) recall_lost: Option<f64>,
    /// Where 95 of 100 draws of groups lie.
    pub(crate) recall_lost_interval: Option<Interval>,
    /// Of 1,000 disguised rows that are truly none, how many are judged medium or worse …
    pub(crate) false_alarms_per_1000: Option<f64>,
    /// … and of their originals.
    pub(crate) false_alarms_before: Option<f64>,
}

/// One row before and after.
struct Twin<'a> {
    before: &'a Judged,
    after: Judged,
}

/// Judges `rows` in every disguise; `originals` are the verdicts on them as they are.
pub(crate) fn measure(judge: &Judge, rows: &[Row], originals: &[Judged]) -> Result<Robustness> {
    let mut all = Vec::new();
    let mut disguises = Vec::with_capacity(DISGUISES.len());
    for disguise in &DISGUISES {
        let twins = twins(judge, rows, originals, disguise)?;
        disguises.push(Robust::of(disguise.name, &twins));
        all.extend(twins);
    }
    Ok(Robustness { disguises, total: Robust::of("all", &all) })
}

fn twins<'a>(
    judge: &Judge,
    rows: &[Row],
    originals: &'a [Judged],
    disguise: &Disguise,
) -> Result<Vec<Twin<'a>>> {
    let changed = rows.iter().zip(originals).filter_map(|(row, before)| {
        let text = (disguise.write)(row.text.expose(), &mut SplitMix::named(&row.id));
        // A text that is too long now, or empty, is no message.
        let text = MessageText::parse(&text).ok().filter(|text| text.expose() != row.text.expose())?;
        Some((Row { text, ..row.clone() }, before))
    });
    let (changed, before): (Vec<Row>, Vec<&Judged>) = changed.unzip();
    let after = judge.judge(&changed, disguise.name)?;
    Ok(before.into_iter().zip(after).map(|(before, after)| Twin { before, after }).collect())
}

impl Robust {
    fn of(disguise: &'static str, twins: &[Twin<'_>]) -> Self {
        let mut groups: BTreeMap<&str, [Confusion; 2]> = BTreeMap::new();
        for Twin { before, after } in twins {
            let [then, now] = groups.entry(&before.group).or_default();
            then.add(before.level, before.predicted);
            now.add(after.level, after.predicted);
        }
        let groups: Vec<[Confusion; 2]> = groups.into_values().collect();
        let [recall_lost_interval] = intervals(&groups, |drawn| {
            let [then, now] = [0, 1].map(|i| sum(drawn.iter().map(|pair| &pair[i])).urgent_recall());
            [then.zip(now).map(|(then, now)| then - now)]
        });
        let [then, now] = [0, 1].map(|i| sum(groups.iter().map(|pair| &pair[i])));
        let apart = |twin: &Twin| twin.before.predicted.index().abs_diff(twin.after.predicted.index());
        let share = |most: usize| {
            let stable = twins.iter().filter(|twin| apart(twin) <= most).count();
            (!twins.is_empty()).then(|| stable as f64 / twins.len() as f64)
        };
        Robust {
            disguise,
            rows: twins.len(),
            unchanged: share(0),
            within_one: share(1),
            urgent_recall: now.urgent_recall(),
            recall_lost: then.urgent_recall().zip(now.urgent_recall()).map(|(then, now)| then - now),
            recall_lost_interval,
            false_alarms_per_1000: now.false_alarms_per_1000(),
            false_alarms_before: then.false_alarms_per_1000(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ash_analysis::Level;

    use super::super::figures::tests::judged;
    use super::*;

    #[test]
    fn stability_is_counted_by_hand() {
        let before = [
            judged("A1", Level::High, Level::High),
            judged("A2", Level::High, Level::Critical),
            judged("A3", Level::Critical, Level::High),
            judged("D1", Level::None, Level::None),
            judged("D2", Level::None, Level::None),
        ];
        let after = [Level::High, Level::High, Level::Low, Level::None, Level::Medium];
        let twins: Vec<Twin> = before
            .iter()
            .zip(after)
            .map(|(before, level)| Twin { before, after: judged(&before.id, before.level, level) })
            .collect();
        let robust = Robust::of("typos", &twins);
        assert_eq!((robust.rows, robust.unchanged, robust.within_one), (5, Some(0.4), Some(0.6)));
        assert_eq!(robust.urgent_recall, Some(2.0 / 3.0));
        assert!((robust.recall_lost.expect("urgent rows") - 1.0 / 3.0).abs() < 1e-9);
        let likely = robust.recall_lost_interval.expect("urgent rows");
        assert!(likely.low >= 0.0 && likely.high > 1.0 / 3.0, "{likely:?}");
        assert_eq!((robust.false_alarms_before, robust.false_alarms_per_1000), (Some(0.0), Some(500.0)));
        assert_eq!(Robust::of("none", &[]).within_one, None);
    }
}
