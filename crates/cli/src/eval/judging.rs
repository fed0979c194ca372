//! The service's verdicts on labelled rows: the whole service's, or what it makes of them without one of its parts.

use anyhow::{Context, Result};
use ash_analysis::evaluate::level_probabilities;
use ash_analysis::{Assessment, Level, Message};
use ash_runtime::{Overrides, Service};

use crate::args::Global;
use crate::rows::Row;
use crate::{progress, setup};

/// Messages handed to the service at once. The service batches by tokens on its own; this only keeps
/// its queue from running dry and the progress bar moving.
const CHUNK: usize = 128;

/// A part that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The pattern packs and the lexicon
    Patterns,
    /// The models
    Models,
}

/// One row and what the service made of it, without the text.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) pair: Option<String>,
    /// Rows that were written together.
    pub(crate) group: String,
    pub(crate) level: Level,
    pub(crate) predicted: Level,
    pub(crate) score: f32,
    pub(crate) confidence: f32,
    /// How probable the models that know the levels hold high or critical; none if no such model answered.
    pub(crate) urgent: Option<f32>,
    /// Each model's own level, in configured order.
    pub(crate) votes: Vec<(String, Level)>,
    /// Some model did not answer, so the verdict rests on less than it should.
    pub(crate) degraded: bool,
}

/// Whoever judges the rows.
pub(crate) struct Judge {
    service: Service,
    by_words: bool,
}

impl Judge {
    /// The service, or what is left of it.
    pub(crate) fn new(global: &Global, without: Option<Part>) -> Result<Self> {
        let parts = match without {
            Some(Part::Patterns) => Overrides::default().set("patterns.enabled", false),
            Some(Part::Models) | None => Overrides::default(),
        };
        let service = setup::service(global, parts)?;
        Ok(Self { service, by_words: without == Some(Part::Models) })
    }

    /// The service behind it.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// One verdict a row, in order.
    pub(crate) fn judge(&self, rows: &[Row], what: &'static str) -> Result<Vec<Judged>> {
        let bar = progress::bar(rows.len(), what);
        let mut judged = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            let verdicts = self.verdicts(chunk)?;
            judged.extend(chunk.iter().zip(&verdicts).map(|(row, verdict)| of(row, verdict)));
            bar.inc(chunk.len() as u64);
        }
        bar.finish_and_clear();
        Ok(judged)
    }

    fn verdicts(&self, rows: &[Row]) -> Result<Vec<Assessment>> {
        if self.by_words {
            return Ok(rows.iter().map(|row| self.judge_words(row)).collect());
        }
        let texts = rows.iter().map(|row| row.text.clone()).collect();
        let place = || format!("row {} or one of the {} after it", rows[0].id, rows.len() - 1);
        let analyzed = self.service.analyze(texts).with_context(place)?;
        Ok(analyzed.into_iter().map(|a| a.assessment).collect())
    }

    /// The verdict that the service gives when no model answers.
    fn judge_words(&self, row: &Row) -> Assessment {
        let analyzer = self.service.analyzer();
        let found = analyzer.find(&Message::new(row.text.clone()));
        analyzer.judge(&[], found.as_ref())
    }
}

fn of(row: &Row, verdict: &Assessment) -> Judged {
    Judged {
        id: row.id.clone(),
        category: row.category.clone(),
        pair: row.pair.clone(),
        group: row.group.clone(),
        level: row.level,
        predicted: verdict.level,
        score: verdict.score.get(),
        confidence: verdict.confidence.get(),
        urgent: urgent(verdict),
        votes: verdict.signals.iter().map(|s| (s.model.name.clone(), s.vote)).collect(),
        degraded: verdict.is_degraded(),
    }
}

/// The mean by weight over the models whose labels are the levels.
fn urgent(verdict: &Assessment) -> Option<f32> {
    let (mut sum, mut total) = (0.0, 0.0);
    for signal in &verdict.signals {
        if let Some([.., high, critical]) = level_probabilities(signal) {
            sum += signal.weight.get() * (high + critical);
            total += signal.weight.get();
        }
    }
    (total > 0.0).then(|| sum / total)
}
