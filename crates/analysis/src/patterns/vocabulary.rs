//! The words that patterns are made of, and the ways in which chat writes them.
//!
//! A disguise is undone only if a word of this vocabulary comes out: nothing else could be matched, and
//! everything else stays as it was written.

use std::collections::HashMap;

use super::draft::SpellingsDraft;

/// Words of patterns and spellings.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    known: HashMap<Box<str>, Known>,
    /// By what is left of a word when each run of a letter is cut to one.
    stretched: HashMap<Box<str>, Vec<Box<str>>>,
    phrases: HashMap<Box<str>, Vec<Phrase>>,
}

#[derive(Debug, Clone)]
enum Known {
    Word,
    Spelled(Box<str>),
}

/// Several words that are written for others: "my self".
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    pub(super) words: Vec<Box<str>>,
    pub(super) means: Box<str>,
}

/// The longest word that is looked for in letters without spaces.
const LONGEST: usize = 16;

impl Vocabulary {
    /// The spellings of `draft` and the words of `words`.
    pub(super) fn new<'a>(draft: &'a SpellingsDraft, words: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for (typed, means) in &draft.words {
            let parts: Vec<Box<str>> = typed.split(' ').map(Box::from).collect();
            if parts.len() == 1 {
                all.known.insert(typed.as_str().into(), Known::Spelled(means.as_str().into()));
            } else {
                let phrase = Phrase { words: parts, means: means.as_str().into() };
                all.phrases.entry(phrase.words[0].clone()).or_default().push(phrase);
            }
        }
        for phrases in all.phrases.values_mut() {
            phrases.sort_by_key(|p| std::cmp::Reverse(p.words.len()));
        }
        let meant = draft.words.values().flat_map(|means| means.split(' '));
        let parts = draft.words.keys().flat_map(|typed| typed.split(' '));
        for word in words.chain(meant).chain(parts).chain(draft.typos_of.iter().map(String::as_str)) {
            all.known.entry(word.into()).or_insert(Known::Word);
        }
        for word in &draft.typos_of {
            for slip in slips(word) {
                all.known.entry(slip.into()).or_insert_with(|| Known::Spelled(word.as_str().into()));
            }
        }
        for word in all.known.keys() {
            all.stretched.entry(skeleton(word).into()).or_default().push(word.clone());
        }
        for words in all.stretched.values_mut() {
            // The longest first: "offf" is "off" rather than "of".
            words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
        all
    }

    /// What is to be written for `word`: itself, or what it is a spelling of. None if it is not known.
    pub(super) fn writing(&self, word: &str) -> Option<&str> {
        let (word, known) = self.known.get_key_value(word)?;
        Some(match known {
            Known::Word => word,
            Known::Spelled(means) => means,
        })
    }

    /// What `word` is a spelling of.
    pub(super) fn spelled(&self, word: &str) -> Option<&str> {
        match self.known.get(word)? {
            Known::Word => None,
            Known::Spelled(means) => Some(means),
        }
    }

    /// What is to be written for a word that may be stretched or end in "-in" for "-ing".
    pub(super) fn recognise(&self, word: &str) -> Option<&str> {
        if let Some(writing) = self.writing(word) {
            return Some(writing);
        }
        if has_run(word, 3) {
            let candidates = self.stretched.get(skeleton(word).as_str())?;
            let original = candidates.iter().find(|c| is_stretch(word, c))?;
            return self.writing(original);
        }
        let stem = word.strip_suffix("in").filter(|stem| stem.len() >= 3)?;
        self.known.get_key_value(format!("{stem}ing").as_str()).map(|(word, _)| &**word)
    }

    /// The phrases that begin with `word`, the longest first.
    pub(super) fn phrases(&self, word: &str) -> &[Phrase] {
        self.phrases.get(word).map_or(&[], Vec::as_slice)
    }

