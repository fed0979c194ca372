//! From what was typed to what is read: one writing for one meaning, and a way back to every raw byte.
//!
//! Each step takes a [`Traced`] text and gives one back, so spans stay true through any number of steps.
//! A step may uncover work for an earlier one (a zero-width character inside a mention, a quote inside a
//! code block); so the steps are repeated until nothing changes. That makes normalisation idempotent:
//! what has been normalised once is its own normal form, and a cache may use it as a key.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::markup;
use crate::parts::Parts;
use crate::text::{is_invisible, is_space};
use crate::traced::{Edit, Traced};

/// Honest messages settle in two passes. One that has not after four is nested to keep us busy; it
/// loses all its markup characters instead.
const PASSES: usize = 4;

/// The clean text of `raw` and what was recognised in it. Blank only if `raw` is.
pub(crate) fn normalise(raw: &str) -> (Traced, Parts) {
    let source = characters(Traced::new(raw));
    let mut parts = Parts::default();
    let mut clean = settle(source.clone(), &mut parts);
    if clean.text().is_empty() {
        // Nothing but markers, such as empty code fences: then the markers are what was said.
        let bare = spaces(source);
        clean = settle(bare.clone(), &mut Parts::default());
        if clean.text().is_empty() {
            clean = bare;
        }
    }
    parts.sort();
    (clean, parts)
}

/// Repeats the steps until they change nothing.
fn settle(mut text: Traced, parts: &mut Parts) -> Traced {
    for disarmed in [false, true] {
        if disarmed {
            text = markup::disarm(text);
        }
        for _ in 0..PASSES {
            let before = text.text().to_owned();
            text = pass(text, parts);
            if text.text() == before {
                return text;
            }
        }
    }
    text
}

fn pass(text: Traced, parts: &mut Parts) -> Traced {
    let text = characters(text);
    let text = markup::code_blocks(text, parts);
    let text = markup::quotes(text, parts);
    let text = markup::tokens(text, parts);
    let text = markup::markers(text, parts);
    elongation(spaces(text))
}

/// One character for one meaning: no invisible ones, straight quotes, NFKC.
fn characters(text: Traced) -> Traced {
    if text.text().bytes().all(|b| (b' '..0x7F).contains(&b) || b == b'\n') {
        return text;
    }
    let edits: Vec<Edit<'_>> = text
        .text()
        .char_indices()
        .filter_map(|(i, c)| plain(c).map(|with| (i..i + c.len_utf8(), with.into())))
        .collect();
    compose(text.edit(&edits))
}

/// What to write for `c`, if not `c` itself.
fn plain(c: char) -> Option<&'static str> {
    match c {
        // The acute accent and the primes are typed for an apostrophe; NFKC would make two characters of some.
        '‘' | '’' | '‚' | '‛' | '´' | 'ʼ' | '′' => Some("'"),
        '“' | '”' | '„' | '‟' | '″' => Some("\""),
        _ if is_invisible(c) => Some(""),
        _ if is_space(c) && !c.is_whitespace() => Some(" "),
        _ => None,
    }
}

/// NFKC, one cluster at a time, so that each result is traced to the few characters it was made of.
fn compose(text: Traced) -> Traced {
    if is_nfkc_quick(text.text().chars()) == IsNormalized::Yes {
        return text;
    }
    let all = text.text();
    let mut starts: Vec<usize> =
        all.char_indices().filter(|&(_, c)| begins_cluster(c)).map(|(i, _)| i).collect();
    starts.push(all.len());
    if starts[0] != 0 {
        starts.insert(0, 0);
    }
    let mut edits: Vec<Edit<'static>> = Vec::new();
    for pair in starts.windows(2) {
        let cluster = &all[pair[0]..pair[1]];
        let composed: String = cluster.nfkc().collect();
        if composed != cluster {
            edits.push((pair[0]..pair[1], composed.into()));
        }
    }
    text.edit(&edits)
}

/// `c` never joins what stands before it (UAX #15, section 9: a stable code point starts a chunk).
fn begins_cluster(c: char) -> bool {
    let first = std::iter::once(c).nfkd().next().unwrap_or(c);
    canonical_combining_class(first) == 0 && is_nfkc_quick(std::iter::once(first)) != IsNormalized::Maybe
}

/// Every run of white space becomes one space, none at the ends.
fn spaces(text: Traced) -> Traced {
    let all = text.text();
    let mut edits: Vec<Edit<'static>> = Vec::new();
    let mut rest = 0;
    while let Some(start) = all[rest..].find(char::is_whitespace).map(|i| rest + i) {
        let end = all[start..].find(|c: char| !c.is_whitespace()).map_or(all.len(), |i| start + i);
        let with = if start == 0 || end == all.len() { "" } else { " " };
        if &all[start..end] != with {
            edits.push((start..end, with.into()));
        }
        rest = end;
    }
    text.edit(&edits)
}

/// "soooooo" and "sooooo" are the same cry: a letter is written at most three times in a row. Digits
/// stay (1000000), and so does punctuation, which has its own tokens.
fn elongation(text: Traced) -> Traced {
    let mut edits: Vec<Edit<'static>> = Vec::new();
    let mut run: Option<(char, usize)> = None;
    for (i, c) in text.text().char_indices() {
        let length = match run {
            Some((last, n)) if last == c => n + 1,
            _ => 1,
        };
        run = Some((c, length));
        if length > 3 && c.is_alphabetic() {
            edits.push((i..i + c.len_utf8(), "".into()));
        }
    }
    text.edit(&edits)
}
