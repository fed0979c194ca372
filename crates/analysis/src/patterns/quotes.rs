//! Which words are somebody's quoted words: between quotation marks, in a sung line, in a quoted line or
//! block that is read for want of other words.

use std::ops::Range;

use super::fold::Folded;
use super::tokens::Mark;
use crate::message::Message;
use crate::parts::PartKind;

/// These begin with an apostrophe that is no quotation mark.
const ELISIONS: &[&str] = &["bout", "cause", "cos", "cuz", "em", "n", "round", "til", "till", "tis", "twas"];

/// A song's signs.
const NOTES: &[&str] = &["♪", "♫", "♬", "♩", "🎵", "🎶"];

/// For each word whether it is quoted. `sentence` gives the number of a word's sentence.
pub(super) fn quoted(
    folded: &Folded,
    message: Option<&Message>,
    sentence: impl Fn(usize) -> u32,
) -> Vec<bool> {
    let mut quoted = vec![false; folded.words.len()];
    between_marks(folded, &sentence, &mut quoted);
    sung(folded, &sentence, &mut quoted);
    if let Some(message) = message {
        in_parts(folded, message, &mut quoted);
    }
    quoted
}

fn between_marks(folded: &Folded, sentence: &impl Fn(usize) -> u32, quoted: &mut [bool]) {
    let words_between = |from: usize, to: usize| {
        let first = folded.words.partition_point(|w| w.clean.start < from);
        let end = folded.words.partition_point(|w| w.clean.end <= to);
        first..end.max(first)
    };
    let mut open: [Option<Mark>; 2] = [None, None];
    for mark in &folded.marks {
        let slot = &mut open[usize::from(mark.kind == '\'')];
        match *slot {
            Some(begun) if mark.closes => {
                let words = words_between(begun.at, mark.at);
                // "doin'" closes nothing.
                let elided = mark.kind == '\''
                    && words.clone().next_back().is_some_and(|i| folded.word(i).ends_with("in"));
                if !elided {
                    quoted[words].fill(true);
                    *slot = None;
                }
            }
            None if mark.opens => {
                let next = words_between(mark.at, usize::MAX).start;
                if mark.kind == '"' || !ELISIONS.contains(&typed_word(folded, next)) {
                    *slot = Some(*mark);
                }
            }
            _ => {}
        }
    }
    // Never closed: to the end of its sentence. A single mark that is never closed is an apostrophe.
    if let Some(begun) = open[0] {
        let first = words_between(begun.at, usize::MAX).start;
        let end = (first..folded.words.len()).take_while(|&i| sentence(i) == sentence(first)).count() + first;
        quoted[first..end].fill(true);
    }
}

/// The word; "because" is what "'cause" and "'cuz" are written out as.
fn typed_word(folded: &Folded, index: usize) -> &str {
    match folded.word(index) {
        "because" => "cause",
        word => word,
    }
}

/// From the first note to the last, to the ends of their sentences.
fn sung(folded: &Folded, sentence: &impl Fn(usize) -> u32, quoted: &mut [bool]) {
    if !folded.text.contains(NOTES[0]) && !NOTES.iter().any(|note| folded.text.contains(note)) {
        return;
    }
    let is_note = |&i: &usize| NOTES.contains(&folded.word(i));
    let notes = || (0..folded.words.len()).filter(is_note);
    let (Some(first), Some(last)) = (notes().next(), notes().next_back()) else { return };
    for (i, quoted) in quoted.iter_mut().enumerate() {
        *quoted |= (sentence(first)..=sentence(last)).contains(&sentence(i));
    }
}

fn in_parts(folded: &Folded, message: &Message, quoted: &mut [bool]) {
    let parts: Vec<&Range<usize>> = message
        .parts()
        .iter()
        .filter(|p| p.read && matches!(p.kind, PartKind::Quote | PartKind::CodeBlock))
        .map(|p| &p.raw)
        .collect();
    if parts.is_empty() {
        return;
    }
    for (word, quoted) in folded.words.iter().zip(quoted) {
        let raw = message.raw_span(word.clean.clone());
        // Parts are sorted and do not overlap, so only the last that begins before the word can hold it.
        let before = parts.partition_point(|p| p.start <= raw.start);
        *quoted |= before.checked_sub(1).is_some_and(|i| raw.end <= parts[i].end);
    }
}
