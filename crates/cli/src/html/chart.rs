//! Lines as inline SVG. Names stand beside the lines and numbers on every point: colour and dashes only repeat them.

use std::fmt::Write as _;

use super::escaped;

/// The field in which lines are drawn, and what is left around it for words.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 34.0;
const BELOW: f64 = 46.0;
const RIGHT: f64 = 92.0;
/// A line with more points than this shows no dots: they would hide it.
const DOTS: usize = 80;
/// Values that are further apart than this are drawn on a logarithmic scale.
const LOGARITHMIC_FROM: f64 = 40.0;

/// A diagram of lines over one axis.
pub(crate) struct Lines<'a> {
    /// What it shows: the caption, and what a screen reader says.
    pub(crate) title: &'a str,
    /// The horizontal axis.
    pub(crate) x: Axis<'a>,
    /// What the vertical axis counts, with its unit. All values must be at least 0.
    pub(crate) y: &'a str,
    pub(crate) series: Vec<Series<'a>>,
    /// A height that matters, and its name.
    pub(crate) limit: Option<(f64, &'a str)>,
}

/// The horizontal axis.
pub(crate) struct Axis<'a> {
    /// What it counts, with its unit.
    pub(crate) name: &'a str,
    /// Where it is marked, and how; round numbers if there are none.
    pub(crate) ticks: Vec<(f64, String)>,
    /// Where it begins at the latest.
    pub(crate) from: Option<f64>,
}

/// Marks of things that are counted; more could not be read.
const MARKS: usize = 12;

impl<'a> Axis<'a> {
    /// With marks at round numbers.
    pub(crate) fn counting(name: &'a str) -> Self {
        Axis { name, ticks: Vec::new(), from: None }
    }

    /// Of time: it begins at 0.
    pub(crate) fn since(name: &'a str) -> Self {
        Axis { from: Some(0.0), ..Self::counting(name) }
    }

    /// Of `count` things that are numbered from 1.
    pub(crate) fn numbered(name: &'a str, count: usize) -> Self {
        let step = count.div_ceil(MARKS).max(1);
        let ticks = (1..=count).step_by(step).map(|n| (n as f64, n.to_string())).collect();
        Axis { ticks, ..Self::counting(name) }
    }
}

/// One line; at most three in a diagram can be told apart.
pub(crate) struct Series<'a> {
    pub(crate) name: &'a str,
    /// From left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// From values to places.
struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Scale {
    /// Of the vertical axis: from 0, unless the values are of different orders of magnitude.
    fn upright(values: &[f64]) -> Self {
        let most = values.iter().copied().fold(0.0, f64::max);
        let least = values.iter().copied().filter(|&v| v > 0.0).fold(f64::INFINITY, f64::min);
        let is_logarithmic = least.is_finite() && most / least > LOGARITHMIC_FROM;
        if is_logarithmic {
            return Scale { low: least / 1.3, high: most * 1.3, is_logarithmic };
        }
        Scale { low: 0.0, high: if most > 0.0 { most * 1.08 } else { 1.0 }, is_logarithmic }
    }

    /// Of the horizontal axis: what is there.
    fn along(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        match (low.is_finite(), high > low) {
            (true, true) => Scale { low, high, is_logarithmic: false },
            // One value stands in the middle.
            (true, false) => Scale { low: low - 1.0, high: low + 1.0, is_logarithmic: false },
            (false, _) => Scale { low: 0.0, high: 1.0, is_logarithmic: false },
        }
    }

    /// ∈ [0, 1].
    fn place(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    /// Round numbers on it.
    fn ticks(&self) -> Vec<f64> {
        if self.is_logarithmic {
            let decades = (-4..=7).flat_map(|power| [1.0, 2.0, 5.0].map(|d| d * 10_f64.powi(power)));
            let ticks: Vec<f64> = decades.filter(|tick| (self.low..=self.high).contains(tick)).collect();
            // Whole decades are enough where there are many.
            let many = ticks.len() > 8;
            return ticks.into_iter().filter(|t| !many || t.log10().fract().abs() < 1e-9).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|&s| s >= rough).unwrap_or(rough);
        let first = (self.low / step).ceil();
        (0..12).map(|n| (first + f64::from(n)) * step).filter(|t| *t <= self.high).collect()
    }
}

impl Lines<'_> {
    /// The diagram as a `figure`; nothing if there is no point to draw.
    pub(crate) fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|s| &s.points);
        if points().next().is_none() {
            return String::new();
        }
        let values: Vec<f64> = points().map(|p| p.1).chain(self.limit.map(|l| l.0)).collect();
        let (across, up) = (Scale::along(points().map(|p| p.0).chain(self.x.from)), Scale::upright(&values));
        let x = |value: f64| WIDTH * across.place(value);
        let y = |value: f64| HEIGHT * (1.0 - up.place(value));
        let (whole_width, whole_height) = (LEFT + WIDTH + RIGHT, TOP + HEIGHT + BELOW);
        let title = escaped(self.title);
        let mut svg = format!(
            "<figure><svg viewBox=\"-{LEFT} -{TOP} {whole_width} {whole_height}\" width=\"{whole_width}\" role=\"img\" \
             aria-label=\"{title}\">\n"
        );
        // Writing to a String cannot fail, here and below.
        for tick in up.ticks() {
            let at = y(tick);
            let _ = writeln!(
                svg,
                "<line class=\"axis\" x1=\"0\" y1=\"{at:.1}\" x2=\"{WIDTH}\" y2=\"{at:.1}\"/>\
                 <text x=\"-8\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                at + 4.0,
                number(tick)
            );
        }
        let counted = || across.ticks().into_iter().map(|t| (t, number(t))).collect();
        let ticks: Vec<_> = if self.x.ticks.is_empty() { counted() } else { self.x.ticks.clone() };
        for (tick, name) in ticks {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                x(tick),
                HEIGHT + 18.0,
                escaped(&name)
            );
        }
        let logarithmic = if up.is_logarithmic { " (logarithmic)" } else { "" };
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\
             <text x=\"-{LEFT}\" y=\"-{:.0}\">{}{logarithmic}</text>",
            WIDTH / 2.0,
            HEIGHT + 38.0,
            escaped(self.x.name),
            TOP - 12.0,
            escaped(self.y),
        );
        if let Some((at, name)) = self.limit {
            let at = y(at);
            let _ = writeln!(
                svg,
                "<line class=\"ideal\" x1=\"0\" y1=\"{at:.1}\" x2=\"{WIDTH}\" y2=\"{at:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\">{}</text>",
                WIDTH + 8.0,
                at + 4.0,
                escaped(name)
            );
        }
        for (n, series) in self.series.iter().enumerate() {
            let from_right = (self.series.len() - n) as f64;
            series.draw(&mut svg, n, &x, &y);
            series.key(&mut svg, n, WIDTH - 120.0 * from_right);
        }
        let _ = writeln!(svg, "</svg><figcaption class=\"faint\">{title}</figcaption></figure>");
        svg
    }
}

