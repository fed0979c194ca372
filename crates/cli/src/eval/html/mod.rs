//! The report of `eval` as one page: no script, nothing from outside, light and dark, no text of any message.

mod charts;

use std::fmt::Write as _;

use ash_analysis::evaluate::{Figure, Interval, Reliability};

use super::comparison::Comparison;
use super::figures::Figures;
use super::robustness::Robustness;
use super::worst::Miss;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --faint: #6b7280; --paper: #fff; --line: #ddd; --mark: #2563eb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --faint: #9ca3af; --paper: #16181d; --line: #333; --mark: #78a0ff; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
td, th { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
td { white-space: pre; }
td:first-child, th:first-child, td.words { text-align: left; }
.faint, td.words { color: var(--faint); }
figure { display: inline-block; margin: 0 2rem 1rem 0; vertical-align: top; max-width: 100%; }
figure svg { max-width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12px; }
svg .axis { stroke: var(--line); fill: none; }
svg .ideal { stroke: var(--faint); stroke-dasharray: 4; }
svg .mark { fill: var(--mark); }
@media (max-width: 42rem) {
  td, th { padding: .25rem .3rem; }
  figure { margin-right: 0; }
  .headline tbody { display: block; }
  .headline tr { display: grid; grid-template-columns: 1fr auto 8.25rem; border-bottom: 1px solid var(--line); }
  .headline td, .headline th { border: 0; }
  .headline td.words { grid-column: 1 / -1; white-space: normal; padding-top: 0; }
}";

/// The whole page.
pub(crate) fn page(figures: &Figures) -> String {
    let mut provenance = vec![figures.precision.clone()];
    provenance.extend(figures.model_versions.iter().map(|(name, version)| format!("{name} {version}")));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Ash-NLP: evaluation</title>\
         <style>{STYLE}</style></head><body>\n<h1>Evaluation</h1>\n<p class=\"faint\">{} rows, {}</p>\n",
        figures.rows,
        escaped(&provenance.join(", ")),
    );
    // Writing to a String cannot fail, here and below.
    if figures.degraded > 0 {
        let _ = writeln!(
            html,
            "<p><b>{} verdicts are degraded: not all models answered.</b></p>",
            figures.degraded
        );
    }
    headline(&mut html, figures);
    html.push_str("<h2>True level and verdict</h2>\n");
    levels(&mut html, figures);
    html.push_str(&charts::heat_map(&figures.confusion));
    reliability(&mut html, &figures.reliability, figures.urgent_reliability.as_ref());
    html.push_str("<h2>By slice</h2>\n");
    html.push_str(&charts::bars(&figures.by_slice));
    html.push_str("<h2>By category</h2>\n");
    html.push_str(&charts::bars(&figures.by_category));
    worst(&mut html, "Urgent, judged lower", &figures.worst.missed);
    worst(&mut html, "None, judged urgent", &figures.worst.false_alarms);
    if let Some(of) = &figures.robustness {
        robustness(&mut html, of);
    }
    if let Some(of) = &figures.against {
        against(&mut html, of);
    }
    html.push_str("</body></html>\n");
    html
}

fn headline(html: &mut String, figures: &Figures) {
    html.push_str(
        "<table class=\"headline\"><tr><th>figure</th><th></th><th>95 of 100 draws</th><th></th></tr>\n",
    );
    for figure in Figure::ALL {
        let decimals = figure.decimals();
        let likely = figures.intervals.get(figure.key()).map_or_else(String::new, |of| range(of, decimals));
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td><b>{}</b></td><td>{likely}</td><td class=\"words\">{}</td></tr>",
            figure.name(),
            shown(figures.headline.get(figure), decimals),
            figure.meaning(),
        );
    }
    let pairs = &figures.pairs;
    let _ = writeln!(
        html,
        "</table>\n<p class=\"faint\">{} of {} contrast pairs are right as a whole. A community is assumed to write {}.</p>",
        pairs.right,
        pairs.total,
        figures.prevalence.to_string().replace(',', ", "),
    );
}

