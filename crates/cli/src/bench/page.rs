//! What the pages of all measurements show alike: verdict, latency over time, percentiles, aims.

use super::aim::Aim;
use super::histogram::Percentile;
use super::latency::Latency;
use super::timeline::Part;
use crate::html::chart::{Axis, Lines, Series};
use crate::html::{escaped, table};

/// Where the axis of percentiles is marked.
const MARKS: [(f64, &str); 6] =
    [(0.0, "0"), (50.0, "50"), (90.0, "90"), (99.0, "99"), (99.9, "99.9"), (99.99, "99.99")];

/// The sentence that matters most.
pub(crate) fn verdict(sentence: &str, passed: bool) -> String {
    let mark = if passed { "✔" } else { "✘" };
    format!("<p><b>{mark} {}</b></p>\n", escaped(sentence))
}

/// Median and longest over the time of a run.
pub(crate) fn over_time(parts: &[Part], target_ms: Option<f64>) -> String {
    let line = |name, ms: fn(&Part) -> f64| Series {
        name,
        points: parts.iter().map(|part| (part.at_seconds, ms(part))).collect(),
    };
    let lines = Lines {
        title: "latency over the run",
        x: Axis::since("seconds since the beginning"),
        y: "ms",
        series: vec![line("median", |p| p.p50_ms), line("longest", |p| p.max_ms)],
        limit: target_ms.map(|ms| (ms, "target")),
    };
    lines.svg()
}

/// Percentiles, the last ones drawn as wide as the first: that is where the long waits are.
pub(crate) fn percentiles(curves: &[(&str, &[Percentile])], target_ms: Option<f64>) -> String {
    let longest = curves.iter().flat_map(|(_, curve)| curve.iter()).filter(|p| p.percent < 100.0);
    let end = longest.map(|p| place(p.percent)).fold(place(90.0), f64::max);
    let point = |p: &Percentile| (if p.percent < 100.0 { place(p.percent) } else { end + 0.15 }, p.ms);
    let marks = MARKS.iter().filter(|(percent, _)| place(*percent) <= end);
    let lines = Lines {
        title: "so many of 100 requests took no longer",
        x: Axis {
            name: "percentile",
            ticks: marks
                .map(|&(percent, name)| (place(percent), name.to_owned()))
                .chain([(end + 0.15, "longest".to_owned())])
                .collect(),
            from: None,
        },
        y: "ms",
        series: curves
            .iter()
            .map(|(name, curve)| Series { name, points: curve.iter().map(point).collect() })
            .collect(),
        limit: target_ms.map(|ms| (ms, "target")),
    };
    lines.svg()
}

/// 0, 1, 2, 3 for 0, 90, 99, 99.9 %.
fn place(percent: f64) -> f64 {
    -(1.0 - percent / 100.0).log10()
}

/// A line for each latency that there is.
pub(crate) fn latency_rows(latencies: &[(&str, Option<&Latency>)]) -> String {
    let row = |(name, latency): &(&str, Option<&Latency>)| {
        let l = (*latency)?;
        let [min, mean, p50, p90, p99, p999, max] =
            [l.min_ms, l.mean_ms, l.p50_ms, l.p90_ms, l.p99_ms, l.p999_ms, l.max_ms]
                .map(|ms| format!("{ms:.2}"));
        Some([(*name).to_owned(), l.samples.to_string(), min, mean, p50, p90, p99, p999, max])
    };
    let rows: Vec<_> = latencies.iter().filter_map(row).collect();
    table(["ms", "requests", "min", "mean", "median", "p90", "p99", "p99.9", "max"], &rows)
}

/// What should be, and whether it is.
pub(crate) fn aims(aims: &[Aim]) -> String {
    let row = |aim: &Aim| {
        let measured = aim.measured.map_or_else(|| "not measured".to_owned(), |m| format!("{m:.2}"));
        let met = if aim.met { "met" } else { "NOT MET" };
        [aim.name.to_owned(), measured, format!("{:.2}", aim.limit), met.to_owned()]
    };
    if aims.is_empty() {
        return String::new();
    }
    table(["aim", "measured", "limit", ""], &aims.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{CLOSED, assert_whole, opened};

    #[test]
    fn whatever_there_is_to_draw_the_page_is_whole() {
        let part = Part { at_seconds: 0.5, samples: 1, p50_ms: 1.0, p99_ms: 2.0, max_ms: 3.0 };
        let curve = [Percentile { percent: 0.0, ms: 1.0 }, Percentile { percent: 100.0, ms: 3.0 }];
        let many =
            [0.0, 50.0, 90.0, 99.0, 99.9, 100.0].map(|percent| Percentile { percent, ms: percent + 1.0 });
        for (parts, curve) in [(&[part][..], &curve[..]), (&[], &[]), (&[part, part], &many)] {
            let page = opened("t", "a")
                + &verdict("Passed & done.", true)
                + &over_time(parts, Some(50.0))
                + &percentiles(&[("all", curve)], None)
                + &latency_rows(&[("all", Latency::of(vec![std::time::Duration::from_millis(1)]).as_ref())])
                + &aims(&[Aim::at_most("a < b", None, 1.0)])
                + CLOSED;
            assert_whole(&page);
        }
    }

    #[test]
    fn percentiles_have_even_places_and_the_longest_stands_apart() {
        let many = [0.0, 90.0, 99.0, 100.0].map(|percent| Percentile { percent, ms: 10.0 });
        let svg = percentiles(&[("all", &many)], None);
        // Of 2.15 in all: 0, 1, 2 and the end.
        assert!(svg.contains("d=\"M0.0 16.3L260.5 16.3L520.9 16.3L560.0 16.3\""), "{svg}");
    }
}