impl Series<'_> {
    fn draw(&self, svg: &mut String, n: usize, x: &impl Fn(f64) -> f64, y: &impl Fn(f64) -> f64) {
        let class = format!("s{}", n % 3);
        let name = escaped(self.name);
        let path: Vec<String> =
            self.points.iter().map(|&(px, py)| format!("{:.1} {:.1}", x(px), y(py))).collect();
        let _ = writeln!(svg, "<path class=\"{class}\" d=\"M{}\"/>", path.join("L"));
        if self.points.len() <= DOTS {
            for &(px, py) in &self.points {
                let _ = writeln!(
                    svg,
                    "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"><title>{name}: {} at {}</title></circle>",
                    x(px),
                    y(py),
                    number(py),
                    number(px)
                );
            }
        }
    }

    /// Its name beside a piece of it, above the field.
    fn key(&self, svg: &mut String, n: usize, left: f64) {
        let class = format!("s{}", n % 3);
        let _ = writeln!(
            svg,
            "<line class=\"key {class}\" x1=\"{left}\" y1=\"-26\" x2=\"{}\" y2=\"-26\"/>\
             <text x=\"{}\" y=\"-22\">{}</text>",
            left + 24.0,
            left + 30.0,
            escaped(self.name)
        );
    }
}

/// To three digits, without zeros that say nothing.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    let number = format!("{value:.decimals$}");
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{CLOSED, assert_whole, opened};

    fn lines(points: Vec<(f64, f64)>) -> Lines<'static> {
        Lines {
            title: "a < b",
            x: Axis::counting("seconds"),
            y: "ms",
            series: vec![Series { name: "median", points }],
            limit: Some((50.0, "target")),
        }
    }

    #[test]
    fn points_lie_where_their_numbers_say() {
        let svg = lines(vec![(0.0, 0.0), (5.0, 50.0), (10.0, 100.0)]).svg();
        // 100 of 108 high: 220 × (1 − 100/108) from the top.
        assert!(svg.contains("d=\"M0.0 220.0L280.0 118.1L560.0 16.3\""), "{svg}");
        assert!(svg.contains("<title>median: 50 at 5</title>"), "{svg}");
        assert!(svg.contains("class=\"ideal\" x1=\"0\" y1=\"118.1\""), "{svg}");
        assert_whole(&(opened("t", "a") + &svg + CLOSED));
    }

    #[test]
    fn orders_of_magnitude_get_a_logarithmic_scale() {
        let svg = lines(vec![(0.0, 1.0), (1.0, 10.0), (2.0, 1000.0)]).svg();
        assert!(svg.contains("ms (logarithmic)"), "{svg}");
        for tick in [">1<", ">10<", ">100<", ">1000<"] {
            assert!(svg.contains(tick), "{tick}: {svg}");
        }
    }

    #[test]
    fn one_point_or_none_is_no_trouble() {
        assert_eq!(lines(Vec::new()).svg(), "");
        for point in [(0.0, 0.0), (3.0, 7.0)] {
            let page = opened("t", "a") + &lines(vec![point]).svg() + CLOSED;
            assert_whole(&page);
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, short) in [(0.0, "0"), (0.25, "0.25"), (7.0, "7"), (12.34, "12.3"), (1234.5, "1234")] {
            assert_eq!(number(value), short);
        }
    }
}
