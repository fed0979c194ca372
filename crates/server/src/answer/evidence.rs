//! `evidence[]`: what patterns found, with places that any client can mark in the text.

use ash_analysis::patterns::{Cue, CueFactors, Finding, Polarity, Theme};
use serde::Serialize;
use utoipa::ToSchema;

/// One finding. Cues (a negation, a time) are not listed: they stand as marks on what they change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Evidence {
    /// The rule of the pattern packs.
    rule: String,
    theme: Theme,
    /// What it speaks of, for people.
    words: &'static str,
    polarity: Polarity,
    /// How much the wording alone says, above 0 to 1.
    strength: f32,
    /// How likely it is meant, 0 to 1.
    credence: f32,
    /// A risk that counts as meant.
    live: bool,
    /// What says how it is meant.
    cues: Vec<&'static str>,
    /// Bytes of the UTF-8 message.
    span: Span,
    /// UTF-16 units, as JavaScript and many clients count.
    span_utf16: Span,
}

/// From `start` up to but not including `end`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Span {
    start: usize,
    end: usize,
}

/// The findings that are worth showing, in the order of the text.
pub(super) fn list(findings: &[Finding], text: &str, factors: &CueFactors) -> Vec<Evidence> {
    let shown = findings.iter().filter(|f| f.rule.theme().polarity() != Polarity::Cue);
    shown.map(|finding| entry(finding, text, factors)).collect()
}

fn entry(finding: &Finding, text: &str, factors: &CueFactors) -> Evidence {
    let rule = &finding.rule;
    let units = |end: usize| text.get(..end).map_or(0, |head| head.encode_utf16().count());
    Evidence {
        rule: rule.id().to_owned(),
        theme: rule.theme(),
        words: rule.theme().words(),
        polarity: rule.theme().polarity(),
        strength: rule.strength(),
        credence: finding.credence(factors),
        live: finding.is_live(factors),
        cues: finding.cues.iter().map(Cue::as_str).collect(),
        span: Span { start: finding.span.start, end: finding.span.end },
        span_utf16: Span { start: units(finding.span.start), end: units(finding.span.end) },
    }
}
