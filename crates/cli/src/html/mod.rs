//! Pages of reports: one file each, no script, nothing from outside, light and dark, no text of any message.
//!
//! What `eval` and `bench` share: the page around a report, text made harmless, and [`chart`], lines over time, rates
//! and percentiles as inline SVG.

pub(crate) mod chart;

use std::fmt::Write as _;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --faint: #6b7280; --paper: #fff; --line: #ddd; --mark: #2563eb;
  --second: #c2410c; --third: #047857; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --faint: #9ca3af; --paper: #16181d; --line: #333; --mark: #78a0ff;
    --second: #fb923c; --third: #34d399; }
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
svg .s0 { stroke: var(--mark); }
svg .s1 { stroke: var(--second); stroke-dasharray: 6 3; }
svg .s2 { stroke: var(--third); stroke-dasharray: 2 3; }
svg path, svg .key { fill: none; stroke-width: 2; }
svg circle.s0, svg circle.s1, svg circle.s2 { fill: var(--paper); stroke-dasharray: none; stroke-width: 2; }
@media (max-width: 42rem) {
  td, th { padding: .25rem .3rem; }
  figure { margin-right: 0; }
  .headline tbody { display: block; }
  .headline tr { display: grid; grid-template-columns: 1fr auto 8.25rem; border-bottom: 1px solid var(--line); }
  .headline td, .headline th { border: 0; }
  .headline td.words { grid-column: 1 / -1; white-space: normal; padding-top: 0; }
}";

/// What ends a page that [`opened`] began.
pub(crate) const CLOSED: &str = "</body></html>\n";

/// The beginning of a page: its heading, and in faint letters what it is about. Both may be any text.
pub(crate) fn opened(title: &str, about: &str) -> String {
    let (title, about) = (escaped(title), escaped(about));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Ash-NLP: {title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p class=\"faint\">{about}</p>\n"
    )
}

/// A table with a row of headings. All cells may be any text.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut html = "<table><tr>".to_owned();
    // Writing to a String cannot fail, here and below.
    for name in head {
        let _ = write!(html, "<th>{}</th>", escaped(name));
    }
    html.push_str("</tr>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{}</td>", escaped(cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

/// A figure with so many decimals, a dash if there is none.
pub(crate) fn shown(figure: Option<f64>, decimals: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |x| format!("{x:.decimals$}"))
}

/// What stands in a file or comes from a server is text on the page, whatever it is.
pub(crate) fn escaped(text: &str) -> String {
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

/// What every page must be; for the tests of those who make one.
#[cfg(test)]
pub(crate) fn assert_whole(page: &str) {
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</body></html>\n"));
    for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for tag in ["table", "svg", "figure", "p", "tr", "td", "th", "text", "title", "figcaption", "h2", "b"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(!page.contains("NaN") && !page.contains("inf\""), "a mark without a place");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_told_is_text_on_the_page() {
        let evil = "<script>alert('1')</script>";
        let page = opened(evil, evil) + &table([evil, "b"], &[[evil.to_owned(), "&".to_owned()]]) + CLOSED;
        assert_whole(&page);
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;1&#39;)").count(), 5, "{page}");
    }
}
