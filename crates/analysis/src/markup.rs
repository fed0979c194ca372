//! The markup of chat: what it means to a reader, and whose words it holds.
//!
//! Written for Discord, whose users these are; elsewhere most of it simply does not occur.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::parts::{PartKind, Parts};
use crate::traced::{Edit, Traced};

/// A constant pattern of this file; a test compiles them all.
fn pattern(p: &str) -> Regex {
    Regex::new(p).expect("a constant pattern")
}

static FENCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)(```(?:[A-Za-z0-9_+#-]*\n)?)(.*?)(```)"));
static QUOTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[ \t]*(?:>>> |(?:> )+)"));
static INLINE_CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"`[^`\n]+`"));
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?xi)
          (?P<mention> <@[!&]?\d{1,20}> )
        | (?P<channel> <\#\d{1,20}> )
        | (?P<time>    <t:-?\d{1,16}(?::[a-z])?> )
        | <a?:(?P<emoji> [a-z0-9_]{1,32} ):\d{1,20}>
        | (?P<url>     <?\b(?: https?:// | www\.[^\s.<>|]+\. )
                       [^\s<>|)\]"'`]* [^\s<>|)\]"'`.,!?;:*_~] >? )"#,
    )
});

/// Fenced code. What somebody pasted is not what they say, so beside words of their own it is left out;
/// a message that is nothing else is read.
pub(crate) fn code_blocks(text: Traced, parts: &mut Parts) -> Traced {
    let all = text.text();
    if !all.contains("```") {
        return text;
    }
    let has_own_words = own_words(&FENCE.replace_all(all, " ")) > 0;
    let mut edits: Vec<Edit<'static>> = Vec::new();
    for found in FENCE.captures_iter(all) {
        let block = span(&found, 0);
        parts.push(PartKind::CodeBlock, text.origin(block.clone()), !has_own_words);
        if has_own_words {
            edits.push((block, " ".into()));
        } else {
            edits.push((span(&found, 1), " ".into()));
            edits.push((span(&found, 3), " ".into()));
        }
    }
    text.edit(&edits)
}

/// A shorter reply leans on what it quotes: "same", "me rn", "yes" under a quote mean the quote.
const WORDS_OF_A_REPLY: usize = 4;

/// Quoted lines are somebody else's words: left out beside enough of the author's own, else read, and
/// marked as read.
pub(crate) fn quotes(text: Traced, parts: &mut Parts) -> Traced {
    let all = text.text();
    let (mut quoted, mut own) = (Vec::new(), String::new());
    let mut start = 0;
    while start < all.len() {
        let end = all[start..].find('\n').map_or(all.len(), |i| start + i + 1);
        match QUOTE.find(&all[start..end]) {
            Some(marker) if marker.as_str().trim_start().starts_with(">>>") => {
                quoted.push((start..start + marker.end(), start..all.len()));
                break;
            }
            Some(marker) => quoted.push((start..start + marker.end(), start..end)),
            None => own.push_str(&all[start..end]),
        }
        start = end;
    }
    if quoted.is_empty() {
        return text;
    }
    let stands_alone = own_words(&own) >= WORDS_OF_A_REPLY;
    let mut edits: Vec<Edit<'static>> = Vec::new();
    for (marker, line) in quoted {
        parts.push(PartKind::Quote, text.origin(line.clone()), !stands_alone);
        edits.push((if stands_alone { line } else { marker }, " ".into()));
    }
    text.edit(&edits)
}

/// How many words `text` has besides mentions, emoji and links.
fn own_words(text: &str) -> usize {
    let words = TOKEN.replace_all(text, " ");
    words.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count()
}

/// Mentions, channels, times, custom emoji and links become the words that a reader sees in them.
pub(crate) fn tokens(text: Traced, parts: &mut Parts) -> Traced {
    let mut edits: Vec<Edit<'static>> = Vec::new();
    for found in TOKEN.captures_iter(text.text()) {
        let (kind, word) = word(&found);
        let whole = span(&found, 0);
        parts.push(kind, text.origin(whole.clone()), true);
        edits.push((whole, word.into()));
    }
    text.edit(&edits)
}

