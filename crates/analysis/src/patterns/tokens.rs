//! The words of a clean text, each with its place and with what stands before it.

use std::ops::Range;

use super::vocabulary::Vocabulary;
use crate::characters::{
    LONGEST_DISGUISE, framed, is_leet_symbol, is_ornament, is_picture, push_bare, unleet,
};

/// What separates a word from the one before it; the greater the further apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing that means anything.
    Space,
    /// A comma, a dash, a bracket: the thought may change.
    Clause,
    /// A full stop, an exclamation or question mark, a line end.
    Sentence,
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// In [`Tokens::text`].
    pub(super) text: Range<usize>,
    /// In the clean text.
    pub(super) clean: Range<usize>,
    /// What stands before it.
    pub(super) gap: Gap,
    /// A `#` stands before it.
    pub(super) hashtag: bool,
}

/// A quotation mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// In the clean text.
    pub(super) at: usize,
    /// `"` or `'`; `«` and `»` are `"`.
    pub(super) kind: char,
    /// Nothing stands before it that a quotation could end with.
    pub(super) opens: bool,
    /// Something stands before it, and no word begins after it.
    pub(super) closes: bool,
}

/// All words of a text: lower case, without accents and apostrophes.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) text: String,
    pub(super) all: Vec<Token>,
    pub(super) marks: Vec<Mark>,
}

impl Tokens {
    /// The words of `clean`. `breaks` tells whether the white space at a place was a line end.
    pub(super) fn new(clean: &str, vocabulary: &Vocabulary, breaks: impl Fn(usize) -> bool) -> Self {
        let mut tokens = Tokens::default();
        tokens.text.reserve(clean.len());
        Scanner { clean, vocabulary, tokens: &mut tokens, gap: Gap::Space }.run(breaks);
        tokens
    }

    pub(super) fn word(&self, token: &Token) -> &str {
        &self.text[token.text.clone()]
    }
}

struct Scanner<'a> {
    clean: &'a str,
    vocabulary: &'a Vocabulary,
    tokens: &'a mut Tokens,
    /// The greatest since the last word.
    gap: Gap,
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (!c.is_ascii() && (c.is_alphanumeric() || is_ornament(c) || framed(c).is_some() || is_mark(c)))
}

/// A combining mark of a script in which it is a letter.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

