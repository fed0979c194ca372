//! The report for people.

use std::fmt::{self, Display, Formatter};

use super::report::{Figures, Report};
use super::steps::{UNDISTURBED, millis, percent};
use crate::terminal::{ALARM, FAINT, STRONG, styled};

/// A report, down to `depth` levels below the whole.
pub(crate) struct View<'a> {
    pub(crate) report: &'a Report,
    pub(crate) depth: usize,
}

/// Width of names with their branches, and of a bar.
const NAME: usize = 32;
const BAR: usize = 12;
/// Width of what a step says.
const TEXT: usize = 92;

impl Display for View<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        self.head(f)?;
        heading(f, "where the time goes")?;
        row(f, &self.name(), &report.tree)?;
        self.branch(f, &report.tree, "", 1)?;
        if self.depth < 4 {
            writeln!(f)?;
            heading(f, "operations of all layers")?;
            for operation in &report.operations {
                row(f, &operation.name, operation)?;
            }
        }
        let limits = &report.limits;
        let limit = format!(
            "limit of {} thread{}, measured just now: {:.0} GOPS int8, {:.0} f32 (a); {:.1} GB/s of weights from memory (m)",
            limits.threads,
            if limits.threads == 1 { "" } else { "s" },
            limits.int8_gops,
            limits.f32_gops,
            limits.memory_gb_s,
        );
        writeln!(f, "\n  {}\n", styled(FAINT, limit))?;
        self.steps(f)
    }
}

impl View<'_> {
    fn head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Report { messages, batch, batches, tokens, runs, total_ms, target_ms, gap_ms, .. } = self.report;
        let together = match (messages, batch) {
            (1, _) => String::new(),
            (_, 1) => ", one at a time".to_owned(),
            (_, batch) => format!(", in {batches} batch{} of {batch}", if *batches == 1 { "" } else { "es" }),
        };
        let plural = if *messages == 1 { "" } else { "s" };
        let Report { profile, precision, kernel, threads, .. } = self.report;
        writeln!(
            f,
            "{messages} message{plural}{together}, {tokens} tokens · {runs} run{} · {profile} {precision}, {threads} thread{}, {kernel}\n",
            if *runs == 1 { "" } else { "s" },
            if *threads == 1 { "" } else { "s" },
        )?;
        let range = format!("median; {} to {}", millis(total_ms.min), millis(total_ms.max));
        let gap = if *gap_ms >= 0.0 {
            format!("{} below the target of {target_ms:.0} ms", millis(*gap_ms))
        } else {
            styled(ALARM, format!("{} above the target of {target_ms:.0} ms", millis(-gap_ms)))
        };
        write!(f, "  {}  {}   {gap}", styled(STRONG, millis(total_ms.median)), styled(FAINT, range))?;
        if *batch > 1 {
            let all_ms = total_ms.median.max(1e-9) * *batches as f64;
            write!(f, "   {:.0} messages/s", *messages as f64 / all_ms * 1e3)?;
        }
        writeln!(f, "\n")?;
        match self.report.processor_share {
            Some(share) if share < UNDISTURBED => writeln!(
                f,
                "  {}\n",
                styled(
                    ALARM,
                    format!(
                        "Other programs were busy: threads had a processor for {} % of the time that they worked.\n  \
                         These figures are of that; run it again when the machine is idle.",
                        percent(share)
                    )
                )
            ),
            _ => Ok(()),
        }
    }

    /// What the whole is called.
    fn name(&self) -> String {
        match self.report.batch {
            1 => "a message".to_owned(),
            batch => format!("a batch of {batch}"),
        }
    }

    fn branch(&self, f: &mut Formatter<'_>, of: &Figures, before: &str, level: usize) -> fmt::Result {
        if level > self.depth || of.children.is_empty() {
            return Ok(());
        }
        // What is not in a place inside is told where it is worth a line.
        let rest = (of.own_ms >= 0.002 * self.report.tree.ms).then(|| rest(of, &self.report.tree));
        let last = of.children.len() + usize::from(rest.is_some()) - 1;
        for (number, child) in of.children.iter().chain(&rest).enumerate() {
            let (branch, below) = if number == last { ("└ ", "  ") } else { ("├ ", "│ ") };
            row(f, &format!("{before}{branch}{}", child.name), child)?;
            self.branch(f, child, &format!("{before}{below}"), level + 1)?;
        }
        Ok(())
    }

    fn steps(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let steps = &self.report.next_steps;
        if steps.is_empty() {
            return writeln!(f, "  {}", styled(STRONG, "No next step stands out."));
        }
        writeln!(f, "  {}", styled(STRONG, "What would help most"))?;
        for (number, step) in steps.iter().enumerate() {
            let saves = format!("saves about {}", millis(step.saves_ms));
            writeln!(f, "  {}. {}", number + 1, styled(FAINT, saves))?;
            for line in wrapped(&step.text, TEXT) {
                writeln!(f, "     {line}")?;
            }
        }
        Ok(())
    }
}

/// What a place has beside the places inside it.
fn rest(of: &Figures, whole: &Figures) -> Figures {
    let name = match of.kind {
        "batch" => "queue, handing over",
        "stage" | "model" => "dividing, waiting",
        _ => "between operations",
    };
    Figures {
        name: name.to_owned(),
        kind: "rest",
        calls: 0.0,
        ms: of.own_ms,
        share: of.own_ms / whole.ms.max(1e-9),
        own_ms: of.own_ms,
        busy_ms: None,
        busy_share: None,
        gops: None,
        gb_s: None,
        of_limit: None,
        limited_by: None,
        work: super::tree::Done::default(),
        children: Vec::new(),
    }
}

fn heading(f: &mut Formatter<'_>, what: &str) -> fmt::Result {
    let columns = format!(
        "  {what:<NAME$}{:>6}{:>10}{:>8}  {:<BAR$}{:>6}{:>7}{:>7}{:>10}",
        "calls", "ms", "share", "", "busy", "GOPS", "GB/s", "of limit"
    );
    writeln!(f, "{}", styled(FAINT, columns))
}

/// A bar of `BAR` cells; what would be less than half a cell is none, for small shares are many here.
fn bar(share: f64) -> String {
    let filled = (0..BAR).filter(|&cell| share * BAR as f64 >= cell as f64 + 0.5).count();
    format!("{:<BAR$}", "█".repeat(filled))
}

fn row(f: &mut Formatter<'_>, name: &str, of: &Figures) -> fmt::Result {
    let shown =
        |figure: Option<f64>, digits: usize| figure.map_or_else(String::new, |x| format!("{x:.digits$}"));
    let share_of =
        |share: Option<f64>| share.map_or_else(String::new, |share| format!("{} %", percent(share)));
    // Against what: a product of few rows waits for memory.
    let limit = of.of_limit.zip(of.limited_by).map_or_else(String::new, |(share, by)| {
        format!("{} {}", share_of(Some(share)), if by == "memory" { "m" } else { "a" })
    });
    let calls = if of.calls > 0.0 { format!("{:.0}", of.calls) } else { String::new() };
    let line = format!(
        "  {name:<NAME$}{calls:>6}{:>10.3}{:>8}  {}{:>6}{:>7}{:>7}{limit:>10}",
        of.ms,
        format!("{:.1} %", of.share * 100.0),
        bar(of.share),
        share_of(of.busy_share),
        shown(of.gops, 0),
        shown(of.gb_s, 1),
    );
    writeln!(f, "{}", line.trim_end())
}

/// Words in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
