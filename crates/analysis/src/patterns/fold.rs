//! The folded view: words as patterns know them, in lower case, one space between two words and a line
//! end between two sentences.

use std::ops::Range;

use super::tokens::{Gap, Mark, Token, Tokens};
use super::vocabulary::Vocabulary;
use crate::characters::{latin, unleet};

/// A word of the folded view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In [`Folded::text`].
    pub(super) text: Range<usize>,
    /// In the clean text; words that were written out of one spelling share its place.
    pub(super) clean: Range<usize>,
    /// What stands before it.
    pub(super) gap: Gap,
}

/// A message as patterns see it.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) text: String,
    pub(super) words: Vec<Word>,
    pub(super) marks: Vec<Mark>,
    /// Runs of single letters that made no words.
    failures: usize,
}

/// Letters standing alone become a word if there are at least so many.
const SPACED_LETTERS: usize = 3;
/// No run of single letters is longer; a longer one is read in pieces.
const MOST_LETTERS: usize = 64;
/// After so many runs of letters that make no words no more are tried in a message: it is a flood.
const MOST_FAILURES: usize = 64;
/// The shortest word that is put together from two halves.
const SPLIT_WORD: usize = 5;
/// The shortest hashtag that is taken apart.
const HASHTAG: usize = 6;

impl Folded {
    /// Folds a clean text. `breaks` tells whether the white space at a place of it was a line end.
    pub(super) fn new(clean: &str, vocabulary: &Vocabulary, breaks: impl Fn(usize) -> bool) -> Self {
        let mut tokens = Tokens::new(clean, vocabulary, breaks);
        let mut folded = Folded { marks: std::mem::take(&mut tokens.marks), ..Folded::default() };
        folded.text.reserve(tokens.text.len() + tokens.all.len());
        let mut at = 0;
        while at < tokens.all.len() {
            at += folded.take(&tokens, at, vocabulary);
        }
        folded
    }

    /// Writes what the tokens from `at` on mean and returns how many that were.
    fn take(&mut self, tokens: &Tokens, at: usize, vocabulary: &Vocabulary) -> usize {
        self.spaced_letters(tokens, at, vocabulary)
            .or_else(|| self.phrase(tokens, at, vocabulary))
            .or_else(|| self.halves(tokens, at, vocabulary))
            .unwrap_or_else(|| {
                self.single(tokens, &tokens.all[at], vocabulary);
                1
            })
    }

    /// "k i l l", "k.i.l.l", "k-1-l-l"; words are told apart by the vocabulary.
    fn spaced_letters(&mut self, tokens: &Tokens, at: usize, vocabulary: &Vocabulary) -> Option<usize> {
        let run = tokens.all[at..].iter().take(MOST_LETTERS).take_while(|t| t.text.len() == 1).count();
        if run < SPACED_LETTERS || self.failures >= MOST_FAILURES {
            return None;
        }
        let letters = &tokens.all[at..at + run];
        let typed: String = letters.iter().map(|t| tokens.word(t)).collect();
        let segmented = std::iter::once(typed.clone())
            .chain(unleet(&typed))
            .find_map(|read| vocabulary.segment(&read).map(|lengths| (read, lengths)));
        let Some((read, lengths)) = segmented else {
            self.failures += 1;
            return None;
        };
        let mut done = 0;
        for length in lengths {
            let (first, last) = (&letters[done], &letters[done + length - 1]);
            let clean = first.clean.start..last.clean.end;
            let word = &read[done..done + length];
            let gap = if done == 0 { first.gap } else { Gap::Space };
            self.write(vocabulary.writing(word).unwrap_or(word), &clean, gap);
            done += length;
        }
        Some(run)
    }

    /// "my self".
    fn phrase(&mut self, tokens: &Tokens, at: usize, vocabulary: &Vocabulary) -> Option<usize> {
        let first = &tokens.all[at];
        let begins = |words: &[Box<str>]| {
            words.iter().enumerate().all(|(i, word)| {
                let token = tokens.all.get(at + i);
                token.is_some_and(|t| tokens.word(t) == &**word && (i == 0 || t.gap == Gap::Space))
            })
        };
        let phrases = vocabulary.phrases(tokens.word(first));
        let phrase = phrases.iter().find(|phrase| begins(&phrase.words))?;
        let last = &tokens.all[at + phrase.words.len() - 1];
        self.write(&phrase.means, &(first.clean.start..last.clean.end), first.gap);
        Some(phrase.words.len())
    }

