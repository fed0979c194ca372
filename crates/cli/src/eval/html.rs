//! The report of `eval` as one page: no script, nothing from outside, light and dark.

use std::fmt::Write as _;

use ash_analysis::Level;

use super::figures::Figures;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --faint: #777; --paper: #fff; --line: #ddd; --mark: 37, 99, 235; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --faint: #999; --paper: #16181d; --line: #333; --mark: 120, 160, 255; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
td:first-child, th:first-child { text-align: left; } small, .faint { color: var(--faint); }
svg text { fill: var(--ink); font-size: 12px; }";

/// The whole page.
pub(crate) fn page(figures: &Figures) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Ash-NLP: evaluation</title><style>{STYLE}</style></head><body>\n<h1>Evaluation</h1>\n\
         <p class=\"faint\">{} rows, {}, {}</p>\n",
        figures.rows,
        figures.precision,
        models(figures),
    );
    headline(&mut html, figures);
    confusion(&mut html, figures);
    reliability(&mut html, figures);
    slices(&mut html, figures);
    robustness(&mut html, figures);
    html.push_str("</body></html>\n");
    html
}

fn models(figures: &Figures) -> String {
    figures
        .model_versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect::<Vec<_>>()
        .join(", ")
}

// Writing to a String cannot fail, here and below.
fn headline(html: &mut String, figures: &Figures) {
    let rows = [
        ("accuracy", "accuracy", Some(figures.accuracy), 3),
        ("macro-F1", "macro_f1", Some(figures.macro_f1), 3),
        ("urgent recall", "urgent_recall", figures.urgent_recall, 3),
        ("false alarms per 1,000 none", "false_alarms_per_1000", figures.false_alarms_per_1000, 1),
        ("of those high or worse", "false_alarms_high_per_1000", figures.false_alarms_high_per_1000, 1),
    ];
    html.push_str("<table><tr><th>figure</th><th></th><th>95 of 100 draws</th></tr>\n");
    for (name, key, figure, decimals) in rows {
        let value = figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.decimals$}"));
        let range = figures
            .intervals
            .get(key)
            .map_or_else(String::new, |of| format!("{:.decimals$} to {:.decimals$}", of.low, of.high));
        let _ =
            writeln!(html, "<tr><td>{name}</td><td><b>{value}</b></td><td class=\"faint\">{range}</td></tr>");
    }
    html.push_str("</table>\n");
    let seen = &figures.at_prevalence;
    let _ = writeln!(
        html,
        "<p>Of 1,000 messages of a community <small>(930 none, 45 low, 18 medium, 5 high, 2 critical: an assumption)</small> \
         {:.1} would be judged high or critical, {:.0} % of them rightly, and {:.1} urgent ones missed.</p>",
        seen.alarms_per_1000,
        100.0 * seen.true_share,
        seen.missed_per_1000
    );
}

/// Rows are the truth; the darker a cell, the larger its share of the row.
fn confusion(html: &mut String, figures: &Figures) {
    html.push_str("<h2>True level and verdict</h2>\n<table><tr><th>true \\ judged</th>");
    for level in Level::ALL {
        let _ = write!(html, "<th>{level}</th>");
    }
    html.push_str("</tr>\n");
    for (truth, guesses) in &figures.confusion {
        let total: u32 = guesses.values().sum();
        let _ = write!(html, "<tr><td>{truth}</td>");
        for count in guesses.values() {
            let share = f64::from(*count) / f64::from(total.max(1));
            let _ = write!(html, "<td style=\"background: rgba(var(--mark), {share:.2})\">{count}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
}

/// Confidence against the share that is right; the diagonal is what it should be.
fn reliability(html: &mut String, figures: &Figures) {
    const SIDE: f64 = 220.0;
    let table = &figures.reliability;
    let _ = writeln!(
        html,
        "<h2>Can the confidence be believed?</h2>\n<p>Expected calibration error {:.3}.</p>\n\
         <svg viewBox=\"-40 -10 290 270\" width=\"380\" role=\"img\" aria-label=\"share of right verdicts by confidence\">\
         <rect width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"var(--line)\"/>\
         <line x1=\"0\" y1=\"{SIDE}\" x2=\"{SIDE}\" y2=\"0\" stroke=\"var(--faint)\" stroke-dasharray=\"4\"/>",
        table.ece
    );
    for bin in &table.bins {
        let radius = 2.0 + 10.0 * (bin.rows as f64 / figures.rows.max(1) as f64).sqrt();
        let _ = write!(
            html,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"rgba(var(--mark), .7)\"><title>{} rows: confidence {:.2}, right {:.2}</title></circle>",
            SIDE * bin.confidence,
            SIDE * (1.0 - bin.accuracy),
            bin.rows,
            bin.confidence,
            bin.accuracy
        );
    }
    html.push_str("<text x=\"80\" y=\"250\">confidence</text><text x=\"-35\" y=\"110\">right</text></svg>\n");
}

fn slices(html: &mut String, figures: &Figures) {
    html.push_str(
        "<h2>By slice and category</h2>\n<table><tr><th></th><th>rows</th><th>accuracy</th><th>urgent recall</th>\
         <th>false alarms per 1,000</th><th></th></tr>\n",
    );
    for (name, of) in figures.by_slice.iter().chain(&figures.by_category) {
        let absent = || "–".to_owned();
        let _ = writeln!(
            html,
            "<tr><td>{name}</td><td>{}</td><td>{:.3}</td><td>{}</td><td>{}</td>\
             <td><svg width=\"100\" height=\"10\"><rect width=\"{:.0}\" height=\"10\" fill=\"rgba(var(--mark), .7)\"/></svg></td></tr>",
            of.support,
            of.accuracy,
            of.urgent_recall.map_or_else(absent, |x| format!("{x:.3}")),
            of.false_alarms_per_1000.map_or_else(absent, |x| format!("{x:.1}")),
            100.0 * of.accuracy,
        );
    }
    html.push_str("</table>\n");
}

fn robustness(html: &mut String, figures: &Figures) {
    let Some(robust) = &figures.robustness else { return };
    html.push_str(
        "<h2>The same messages, typed otherwise</h2>\n<table><tr><th>disguise</th><th>unchanged</th><th>within one level</th>\
         <th>urgent recall</th><th>lost</th></tr>\n",
    );
    for r in robust {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            r.disguise, r.unchanged, r.within_one, r.urgent_recall, r.recall_lost
        );
    }
    html.push_str("</table>\n");
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::{figures, judged};
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_for_nothing_from_outside() {
        let page = page(&figures(&[
            judged("A1", Level::High, Level::High),
            judged("D1", Level::None, Level::Medium),
        ]));
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</body></html>\n"));
        assert!(
            page.contains("<b>1.000</b>") && page.contains("<td>1000.0</td>"),
            "recall and the slice's alarms"
        );
        for outside in ["<script", "http", "src=", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(page.matches("<table>").count(), page.matches("</table>").count());
    }
}
