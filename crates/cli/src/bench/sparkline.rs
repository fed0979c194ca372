//! A row of numbers as a row of bars: ▁▂▃▄▅▆▇█.

use super::timeline::Part;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a value, the tallest for the largest of them: bars start at 0, so that
/// twice as tall is twice as much.
pub(crate) fn sparkline(values: &[f64]) -> String {
    let most = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let bar = |&value: &f64| {
        if most <= 0.0 || !value.is_finite() {
            return BARS[0];
        }
        let eighths = (value / most * BARS.len() as f64).ceil();
        (1..BARS.len()).rev().find(|&n| eighths > n as f64).map_or(BARS[0], |n| BARS[n])
    };
    values.iter().map(bar).collect()
}

/// The medians over a run.
pub(crate) fn medians(parts: &[Part]) -> String {
    sparkline(&parts.iter().map(|part| part.p50_ms).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_tall_as_their_numbers() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), "▁▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[5.0, 5.0]), "██");
        assert_eq!(sparkline(&[0.0, f64::NAN]), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
