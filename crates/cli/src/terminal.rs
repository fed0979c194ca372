//! How figures and other people's words are put on a terminal.
//!
//! Everything is readable without colour: colour only repeats what a word already says. Styles are
//! written always; `anstream` takes them out where they do not belong (`NO_COLOR`, pipes, `--color never`).

use std::fmt;

use anstyle::{AnsiColor, Effects, Style};
use ash_analysis::Level;

/// Text is never broken into less than this, however narrow the terminal.
const NARROWEST: usize = 20;
/// Secondary text.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Headings and the figures that matter most.
pub(crate) const STRONG: Style = Style::new().bold();
/// Something that went wrong.
pub(crate) const ALARM: Style = AnsiColor::Red.on_default().bold();

/// The style of a level, from calm to alarming.
pub(crate) const fn level_style(level: Level) -> Style {
    match level {
        Level::None => AnsiColor::Green.on_default(),
        Level::Low => AnsiColor::Cyan.on_default(),
        Level::Medium => AnsiColor::Yellow.on_default().bold(),
        Level::High => AnsiColor::Red.on_default().bold(),
        Level::Critical => AnsiColor::Red.on_default().bold().invert(),
    }
}

/// The style of a bar that speaks for a level: never inverted, for then its full cells would look empty.
pub(crate) const fn bar_style(level: Level) -> Style {
    let style = level_style(level);
    style.effects(style.get_effects().remove(Effects::INVERT))
}

/// `shown` in `style`, and nothing after it.
pub(crate) fn styled(style: Style, shown: impl fmt::Display) -> String {
    format!("{style}{shown}{style:#}")
}

/// How many columns the terminal has that standard output goes to; none if it goes elsewhere, where lines may be as
/// long as they are.
pub(crate) fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}

/// `text` in lines of at most `columns` columns (of any length if there is no limit), the second and all further ones
/// `indent` columns further right, where the first is taken to begin. Words that are longer stay whole.
pub(crate) fn hanging(text: &str, indent: usize, columns: Option<usize>) -> String {
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(indent).max(NARROWEST));
    let (mut lines, mut filled) = (String::new(), 0);
    for (number, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if filled > 0 && filled + 1 + length > room {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            filled = 0;
        } else if number > 0 {
            lines.push(' ');
            filled += 1;
        }
        lines.push_str(word);
        filled += length;
    }
    lines
}

/// A bar of `width` cells, filled by `share` ∈ [0, 1]. Any share above 0 shows at least one cell.
pub(crate) fn bar(share: f32, width: usize) -> String {
    let share = share.clamp(0.0, 1.0);
    let filled = (0..width).filter(|&cell| share * width as f32 > cell as f32 + 0.5).count();
    let filled = if share > 0.0 { filled.max(1).min(width) } else { 0 };
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// A message as one harmless line of at most `width` characters.
///
/// A message can carry escape sequences that repaint the screen and bidirectional marks that reorder
/// what stands beside it; both become `·`.
pub(crate) fn one_line(text: &str, width: usize) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .map(|c| if c.is_control() || reorders(c) { '·' } else { c })
        .take(width + 1)
        .collect();
    if line.chars().count() > width {
        line = line.chars().take(width.saturating_sub(1)).collect();
        line.push('…');
    }
    line
}

/// The marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9).
const fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_its_share() {
        assert_eq!(bar(0.0, 4), "░░░░");
        assert_eq!(bar(0.01, 4), "█░░░");
        assert_eq!(bar(0.5, 4), "██░░");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(7.0, 4), "████");
        assert_eq!(bar(f32::NAN, 4), "░░░░");
    }

    #[test]
    fn text_goes_on_below_where_it_began() {
        let text = "one two three four five six seven";
        assert_eq!(hanging(text, 4, Some(24)), "one two three four\n    five six seven");
        assert_eq!(
            hanging(text, 4, Some(3)),
            "one two three four\n    five six seven",
            "but not word by word"
        );
        assert_eq!(hanging(text, 4, None), text);
        assert_eq!(hanging("  a  b", 2, None), "  a  b", "spaces stay");
        assert_eq!(hanging("averyveryverylongwordofmany b", 0, Some(20)), "averyveryverylongwordofmany\nb");
    }

    #[test]
    fn no_bar_is_inverted() {
        for level in Level::ALL {
            assert!(!bar_style(level).get_effects().contains(Effects::INVERT), "{level}");
            assert_eq!(bar_style(level).get_fg_color(), level_style(level).get_fg_color(), "{level}");
        }
    }

    #[test]
    fn a_message_cannot_repaint_the_terminal() {
        assert_eq!(one_line("a\x1b[2Jb\u{202e}c\n d", 80), "a·[2Jb·c  d");
        assert_eq!(one_line("😀😀😀", 2), "😀…");
        assert_eq!(one_line("ab", 2), "ab");
    }
}
