//! The report of `eval` as one page: no script, nothing from outside, light and dark, no text of any message.

mod charts;

use std::fmt::Write as _;

use ash_analysis::evaluate::{Figure, Interval, Reliability};

use super::comparison::Comparison;
use super::figures::Figures;
use super::robustness::Robustness;
use super::worst::Miss;
use crate::html::{CLOSED, escaped, opened, shown};

/// The whole page.
pub(crate) fn page(figures: &Figures) -> String {
    let mut provenance = vec![figures.precision.clone()];
    provenance.extend(figures.model_versions.iter().map(|(name, version)| format!("{name} {version}")));
    let mut html = opened("Evaluation", &format!("{} rows, {}", figures.rows, provenance.join(", ")));
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
    html.push_str(CLOSED);
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

fn range(of: &Interval, decimals: usize) -> String {
    format!("{:.decimals$} to {:.decimals$}", of.low, of.high)
}

#[cfg(test)]
mod tests {
    use ash_analysis::Level;

    use super::super::figures::tests::{figures, judged};
    use super::super::judging::Judged;
    use super::*;
    use crate::html::assert_whole;

    #[test]
    fn the_page_is_whole_and_asks_for_nothing_from_outside() {
        let page = page(&figures(&[
            judged("A1", Level::High, Level::High),
            judged("D1", Level::None, Level::Critical),
        ]));
        assert_whole(&page);
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
    }

    #[test]
    fn names_from_a_file_are_text() {
        let evil = "<script>alert(1)</script>";
        let row = Judged { category: evil.to_owned(), ..judged(evil, Level::None, Level::High) };
        let page = page(&figures(&[row]));
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
    }
}
