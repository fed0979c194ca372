//! The lines of a report for people: a name, a figure, what it means.

use std::fmt::{self, Display, Formatter};

use super::aim::Aim;
use super::latency::Latency;
use super::sparkline::medians;
use super::timeline::Part;
use crate::terminal::{ALARM, FAINT, STRONG, columns, hanging, styled};

/// Width of the names and of the figures.
const NAME: usize = 28;
const FIGURE: usize = 24;
/// So much of what a figure means stands beside it at least, or it stands below.
const ROOM: usize = 24;

/// Lines that are written below each other.
#[derive(Default)]
pub(crate) struct Table(Vec<Line>);

struct Line {
    name: String,
    figure: String,
    meaning: String,
}

impl Table {
    /// One line; an empty name continues the one above.
    pub(crate) fn line(&mut self, name: &str, figure: impl Display, meaning: impl Display) {
        self.0.push(Line { name: name.to_owned(), figure: figure.to_string(), meaning: meaning.to_string() });
    }

    /// Latency over the run as a row of bars.
    pub(crate) fn timeline(&mut self, parts: &[Part]) {
        let most = parts.iter().map(|part| part.p50_ms).fold(0.0, f64::max);
        if parts.len() > 1 {
            let line = medians(parts);
            self.0.push(Line {
                name: "  median over the run".to_owned(),
                figure: line,
                meaning: format!("tallest {most:.1} ms"),
            });
        }
    }

    /// Median, p90, p99, p99.9 and maximum, if there is anything to tell.
    pub(crate) fn latency(&mut self, name: &str, latency: Option<&Latency>, meaning: &str) {
        let Some(l) = latency else { return self.line(name, "nothing measured", meaning) };
        self.line(&format!("{name} median"), ms(l.p50_ms), meaning);
        let range = format!(
            "min {:.1} · mean {:.1} · max {:.1} ms, {} samples",
            l.min_ms, l.mean_ms, l.max_ms, l.samples
        );
        let upper = [l.p90_ms, l.p99_ms, l.p999_ms].map(|ms| format!("{ms:.1}")).join(" · ");
        self.line("  p90 · p99 · p99.9", format!("{upper} ms"), range);
    }

    /// One line an aim; what it says does not depend on colour.
    pub(crate) fn aims(&mut self, aims: &[Aim]) {
        for aim in aims {
            let word = if aim.met { "met" } else { "NOT MET" };
            let style = if aim.met { STRONG } else { ALARM };
            let measured = aim.measured.map_or_else(|| "not measured".to_owned(), |m| format!("{m:.2}"));
            self.line(
                "  aim",
                styled(style, word),
                format!("{}: {measured} (limit {:.2})", aim.name, aim.limit),
            );
        }
    }
}

/// "1 rate", "2 rates".
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// "5.31 ms".
pub(crate) fn ms(ms: f64) -> String {
    format!("{ms:.2} ms")
}

/// "12.5 %".
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

impl Display for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Line { name, figure, meaning } in &self.0 {
            let visible = anstream::adapter::strip_str(figure).to_string().chars().count();
            write!(f, "  {name:<NAME$}{}", styled(STRONG, figure))?;
            if !meaning.is_empty() {
                // Beside a figure that fills the terminal nothing can be said: below it, then.
                let beside = 2 + NAME + FIGURE.max(visible) + 2;
                let below = columns().is_some_and(|columns| {
                    visible > FIGURE && beside + meaning.chars().count().min(ROOM) > columns
                });
                if below {
                    write!(f, "\n{:1$}", "", 2 + NAME)?;
                }
                let visible = if below { 0 } else { visible };
                let pad = FIGURE.saturating_sub(visible);
                let indent = 2 + NAME + FIGURE.max(visible) + 2;
                write!(f, "{:pad$}  {}", "", styled(FAINT, hanging(meaning, indent, columns())))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