/// What is read for a token. The space before keeps it from growing onto the word it touches.
fn word(found: &Captures<'_>) -> (PartKind, String) {
    if let Some(name) = found.name("emoji") {
        return (PartKind::Emoji, format!(" {} ", name.as_str().replace('_', " ")));
    }
    let (kind, word) = if found.name("mention").is_some() {
        (PartKind::Mention, " @someone")
    } else if found.name("channel").is_some() {
        (PartKind::Channel, " #channel")
    } else if found.name("time").is_some() {
        (PartKind::Time, " that time")
    } else {
        (PartKind::Url, "link")
    };
    (kind, word.to_owned())
}

/// Spoiler bars, inline code and emphasis lose their markers and keep their words.
pub(crate) fn markers(text: Traced, parts: &mut Parts) -> Traced {
    let spoilers = pairs(text.text(), "||", false);
    for pair in &spoilers {
        parts.push(PartKind::Spoiler, text.origin(pair.clone()), true);
    }
    let text = unwrap(text, &spoilers, 2);

    let code: Vec<Range<usize>> = INLINE_CODE.find_iter(text.text()).map(|m| m.range()).collect();
    for pair in &code {
        parts.push(PartKind::InlineCode, text.origin(pair.clone()), true);
    }
    let mut text = unwrap(text, &code, 1);

    for marker in ["**", "__", "~~"] {
        let emphasis = pairs(text.text(), marker, true);
        text = unwrap(text, &emphasis, 2);
    }
    text
}

/// Takes `width` bytes from both ends of each range.
fn unwrap(text: Traced, ranges: &[Range<usize>], width: usize) -> Traced {
    let ends = |r: &Range<usize>| [r.start..r.start + width, r.end - width..r.end];
    let edits: Vec<Edit<'static>> = ranges.iter().flat_map(ends).map(|r| (r, "".into())).collect();
    text.edit(&edits)
}

/// The stretches between a marker and the next, markers included, that hold a letter or digit.
///
/// `flanking` markers hug what they mark, as in Markdown: so the stars of a censored "f**k … s**t" stay.
/// One walk from left to right: hostile input costs no more than honest.
fn pairs(text: &str, marker: &str, flanking: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (at, _) in text.match_indices(marker) {
        let end = at + marker.len();
        let before = text[..at].chars().next_back();
        let after = text[end..].chars().next();
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        match open {
            Some((start, content)) if at > content && (!flanking || (!space(before) && !word(after))) => {
                found.push(start..end);
                open = None;
            }
            None if !flanking || (!word(before) && !space(after)) => {
                match text[end..].find(char::is_alphanumeric) {
                    Some(content) => open = Some((at, end + content)),
                    None => break,
                }
            }
            _ => {}
        }
    }
    found
}

/// Every character that markup is made of becomes a space.
pub(crate) fn disarm(text: Traced) -> Traced {
    let edits: Vec<Edit<'static>> = text
        .text()
        .char_indices()
        .filter(|(_, c)| matches!(c, '<' | '>' | '|' | '*' | '_' | '~' | '`'))
        .map(|(i, _)| (i..i + 1, " ".into()))
        .collect();
    text.edit(&edits)
}

fn span(found: &Captures<'_>, group: usize) -> Range<usize> {
    found.get(group).map_or(0..0, |m| m.range())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_compile() {
        for p in [&FENCE, &QUOTE, &INLINE_CODE, &TOKEN] {
            assert!(p.captures_len() > 0);
        }
    }

    #[test]
    fn markers_pair_only_around_words() {
        struct Case {
            text: &'static str,
            flanking: bool,
            found: &'static [&'static str],
        }
        let case = |text, flanking, found| Case { text, flanking, found };
        for case in [
            case("a **bold** move", true, &["**bold**"]),
            case("f**k this s**t", true, &[]),
            case("****", true, &[]),
            case("****** no", true, &[]),
            case("***both***", true, &["***both**"]),
            case("**open", true, &[]),
            case("a ** b ** c", true, &[]),
            case("**a** **b**", true, &["**a**", "**b**"]),
        ] {
            let found: Vec<&str> =
                pairs(case.text, "**", case.flanking).into_iter().map(|r| &case.text[r]).collect();
            assert_eq!(found, case.found, "{}", case.text);
        }
    }
}
