//! `ash-nlp patterns explain`.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use anstream::stdout;
use anyhow::{Context, Result};
use ash_analysis::patterns::{Cue, CueFactors};
use ash_analysis::{Finding, Message, MessageText, PatternPacks};
use ash_runtime::load_pattern_packs;
use serde_json::{Value, json};

use crate::outcome::Outcome;
use crate::terminal::{ALARM, FAINT, STRONG, one_line, styled};

/// Runs of `--time`.
const RUNS: usize = 2_000;
/// Characters of a finding's words that are shown.
const WORDS: usize = 60;

/// Prints what the packs find in `text`, or in standard input.
pub(super) fn run(text: Option<String>, packs: Option<&Path>, time: bool, as_json: bool) -> Result<Outcome> {
    let packs = load_pattern_packs(packs)?;
    let text = match text {
        Some(text) if text != "-" => text,
        _ => typed()?,
    };
    let message = Message::new(MessageText::parse(&text)?);
    let findings = packs.find(&message);
    let micros = time.then(|| median_micros(&packs, &message));
    let raw = message.raw().expose();
    let mut out = stdout().lock();
    if as_json {
        let rows: Vec<Value> = findings.iter().map(|finding| row(finding, raw)).collect();
        let all = json!({ "findings": rows, "median_micros": micros });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(Outcome::Done);
    }
    if findings.is_empty() {
        writeln!(out, "The rules find nothing.")?;
    }
    for finding in &findings {
        show(&mut out, finding, raw)?;
    }
    if let Some(micros) = micros {
        writeln!(out, "{}", styled(FAINT, format!("{micros:.1} µs, the median of {RUNS} runs")))?;
    }
    Ok(Outcome::Done)
}

/// The message on standard input, without the line end that the shell adds. No more is read than the
/// longest message and what shows that it is longer.
fn typed() -> Result<String> {
    let mut text = String::new();
    let limit = MessageText::MAX_BYTES as u64 + 4;
    io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)
        .context("cannot read standard input as UTF-8")?;
    let text = text.strip_suffix('\n').map(str::to_owned).unwrap_or(text);
    Ok(text)
}

fn show(out: &mut impl Write, finding: &Finding, raw: &str) -> Result<()> {
    let factors = CueFactors::default();
    let (rule, words) = (&finding.rule, one_line(&raw[finding.span.clone()], WORDS));
    let theme = rule.theme();
    if theme.is_context() {
        writeln!(out, "{:<8}{words:?}  {}", theme.polarity().as_str(), styled(FAINT, rule.id()))?;
        return Ok(());
    }
    let state = match (theme.is_risk(), finding.is_live(&factors)) {
        (true, true) => styled(ALARM, "live"),
        (true, false) => "weak".to_owned(),
        (false, _) => "good".to_owned(),
    };
    let credence = finding.credence(&factors);
    writeln!(out, "{state}    {}  {}", styled(STRONG, format!("{words:?}")), styled(FAINT, rule.id()))?;
    let cues: Vec<&str> = finding.cues.iter().map(Cue::as_str).collect();
    let cues = if cues.is_empty() { String::new() } else { format!("; {}", cues.join(", ")) };
    writeln!(
        out,
        "        speaks of {}; strength {:.2}, credence {credence:.2}{cues}",
        theme.words(),
        rule.strength()
    )?;
    Ok(())
}

fn row(finding: &Finding, raw: &str) -> Value {
    let factors = CueFactors::default();
    let two = |x: f32| (f64::from(x) * 1e4).round() / 1e4;
    let rule = &finding.rule;
    json!({
        "words": &raw[finding.span.clone()],
        "start": finding.span.start,
        "end": finding.span.end,
        "rule": rule.id(),
        "theme": rule.theme(),
        "polarity": rule.theme().polarity(),
        "strength": two(rule.strength()),
        "floor": rule.floor(),
        "cues": finding.cues.iter().collect::<Vec<Cue>>(),
        "credence": two(finding.credence(&factors)),
        "live": finding.is_live(&factors),
    })
}

/// How long finding takes, normalisation not counted.
fn median_micros(packs: &PatternPacks, message: &Message) -> f64 {
    let run = |_| {
        let start = Instant::now();
        black_box(packs.find(black_box(message)));
        start.elapsed().as_secs_f64() * 1e6
    };
    let mut runs: Vec<f64> = (0..RUNS).map(run).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}
