//! Text that cannot format, ping, link or turn itself around.

/// Without control characters but line ends, and without those that change the direction of writing.
pub(super) fn cleaned(text: &str) -> String {
    let keeps = |c: &char| {
        let turns = matches!(
            c,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        );
        !turns && (*c == '\n' || !c.is_control())
    };
    text.replace("\r\n", "\n").replace(['\r', '\t'], " ").chars().filter(keeps).collect()
}

/// At most `limit` UTF-16 units, which is how the strictest receiver counts; what is cut ends with an ellipsis.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let mut units = 0;
    let mut fits = text.len();
    for (at, c) in text.char_indices() {
        if units < limit {
            fits = at;
        }
        units += c.len_utf16();
        if units > limit {
            return format!("{}…", &text[..fits]);
        }
    }
    text.to_owned()
}

/// For Discord: characters that mean something get a backslash.
pub(super) fn unformatted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in cleaned(text).chars() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '@' | '#' | '[' | ']') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// For Discord: in a block of code nothing is formatted, linked or a mention; nothing in it may end it.
pub(super) fn code_block(text: &str, limit: usize) -> String {
    const FENCES: usize = 8;
    let inside = cleaned(text).replace('`', "\u{2CB}");
    format!("```\n{}\n```", cut(&inside, limit.saturating_sub(FENCES)))
}

/// For Slack: its three characters that mean something. Cut before, so that no escape is cut in two.
pub(super) fn escaped(text: &str, limit: usize) -> String {
    let mut plain = String::new();
    let mut units = 0;
    for c in cleaned(text).chars() {
        let before = plain.len();
        match c {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            c => plain.push(c),
        }
        units += plain[before..].encode_utf16().count();
        if units >= limit {
            plain.truncate(before);
            plain.push('…');
            break;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("💔💔", 4), "💔💔");
        assert_eq!(cut("💔💔", 3), "💔…");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn a_text_cannot_leave_its_block() {
        assert_eq!(code_block("```\n@everyone **x**", 100), "```\nˋˋˋ\n@everyone **x**\n```");
        assert_eq!(cleaned("a\u{202E}b\u{0}c\r\nd\te"), "abc\nd e");
        assert_eq!(unformatted("<@1> *a* _b_"), "\\<\\@1\\> \\*a\\* \\_b\\_");
        assert_eq!(escaped("<!channel> & co", 100), "&lt;!channel&gt; &amp; co");
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_its_limit(text in any::<String>(), limit in 20_usize..200) {
            let units = |text: &str| text.encode_utf16().count();
            prop_assert!(units(&cut(&text, limit)) <= limit);
            prop_assert!(units(&escaped(&text, limit)) <= limit);
            let block = code_block(&text, limit);
            prop_assert!(units(&block) <= limit, "{block}");
            prop_assert_eq!(block.matches('`').count(), 6);
        }
    }
}