impl Scanner<'_> {
    fn run(&mut self, breaks: impl Fn(usize) -> bool) {
        let mut at = 0;
        while let Some(c) = self.clean[at..].chars().next() {
            let end = at + c.len_utf8();
            if is_ornament(c) {
                at = end;
            } else if is_letter(c) || (matches!(c, '@' | '$') && self.begins_word(at, end)) {
                at = self.word(at);
            } else if is_picture(c) {
                self.picture(c, at..end);
                at = end;
            } else {
                let gap =
                    if c.is_whitespace() && breaks(at) { Gap::Sentence } else { self.separator(c, at, end) };
                self.gap = self.gap.max(gap);
                at = end;
            }
        }
    }

    fn before(&self, at: usize) -> Option<char> {
        self.clean[..at].chars().next_back()
    }

    fn after(&self, end: usize) -> Option<char> {
        self.clean[end..].chars().next()
    }

    fn begins_word(&self, at: usize, end: usize) -> bool {
        !self.before(at).is_some_and(is_letter) && self.after(end).is_some_and(is_letter)
    }

    /// Reads the word that begins at `at` and returns where it ends: with symbols for letters if it is known so.
    fn word(&mut self, at: usize) -> usize {
        let (end, symbols) = self.letters(at, true);
        if symbols && self.disguised(at..end) {
            return end;
        }
        match self.clean[at..].chars().next() {
            Some('@') => return self.mention(at),
            Some('$') => return at + 1,
            _ => {}
        }
        let (end, _) = self.letters(at, false);
        let text = self.tokens.text.len();
        self.spell(at..end);
        if self.tagged(at, text) {
            self.tokens.text.insert(text, '/');
        }
        self.token(text, at..end);
        end
    }

    /// Takes a range with symbols among its letters as one word, if a known one is behind it.
    fn disguised(&mut self, range: Range<usize>) -> bool {
        let text = self.tokens.text.len();
        self.spell(range.clone());
        let word = &self.tokens.text[text..];
        let known = self.vocabulary.spelled(word).is_some()
            || unleet(word).any(|candidate| self.vocabulary.recognise(&candidate).is_some());
        if known {
            self.token(text, range);
        } else {
            self.tokens.text.truncate(text);
        }
        known
    }

    /// "/j", "/srs": a tone tag that the spellings know.
    fn tagged(&self, at: usize, text: usize) -> bool {
        let Some(before) = self.clean[..at].strip_suffix('/') else { return false };
        (before.is_empty() || before.ends_with(' '))
            && self.vocabulary.spelled(&format!("/{}", &self.tokens.text[text..])).is_some()
    }

    /// A name after `@` is no word; all of a channel is everyone.
    fn mention(&mut self, at: usize) -> usize {
        let (end, _) = self.letters(at + 1, false);
        let text = self.tokens.text.len();
        self.spell(at..end);
        if matches!(&self.tokens.text[text..], "@everyone" | "@here") {
            self.tokens.text.replace_range(text.., "everyone");
        }
        self.token(text, at..end);
        end
    }

    /// Where the letters from `at` end, and whether symbols are among them; with symbols no further than any
    /// disguised word is long.
    fn letters(&self, at: usize, with_symbols: bool) -> (usize, bool) {
        let mut end = at;
        let mut symbols = false;
        for (i, c) in self.clean[at..].char_indices() {
            if with_symbols && i > LONGEST_DISGUISE {
                return (end, false);
            }
            let next = at + i + c.len_utf8();
            let inside = || self.after(next).is_some_and(|c| is_letter(c) || (with_symbols && c == '*'));
            let apostrophe = c == '\'' && i > 0 && inside();
            if is_letter(c) {
                end = next;
            } else if with_symbols && is_leet_symbol(c) && inside() {
                symbols = true;
            } else if !apostrophe {
                break;
            }
        }
        (end, symbols)
    }

    /// Appends the bare letters of a range.
    fn spell(&mut self, range: Range<usize>) {
        for c in self.clean[range].chars().filter(|&c| c != '\'') {
            push_bare(c, &mut self.tokens.text);
        }
    }

    fn token(&mut self, text: usize, clean: Range<usize>) {
        if self.tokens.text.len() == text {
            return;
        }
        let hashtag = self.clean[..clean.start].ends_with('#');
        let mut token = Token { text: text..self.tokens.text.len(), clean, gap: self.gap, hashtag };
        self.gap = Gap::Space;
        if let Some(stutter) =
            self.tokens.all.pop_if(|last| stutters(last, &token, self.clean, &self.tokens.text))
        {
            token.clean.start = stutter.clean.start;
            token.gap = stutter.gap;
        }
        self.tokens.all.push(token);
    }

    fn picture(&mut self, c: char, clean: Range<usize>) {
        let text = self.tokens.text.len();
        self.tokens.text.push(c);
        let twice = self.tokens.all.last().is_some_and(|last| {
            last.clean.end == clean.start && self.tokens.text[last.text.clone()] == self.tokens.text[text..]
        });
        if twice {
            self.tokens.text.truncate(text);
        } else {
            let token = Token { text: text..self.tokens.text.len(), clean, gap: self.gap, hashtag: false };
            self.tokens.all.push(token);
            self.gap = Gap::Space;
        }
    }

    fn separator(&mut self, c: char, at: usize, end: usize) -> Gap {
        let (before, after) = (self.before(at), self.after(end));
        let space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        match c {
            '"' | '\'' | '«' | '»' => {
                let kind = if c == '\'' { '\'' } else { '"' };
                let opening =
                    |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || "([{:,-—*_~".contains(c));
                let opens = c == '«' || (opening(before) && !space(after));
                let closes = c == '»' || (!space(before) && !after.is_some_and(is_letter));
                self.tokens.marks.push(Mark { at, kind, opens, closes });
                if kind == '"' { Gap::Clause } else { Gap::Space }
            }
            '.' if after == Some('.') || before == Some('.') => Gap::Clause,
            '.' | ',' | ':' if [before, after].iter().all(|c| c.is_some_and(|c| c.is_ascii_digit())) => {
                Gap::Space
            }
            '.' | '!' | '?' | '。' => Gap::Sentence,
            ',' | ';' | ':' | '(' | ')' | '[' | ']' | '{' | '}' | '–' | '—' | '、' => Gap::Clause,
            '-' if space(before) || space(after) || before == Some('-') || after == Some('-') => Gap::Clause,
            _ => Gap::Space,
        }
    }
}

/// "i-i want", "s-sorry": the beginning of a word, and then the word.
fn stutters(first: &Token, next: &Token, clean: &str, text: &str) -> bool {
    let (begun, word) = (&text[first.text.clone()], &text[next.text.clone()]);
    first.clean.end + 1 == next.clean.start
        && clean.as_bytes()[first.clean.end] == b'-'
        && begun.len() <= 2
        && word.starts_with(begun)
        && (word.len() > begun.len() || word == "i")
}