fn levels(html: &mut String, figures: &Figures) {
    html.push_str(
        "<table><tr><th>level</th><th>precision</th><th>recall</th><th>F1</th><th>rows</th></tr>\n",
    );
    for (level, of) in &figures.by_level {
        let _ = writeln!(
            html,
            "<tr><td>{level}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td><td>{}</td></tr>",
            of.precision, of.recall, of.f1, of.support,
        );
    }
    html.push_str("</table>\n");
}

fn reliability(html: &mut String, confidence: &Reliability, urgent: Option<&Reliability>) {
    html.push_str("<h2>Can it be believed?</h2>\n");
    html.push_str(&charts::reliability("confidence", "right verdicts", confidence));
    if let Some(urgent) = urgent {
        html.push_str(&charts::reliability("probability of urgent", "urgent rows", urgent));
    }
}

fn worst(html: &mut String, title: &str, misses: &[Miss]) {
    if misses.is_empty() {
        return;
    }
    let _ = writeln!(
        html,
        "<h2>{title}</h2>\n<table><tr><th>id</th><th>true</th><th>judged</th><th>score</th></tr>"
    );
    for Miss { id, level, predicted, score } in misses {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{level}</td><td>{predicted}</td><td>{score:.3}</td></tr>",
            escaped(id)
        );
    }
    html.push_str("</table>\n");
}

fn robustness(html: &mut String, robustness: &Robustness) {
    html.push_str(
        "<h2>The same messages, typed otherwise</h2>\n<table><tr><th>disguise</th><th>rows</th><th>unchanged</th>\
         <th>within one level</th><th>urgent recall</th><th>lost</th><th>false alarms per 1,000</th>\
         <th>before</th></tr>\n",
    );
    for of in robustness.disguises.iter().chain([&robustness.total]) {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            of.disguise,
            of.rows,
            shown(of.unchanged, 3),
            shown(of.within_one, 3),
            shown(of.urgent_recall, 3),
            shown(of.recall_lost, 3),
            shown(of.false_alarms_per_1000, 1),
            shown(of.false_alarms_before, 1),
        );
    }
    html.push_str("</table>\n<p class=\"faint\">Only rows that a disguise changes count.");
    if let Some(likely) = &robustness.total.recall_lost_interval {
        let _ = write!(html, " Recall lost by all, 95 of 100 draws: {}.", range(likely, 3));
    }
    html.push_str("</p>\n");
}

fn against(html: &mut String, comparison: &Comparison) {
    let Comparison { compared, changed, better, worse, .. } = comparison;
    let _ = writeln!(
        html,
        "<h2>Against an earlier run</h2>\n<p>{changed} of {compared} verdicts differ: {better} right now and wrong \
         before, {worse} the other way.</p>\n<table><tr><th>figure</th><th>before</th><th>now</th><th>change</th>\
         <th>95 of 100 draws</th></tr>"
    );
    for of in &comparison.difference {
        let decimals = of.figure.decimals();
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{:.decimals$}</td><td>{:.decimals$}</td><td>{:+.decimals$}</td><td>{}</td></tr>",
            of.figure.name(),
            of.before,
            of.now,
            of.change,
            of.likely.map_or_else(String::new, |of| range(&of, decimals)),
        );
    }
    html.push_str("</table>\n");
}

fn shown(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.decimals$}"))
}

fn range(of: &Interval, decimals: usize) -> String {
    format!("{:.decimals$} to {:.decimals$}", of.low, of.high)
}

/// What stands in a file of rows (ids, categories) is text on the page, whatever it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ash_analysis::Level;

    use super::super::figures::tests::{figures, judged};
    use super::super::judging::Judged;
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_for_nothing_from_outside() {
        let page = page(&figures(&[
            judged("A1", Level::High, Level::High),
            judged("D1", Level::None, Level::Critical),
        ]));
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</body></html>\n"));
        for said in [
            "urgent recall",
            "<b>1.000</b>",
            "<b>1000.0</b>",
            "True level and verdict",
            "<th>precision</th>",
            "D1",
        ] {
            assert!(page.contains(said), "{said} is not on the page");
        }
        for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        for tag in ["table", "svg", "figure", "p", "tr", "td"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(page.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn names_from_a_file_are_text() {
        let evil = "<script>alert(1)</script>";
        let row = Judged { category: evil.to_owned(), ..judged(evil, Level::None, Level::High) };
        let page = page(&figures(&[row]));
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
    }
}