    /// The fewest known words that `letters` are made of, as lengths in bytes. A word of one letter must be "i", "a" or
    /// a spelling; one of the words must have three letters or be a spelling.
    pub(super) fn segment(&self, letters: &str) -> Option<Vec<usize>> {
        if !letters.is_ascii() {
            return None;
        }
        // best[i]: words in the first i letters, and the length of the last one.
        let mut best: Vec<Option<(usize, usize)>> = vec![None; letters.len() + 1];
        best[0] = Some((0, 0));
        for end in 1..=letters.len() {
            for length in 1..=end.min(LONGEST) {
                let Some((count, _)) = best[end - length] else { continue };
                let word = &letters[end - length..end];
                let fits = match length {
                    1 => matches!(word, "i" | "a") || self.spelled(word).is_some(),
                    _ => self.writing(word).is_some(),
                };
                if fits && best[end].is_none_or(|(n, _)| count + 1 < n) {
                    best[end] = Some((count + 1, length));
                }
            }
        }
        let mut lengths = Vec::new();
        let mut end = letters.len();
        while end > 0 {
            let (_, length) = best[end]?;
            lengths.push(length);
            end -= length;
        }
        lengths.reverse();
        let says_something = lengths.iter().any(|&l| l >= 3);
        says_something.then_some(lengths)
    }
}

/// `word` has the same letter `n` times in a row.
fn has_run(word: &str, n: usize) -> bool {
    word.as_bytes().windows(n).any(|w| w[0].is_ascii_alphabetic() && w.iter().all(|&b| b == w[0]))
}

/// Each run of a letter cut to one.
fn skeleton(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// `word`, of the same skeleton, has no run shorter than `of` has.
fn is_stretch(word: &str, of: &str) -> bool {
    let (word, of) = (runs(word), runs(of));
    word.len() == of.len() && word.iter().zip(&of).all(|(a, b)| a >= b)
}

fn runs(word: &str) -> Vec<usize> {
    let mut last = None;
    let mut runs = Vec::new();
    for c in word.chars() {
        match runs.last_mut() {
            Some(n) if last == Some(c) => *n += 1,
            _ => runs.push(1),
        }
        last = Some(c);
    }
    runs
}

/// `word` with two neighbours swapped, one letter left out or one doubled.
fn slips(word: &str) -> Vec<String> {
    if !word.is_ascii() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for i in 0..word.len() {
        let (head, tail) = word.split_at(i);
        let (letter, rest) = tail.split_at(1);
        all.push(format!("{head}{rest}"));
        all.push(format!("{head}{letter}{tail}"));
        if let Some(next) = rest.get(..1) {
            all.push(format!("{head}{next}{letter}{}", &rest[1..]));
        }
    }
    all.retain(|slip| slip != word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = [("u", "you"), ("kms", "kill myself"), ("plz", "please")];
        let draft = SpellingsDraft {
            words: words.map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            typos_of: vec!["suicide".to_owned()],
            ..SpellingsDraft::default()
        };
        let words = ["i", "want", "to", "die", "kill", "myself", "off", "of", "thinking"];
        Vocabulary::new(&draft, words.into_iter())
    }

    #[test]
    fn stretched_and_slipped_words_are_recognised() {
        let v = vocabulary();
        for (typed, read) in [
            ("die", Some("die")),
            ("diiie", Some("die")),
            ("killl", Some("kill")),
            ("offf", Some("off")),
            ("ooof", Some("of")),
            ("plzzz", Some("please")),
            ("sucide", Some("suicide")),
            ("suicdie", Some("suicide")),
            ("thinkin", Some("thinking")),
            ("diie", None),
            ("dye", None),
        ] {
            assert_eq!(v.recognise(typed), read, "{typed}");
        }
    }

    #[test]
    fn letters_without_spaces_are_the_fewest_words() {
        let v = vocabulary();
        assert_eq!(v.segment("iwanttodie"), Some(vec![1, 4, 2, 3]));
        assert_eq!(v.segment("killmyself"), Some(vec![4, 6]));
        assert_eq!(v.segment("kms"), Some(vec![3]));
        assert_eq!(v.segment("abc"), None);
        assert_eq!(v.segment("iiu"), None, "no word among them");
    }
}
