//! The drawings of the page, as inline SVG. Numbers stand beside every mark: colour and length only repeat them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ash_analysis::Level;
use ash_analysis::evaluate::Reliability;

use super::super::figures::GroupFigures;
use crate::html::{escaped, shown};

/// Rows are the truth; the stronger the colour of a cell, the larger its share of the row.
pub(super) fn heat_map(confusion: &BTreeMap<Level, BTreeMap<Level, u32>>) -> String {
    const CELL: usize = 72;
    const ROW: usize = 40;
    const LEFT: usize = 80;
    const TOP: usize = 24;
    let (width, height) = (LEFT + 5 * CELL, TOP + 5 * ROW);
    let mut svg = format!(
        "<figure><svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" \
         aria-label=\"confusion matrix: rows are the true level, columns the verdict\">\n"
    );
    // Writing to a String cannot fail, here and below.
    for level in Level::ALL {
        let x = LEFT + level.index() * CELL + CELL / 2;
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"14\" text-anchor=\"middle\">{level}</text>");
    }
    for (truth, guesses) in confusion {
        let total: u32 = guesses.values().sum();
        let y = TOP + truth.index() * ROW;
        let middle = y + ROW / 2 + 4;
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{truth}</text>", LEFT - 8);
        for (guess, count) in guesses {
            let share = f64::from(*count) / f64::from(total.max(1));
            let x = LEFT + guess.index() * CELL;
            // At most 0.6, so that the number stays readable in both colour schemes.
            let _ = writeln!(
                svg,
                "<rect class=\"mark\" x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{ROW}\" fill-opacity=\"{:.3}\">\
                 <title>{truth} judged {guess}: {count}, {:.1} %</title></rect>\
                 <text x=\"{}\" y=\"{middle}\" text-anchor=\"middle\">{count}</text>",
                0.6 * share,
                100.0 * share,
                x + CELL / 2,
            );
        }
    }
    svg.push_str(
        "</svg><figcaption class=\"faint\">rows: true level; columns: verdict</figcaption></figure>\n",
    );
    svg
}

/// What is said against what is so; a dot's area is its number of rows, the dashed line is what should be.
pub(super) fn reliability(said: &str, so: &str, table: &Reliability) -> String {
    const SIDE: f64 = 220.0;
    let rows: usize = table.bins.iter().map(|bin| bin.rows).sum();
    let mut svg = format!(
        "<figure><svg viewBox=\"-44 -18 282 292\" width=\"338\" role=\"img\" \
         aria-label=\"share of {so} by {said}\">\
         <rect class=\"axis\" width=\"{SIDE}\" height=\"{SIDE}\"/>\
         <line class=\"ideal\" x1=\"0\" y1=\"{SIDE}\" x2=\"{SIDE}\" y2=\"0\"/>\n"
    );
    for bin in &table.bins {
        let _ = writeln!(
            svg,
            "<circle class=\"mark\" fill-opacity=\"0.7\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\">\
             <title>{} rows: said {:.3}, so {:.3}</title></circle>",
            SIDE * bin.confidence,
            SIDE * (1.0 - bin.accuracy),
            2.0 + 14.0 * (bin.rows as f64 / rows.max(1) as f64).sqrt(),
            bin.rows,
            bin.confidence,
            bin.accuracy,
        );
    }
    // Labels keep the largest dot's radius from the frame.
    for (at, label) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let (x, y) = (SIDE * at, SIDE * (1.0 - at) + 4.0);
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{:.0}\" text-anchor=\"middle\">{label}</text>\
             <text x=\"-18\" y=\"{y}\" text-anchor=\"end\">{label}</text>",
            SIDE + 30.0,
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{said}</text></svg>\
         <figcaption class=\"faint\">share of {so}; mean distance {:.3}</figcaption></figure>",
        SIDE / 2.0,
        SIDE + 48.0,
        table.ece,
    );
    svg
}

/// Accuracy and urgent recall of each slice or category, with the numbers.
pub(super) fn bars(groups: &BTreeMap<String, GroupFigures>) -> String {
    let mut html =
        "<table><tr><th></th><th>rows</th><th>accuracy</th><th></th><th>urgent recall</th><th></th>\
                    <th>false alarms per 1,000</th></tr>\n"
            .to_owned();
    for (name, of) in groups {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{:.3}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            of.support,
            of.accuracy,
            bar(Some(of.accuracy)),
            shown(of.urgent_recall, 3),
            bar(of.urgent_recall),
            shown(of.false_alarms_per_1000, 1),
        );
    }
    html.push_str("</table>\n");
    html
}

fn bar(share: Option<f64>) -> String {
    const WIDTH: f64 = 100.0;
    let Some(share) = share else { return String::new() };
    format!(
        "<svg width=\"{WIDTH}\" height=\"10\" aria-hidden=\"true\"><rect class=\"axis\" width=\"{WIDTH}\" height=\"10\"/>\
         <rect class=\"mark\" width=\"{:.1}\" height=\"10\"/></svg>",
        WIDTH * share
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::figures::tests::{figures, judged};
    use super::*;

    #[test]
    fn a_cell_is_as_strong_as_its_share_of_the_truth() {
        let rows = [
            judged("A1", Level::High, Level::High),
            judged("A2", Level::High, Level::Low),
            judged("D1", Level::None, Level::None),
        ];
        let svg = heat_map(&figures(&rows).confusion);
        assert_eq!(svg.matches("<rect").count(), 25);
        assert_eq!(svg.matches("fill-opacity=\"0.300\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("fill-opacity=\"0.600\"").count(), 1, "{svg}");
        assert!(svg.contains("high judged low: 1, 50.0 %"), "{svg}");
    }

    #[test]
    fn a_dot_lies_where_said_and_so_meet() {
        let svg =
            reliability("confidence", "right verdicts", &Reliability::of(&[(0.75, true), (0.75, false)]));
        assert_eq!(svg.matches("<circle").count(), 1);
        assert!(svg.contains("cx=\"165.0\" cy=\"110.0\" r=\"16.0\""), "{svg}");
    }
}
