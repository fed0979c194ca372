//! The report for people.

use std::fmt::{self, Display, Formatter};

use super::report::{Figures, Report};
use super::steps::{UNDISTURBED, millis, percent};
use super::table::Table;
use crate::terminal::{ALARM, FAINT, STRONG, hanging, styled};

/// A report, down to `depth` levels below the whole.
pub(crate) struct View<'a> {
    pub(crate) report: &'a Report,
    pub(crate) depth: usize,
    /// How wide it may be; without a limit rows are as long as they are.
    pub(crate) columns: Option<usize>,
}

/// Sentences are not longer than this, however wide the terminal is.
const SENTENCE: usize = 97;

impl Display for View<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        self.head(f)?;
        let table = Table::within(self.columns);
        table.heading(f, "where the time goes")?;
        table.row(f, &self.name(), &report.tree)?;
        self.branch(f, &table, &report.tree, "", 1)?;
        if self.depth < 4 {
            writeln!(f)?;
            table.heading(f, "operations of all layers")?;
            for operation in &report.operations {
                table.row(f, &operation.name, operation)?;
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
        writeln!(f, "\n  {}\n", styled(FAINT, hanging(&limit, 2, self.columns)))?;
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
        let what = format!(
            "{messages} message{plural}{together}, {tokens} tokens · {runs} run{} · {profile} {precision}, {threads} thread{}, {kernel}",
            if *runs == 1 { "" } else { "s" },
            if *threads == 1 { "" } else { "s" },
        );
        writeln!(f, "{}\n", hanging(&what, 0, self.columns))?;
        let (median, range) = (
            millis(total_ms.median),
            format!("median; {} to {}", millis(total_ms.min), millis(total_ms.max)),
        );
        let is_met = *gap_ms >= 0.0;
        let (by, side) = (millis(gap_ms.abs()), if is_met { "below" } else { "above" });
        let gap = format!("{by} {side} the target of {target_ms:.0} ms");
        let rate = if *batch > 1 {
            let all_ms = total_ms.median.max(1e-9) * *batches as f64;
            format!("   {:.0} messages/s", *messages as f64 / all_ms * 1e3)
        } else {
            String::new()
        };
        let width = 2 + median.len() + 2 + range.len() + 3 + gap.len() + rate.len();
        let apart = if self.columns.is_some_and(|columns| columns < width) { "\n  " } else { "   " };
        let gap = if is_met { gap } else { styled(ALARM, gap) };
        writeln!(f, "  {}  {}{apart}{gap}{rate}\n", styled(STRONG, median), styled(FAINT, range))?;
        match self.report.processor_share {
            Some(share) if share < UNDISTURBED => {
                let said = format!(
                    "Other programs were busy: threads had a processor for {} % of the time that they worked. \
                     These figures are of that; run it again when the machine is idle.",
                    percent(share)
                );
                writeln!(f, "  {}\n", styled(ALARM, hanging(&said, 2, Some(self.sentence()))))
            }
            _ => Ok(()),
        }
    }

    /// How wide a sentence may be.
    fn sentence(&self) -> usize {
        self.columns.map_or(SENTENCE, |columns| columns.min(SENTENCE))
    }

    /// What the whole is called.
    fn name(&self) -> String {
        match self.report.batch {
            1 => "a message".to_owned(),
            batch => format!("a batch of {batch}"),
        }
    }

    fn branch(
        &self,
        f: &mut Formatter<'_>,
        table: &Table,
        of: &Figures,
        before: &str,
        level: usize,
    ) -> fmt::Result {
        if level > self.depth || of.children.is_empty() {
            return Ok(());
        }
        // What is not in a place inside is told where it is worth a line.
        let rest = (of.own_ms >= 0.002 * self.report.tree.ms).then(|| rest(of, &self.report.tree));
        let last = of.children.len() + usize::from(rest.is_some()) - 1;
        for (number, child) in of.children.iter().chain(&rest).enumerate() {
            let (branch, below) = if number == last { ("└ ", "  ") } else { ("├ ", "│ ") };
            table.row(f, &format!("{before}{branch}{}", child.name), child)?;
            self.branch(f, table, child, &format!("{before}{below}"), level + 1)?;
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
            writeln!(f, "     {}", hanging(&step.text, 5, Some(self.sentence())))?;
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
