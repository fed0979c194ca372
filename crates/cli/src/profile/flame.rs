//! The tree as a flame graph: an SVG that needs nothing beside it, with figures on hovering, for light and dark.
//!
//! The whole is on top; a place is as wide as its share of the clock, and stands under the one that it is in. Where
//! nothing stands, nothing inside was done.

use std::io::{self, Write};

use super::report::{Figures, Report};
use super::steps::{millis, percent};

/// Pixels.
const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 12.0;
const ROW: f64 = 21.0;
const HEAD: f64 = 64.0;
/// A character of the labels, about.
const CHARACTER: f64 = 6.6;
/// What is narrower is not drawn.
const NARROWEST: f64 = 0.3;

const STYLE: &str = "\
svg { font: 11.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: #fcfcfb; }
.title { font: 600 16px system-ui, sans-serif; fill: #1c1b1a; }
.note { font: 12px system-ui, sans-serif; fill: #5c5a57; }
rect { stroke: #fcfcfb; stroke-width: 1; }
.label { fill: #1c1b1a; pointer-events: none; }
.batch rect { fill: #d9d6d0; } .stage rect { fill: #b9cfe8; } .model rect { fill: #a5d3c4; }
.layer rect { fill: #d3dfa8; } .product rect { fill: #f3c98b; } .other rect { fill: #eeb3a5; }
g:hover > rect { stroke: #1c1b1a; }
@media (prefers-color-scheme: dark) {
  svg { background: #191a1c; }
  .title { fill: #f2f1ef; } .note { fill: #a9a7a2; } .label { fill: #f2f1ef; }
  rect { stroke: #191a1c; }
  .batch rect { fill: #4a4a4c; } .stage rect { fill: #2f5378; } .model rect { fill: #1f6455; }
  .layer rect { fill: #556224; } .product rect { fill: #86591a; } .other rect { fill: #8a4436; }
  g:hover > rect { stroke: #f2f1ef; }
}
";

/// Writes the picture.
pub(crate) fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let rows = depth(&report.tree);
    let height = HEAD + rows as f64 * ROW + 34.0;
    let what = match report.batch {
        1 => "one message".to_owned(),
        batch => format!("a batch of {batch} messages"),
    };
    let about = format!(
        "{} {}, {} threads, {}: {} a batch at the median of {} runs, target {:.0} ms",
        report.profile,
        report.precision,
        report.threads,
        report.kernel,
        millis(report.total_ms.median),
        report.runs,
        report.target_ms,
    );
    writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">"#
    )?;
    writeln!(out, "<style>\n{STYLE}</style>")?;
    writeln!(out, r#"<title id="title">Where the time of {what} goes</title>"#)?;
    writeln!(out, r#"<text class="title" x="{MARGIN}" y="26">Where the time of {what} goes</text>"#)?;
    writeln!(out, r#"<text class="note" x="{MARGIN}" y="46">{}</text>"#, escaped(&about))?;
    // The tree's own sum is the mean of the middle runs, not the median of all.
    let scale = (WIDTH - 2.0 * MARGIN) / report.tree.ms.max(1e-9);
    let whole = if report.batch == 1 { "message" } else { "batch" };
    place(out, whole, &report.tree, &mut Vec::new(), MARGIN, scale)?;
    let y = height - 12.0;
    writeln!(
        out,
        r#"<text class="note" x="{MARGIN}" y="{y}">Width: share of the clock. Hover for figures. Products are weighed against this machine's limit.</text>"#
    )?;
    writeln!(out, "</svg>")
}

fn depth(of: &Figures) -> usize {
    1 + of.children.iter().map(depth).max().unwrap_or(0)
}

fn place<'a>(
    out: &mut dyn Write,
    name: &'a str,
    of: &'a Figures,
    around: &mut Vec<&'a str>,
    x: f64,
    scale: f64,
) -> io::Result<()> {
    let width = of.ms * scale;
    if width < NARROWEST {
        return Ok(());
    }
    let y = HEAD + around.len() as f64 * ROW;
    around.push(name);
    let class = match of.kind {
        "operation" if of.of_limit.is_some() => "product",
        "operation" => "other",
        kind => kind,
    };
    writeln!(out, r#"<g class="{class}"><title>{}</title>"#, escaped(&told(of, around)))?;
    writeln!(out, r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{:.2}" rx="2"/>"#, ROW - 1.0)?;
    let share = format!("{name} {} %", percent(of.share));
    let label = if fits(&share, width) { share } else { shortened(name, width) };
    if !label.is_empty() {
        writeln!(
            out,
            r#"<text class="label" x="{:.2}" y="{:.2}">{}</text>"#,
            x + 4.0,
            y + 14.0,
            escaped(&label)
        )?;
    }
    writeln!(out, "</g>")?;
    let mut at = x;
    for child in &of.children {
        place(out, &child.name, child, around, at, scale)?;
        at += child.ms * scale;
    }
    around.pop();
    Ok(())
}

/// The figures of a place.
fn told(of: &Figures, path: &[&str]) -> String {
    let mut told = vec![
        path.join(" › "),
        format!("{}, {} % of all, {:.0} calls", millis(of.ms), percent(of.share), of.calls.max(1.0)),
    ];
    told.extend(of.busy_share.map(|busy| format!("threads busy {} %", percent(busy))));
    told.extend(of.gops.map(|gops| format!("{gops:.0} GOPS")));
    told.extend(of.gb_s.map(|gb_s| format!("{gb_s:.1} GB/s")));
    let limit = of.of_limit.zip(of.limited_by);
    told.extend(limit.map(|(share, by)| format!("{} % of the limit ({by})", percent(share))));
    told.join("\n")
}

/// Is a box of this width wide enough?
fn fits(label: &str, width: f64) -> bool {
    label.chars().count() as f64 * CHARACTER + 8.0 <= width
}

/// As much of a name as there is room for; nothing if that says nothing.
fn shortened(name: &str, width: f64) -> String {
    if fits(name, width) {
        return name.to_owned();
    }
    let cut = |length: usize| name.chars().take(length).chain(['…']).collect::<String>();
    let longest = (3..name.chars().count()).rev().map(cut).find(|label| fits(label, width));
    longest.unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_far_as_there_is_room() {
        assert_eq!(shortened("attention", 9.0 * CHARACTER + 8.0), "attention");
        assert_eq!(shortened("attention", 5.0 * CHARACTER + 8.0), "atte…");
        assert_eq!(shortened("attention", 3.0 * CHARACTER + 8.0), "");
    }

    #[test]
    fn names_cannot_end_an_element() {
        assert_eq!(escaped("</g>&\""), "&lt;/g&gt;&amp;&quot;");
    }
}
