//! A verdict for people: what, how sure, why, and what to do.

use std::fmt::{self, Display, Formatter};

use anstyle::Style;
use ash_analysis::{Action, Assessment, Level, ModelSignal};

use crate::terminal::{ALARM, FAINT, STRONG, bar, bar_style, hanging, level_style, one_line, styled};

/// Cells of a model's bar, if there is room.
const BAR: usize = 20;
/// What stands beside name and bar: spaces, figure, and the label with its share.
const BESIDE: usize = 26;
/// Characters of a message that are shown; enough to recognise it.
const TEXT: usize = 90;
/// Where notes begin: behind their name.
const INDENT: usize = 12;
/// Factors that are shown; the JSON form has all.
const FACTORS: usize = 3;

/// One message with its verdict.
pub(crate) struct View<'a> {
    /// The line it stands on, if it came from a file or pipe.
    pub(crate) place: Option<usize>,
    /// The message, which its reader has just typed or chosen.
    pub(crate) text: &'a str,
    pub(crate) assessment: &'a Assessment,
    /// From asking to knowing.
    pub(crate) milliseconds: f64,
    /// How wide the terminal is; none: lines of any length.
    pub(crate) columns: Option<usize>,
}

impl Display for View<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verdict = self.assessment;
        let name = format!("● {}", verdict.level.as_str().to_uppercase());
        writeln!(
            f,
            "{}  score {}  confidence {}  {}",
            styled(level_style(verdict.level), name),
            styled(STRONG, format_args!("{:.2}", verdict.score.get())),
            styled(STRONG, format_args!("{:.2}", verdict.confidence.get())),
            styled(FAINT, format_args!("{:.1} ms", self.milliseconds)),
        )?;
        let place = self.place.map(|line| format!("{line}: ")).unwrap_or_default();
        let text = self.columns.map_or(TEXT, |columns| TEXT.min(columns.saturating_sub(2 + place.len())));
        writeln!(f, "  {}", styled(FAINT, format!("{place}{}", one_line(self.text, text))))?;
        let width = verdict.signals.iter().map(|s| s.model.name.chars().count()).max().unwrap_or(0);
        let cells = self.columns.map_or(BAR, |columns| columns.saturating_sub(width + BESIDE).clamp(1, BAR));
        for signal in &verdict.signals {
            model(f, signal, width, cells)?;
        }
        let mut note = |name: &str, style, text: &str| {
            let text = hanging(text, INDENT, self.columns);
            writeln!(f, "  {}  {}", styled(FAINT, format_args!("{name:<8}")), styled(style, text))
        };
        note("why", Style::new(), &verdict.reason)?;
        for factor in verdict.key_factors.iter().take(FACTORS) {
            note("", Style::new(), factor)?;
        }
        note("advice", Style::new(), advice(verdict.action))?;
        if verdict.requires_staff_review {
            note("review", Style::new(), &review(verdict))?;
        }
        if verdict.truncated {
            note("note", Style::new(), "longer than the models read: only its last part was judged")?;
        }
        for failure in &verdict.failures {
            note("degraded", ALARM, &failure.to_string())?;
        }
        Ok(())
    }
}

fn model(f: &mut Formatter<'_>, signal: &ModelSignal, width: usize, cells: usize) -> fmt::Result {
    let (label, probability) = signal.top();
    let x = signal.signal.get();
    writeln!(
        f,
        "  {:<width$}  {} {x:.2}  {label} {:.0} %",
        signal.model.name,
        styled(bar_style(signal.vote), bar(x, cells)),
        100.0 * probability,
    )
}

/// What the wire says in one word, in a sentence.
const fn advice(action: Action) -> &'static str {
    match action {
        Action::None => "nothing to do",
        Action::PassiveMonitoring => "keep an eye on how the conversation goes",
        Action::StandardMonitoring => "look in when there is time",
        Action::PriorityResponse => "a human should check in soon",
        Action::ImmediateOutreach => "a human should check in now",
    }
}

fn review(verdict: &Assessment) -> String {
    if verdict.gaps.is_empty() {
        let why = if verdict.is_degraded() {
            "not all models answered"
        } else if verdict.level >= Level::High {
            "always at this level"
        } else {
            "a close call"
        };
        return format!("a human should look: {why}");
    }
    let gaps: Vec<&str> = verdict.gaps.iter().map(|gap| gap.detail.trim_end_matches('.')).collect();
    format!("a human should look: {}", gaps.join("; "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ash_analysis::evidence::Weighed;
    use ash_analysis::{Gap, Label, Mode, ModelInfo, Score, Standing};

    use super::*;

    fn assessment() -> Assessment {
        let label = |name: &str, severity| Label { name: name.to_owned(), severity };
        let model = ModelInfo {
            name: "depression".to_owned(),
            labels: vec![label("none", 0.0), label("high", 0.8)],
            exclusive: true,
            tags: Vec::new(),
            version: "1".to_owned(),
            precision: "int8".to_owned(),
        };
        Assessment {
            level: Level::High,
            score: Score::clamped(0.71),
            as_configured: Standing { level: Level::High, score: Score::clamped(0.71) },
            confidence: Score::clamped(0.83),
            action: Action::PriorityResponse,
            requires_staff_review: true,
            categories: vec!["suicidal_ideation".to_owned()],
            reason: "The models see a wish to be gone.".to_owned(),
            key_factors: Vec::new(),
            mode: Mode::Weighted,
            signals: vec![ModelSignal {
                model: Arc::new(model),
                probabilities: vec![0.1, 0.9],
                tags: Vec::new(),
                signal: Score::clamped(0.72),
                confidence: Score::clamped(0.5),
                vote: Level::High,
                weight: Score::ONE,
            }],
            findings: Vec::new(),
            weighed: Weighed::unmoved(Score::clamped(0.71)),
            gaps: Vec::new(),
            failures: Vec::new(),
            truncated: false,
            context: None,
        }
    }

    fn plain(assessment: &Assessment) -> String {
        let view =
            View { place: Some(7), text: "hello\x1b[31m", assessment, milliseconds: 3.125, columns: None }
                .to_string();
        anstream::adapter::strip_str(&view).to_string()
    }

    #[test]
    fn without_colour_everything_is_still_said() {
        let expected = "● HIGH  score 0.71  confidence 0.83  3.1 ms
  7: hello·[31m
  depression  ██████████████░░░░░░ 0.72  high 90 %
  why       The models see a wish to be gone.
  advice    a human should check in soon
  review    a human should look: always at this level
";
        assert_eq!(plain(&assessment()), expected);
    }

    #[test]
    fn gaps_truncation_and_degradation_are_said() {
        let mut verdict = assessment();
        verdict.gaps.push(Gap { kind: "spread", detail: "The models are 0.50 apart.".to_owned() });
        verdict.truncated = true;
        verdict.failures.push(ash_analysis::ClassifyError::NotLoaded {
            model: "sentiment".to_owned(),
            why: "no such file".to_owned(),
        });
        let view = plain(&verdict);
        for said in
            ["The models are 0.50 apart\n", "only its last part", "sentiment is not loaded: no such file"]
        {
            assert!(view.contains(said), "{said} is not in\n{view}");
        }
    }
}