    /// "su icide": two pieces that are no words make one that is.
    fn halves(&mut self, tokens: &Tokens, at: usize, vocabulary: &Vocabulary) -> Option<usize> {
        let (first, next) = (&tokens.all[at], tokens.all.get(at + 1)?);
        let (a, b) = (tokens.word(first), tokens.word(next));
        if next.gap != Gap::Space || a.len() + b.len() < SPLIT_WORD || a.len() + b.len() > 16 {
            return None;
        }
        if vocabulary.writing(a).is_some() || vocabulary.writing(b).is_some() {
            return None;
        }
        let whole = vocabulary.writing(&format!("{a}{b}"))?;
        self.write(whole, &(first.clean.start..next.clean.end), first.gap);
        Some(2)
    }

    fn single(&mut self, tokens: &Tokens, token: &Token, vocabulary: &Vocabulary) {
        let word = tokens.word(token);
        if let Some(known) = vocabulary.recognise(word) {
            return self.write(known, &token.clean, token.gap);
        }
        if !word.is_ascii() {
            let latin = latin(word);
            if latin.is_ascii() {
                let known = vocabulary.recognise(&latin).or_else(|| unleeted(&latin, vocabulary));
                let mixed = word.bytes().any(|b| b.is_ascii_alphanumeric());
                return match known.filter(|_| mixed || latin.len() >= 3) {
                    Some(known) => self.write(known, &token.clean, token.gap),
                    None if mixed => self.write(&latin, &token.clean, token.gap),
                    None => self.write(word, &token.clean, token.gap),
                };
            }
        } else if word.bytes().any(|b| !b.is_ascii_lowercase()) {
            if let Some(known) = unleeted(word, vocabulary) {
                return self.write(known, &token.clean, token.gap);
            }
        } else if token.hashtag
            && (HASHTAG..=MOST_LETTERS).contains(&word.len())
            && let Some(lengths) = vocabulary.segment(word)
        {
            return self.hashtag(word, &lengths, token, vocabulary);
        }
        self.write(word, &token.clean, token.gap);
    }

    fn hashtag(&mut self, word: &str, lengths: &[usize], token: &Token, vocabulary: &Vocabulary) {
        let (mut done, mut gap) = (0, token.gap);
        for length in lengths {
            let part = &word[done..done + length];
            self.write(vocabulary.writing(part).unwrap_or(part), &token.clean, gap);
            (done, gap) = (done + length, Gap::Space);
        }
    }

    /// Appends words that stand for a place of the clean text.
    fn write(&mut self, words: &str, clean: &Range<usize>, mut gap: Gap) {
        for word in words.split(' ') {
            if !self.text.is_empty() {
                self.text.push(if gap == Gap::Sentence { '\n' } else { ' ' });
            }
            let start = self.text.len();
            self.text.push_str(word);
            self.words.push(Word { text: start..self.text.len(), clean: clean.clone(), gap });
            gap = Gap::Space;
        }
    }

    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |w| &self.text[w.text.clone()])
    }

    /// The words that hold bytes of `range` of the text; none if it lies between words.
    pub(super) fn words_of(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.words.partition_point(|w| w.text.end <= range.start);
        let end = self.words.partition_point(|w| w.text.start < range.end);
        first..end.max(first)
    }

    /// The place of some words in the clean text.
    pub(super) fn clean(&self, words: &Range<usize>) -> Range<usize> {
        match self.words.get(words.clone()) {
            Some([first, .., last]) => first.clean.start..last.clean.end,
            Some([only]) => only.clean.clone(),
            _ => 0..0,
        }
    }
}

fn unleeted<'a>(word: &str, vocabulary: &'a Vocabulary) -> Option<&'a str> {
    unleet(word).find_map(|candidate| vocabulary.recognise(&candidate))
}
