//! The quotes of a page, and whether one of them is what was said.

pub(crate) const PAGE: &str = include_str!("../../../../docs/troubleshooting.md");

/// What the page quotes: code within lines, and the lines of blocks.
pub(crate) fn quotes() -> Vec<&'static str> {
    let (mut quotes, mut in_block) = (Vec::new(), false);
    for line in PAGE.lines().map(str::trim) {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            quotes.push(line.trim_start_matches("error: "));
        } else {
            quotes.extend(inline_code(line));
        }
    }
    quotes
}

/// Code between runs of as many backticks.
fn inline_code(mut line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    while let Some(start) = line.find('`') {
        let rest = &line[start..];
        let fence = &rest[..rest.len() - rest.trim_start_matches('`').len()];
        let Some((code, after)) = rest[fence.len()..].split_once(fence) else { break };
        found.push(code.trim());
        line = after;
    }
    found
}

/// The quote is the whole sentence; `…` stands for anything, but for no more than half of it.
pub(crate) fn is_of(quote: &str, sentence: &str) -> bool {
    let fixed = quote.chars().filter(|&c| c != '…').count();
    let parts: Vec<&str> = quote.split('…').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return quote == sentence };
    if 2 * fixed < sentence.chars().count() {
        return false;
    }
    let rest = sentence.strip_prefix(first);
    let rest = middle.iter().try_fold(rest, |rest, part| Some(rest?.split_once(part).map(|(_, rest)| rest)));
    rest.flatten().is_some_and(|rest| rest.ends_with(last))
}

#[test]
fn a_quote_is_the_whole_sentence_but_for_what_differs() {
    for (quote, sentence, is) in [
        ("try again in … s", "try again in 12 s", true),
        ("try again in … s", "try again in 12 m", false),
        ("try again", "try again in 12 s", false),
        ("model … failed: …", "model sentiment failed: told", true),
        ("…", "anything", false),
        ("configuration: …", "configuration: something else entirely", false),
    ] {
        assert_eq!(is_of(quote, sentence), is, "{quote} / {sentence}");
    }
    assert_eq!(inline_code("| `a` | ``b `c` …`` | d"), ["a", "b `c` …"]);
}
