//! Words typed so that a machine may not know them, written as words that it knows.
//!
//! Models learn from ordinary spelling. "t1r3d", "t i r e d", "tіred" with a Cyrillic letter and "tireeeed" say the
//! same to a person; here they become "tired" before a model reads them. A word is touched only if it is not known
//! as it stands and what it would become is. So nothing is guessed, and what was spelt plainly stays to the letter.
//! Patterns have a reading of their own (`patterns::fold`), with places in the text; this one needs none.

use std::borrow::Cow;

use crate::characters::{LONGEST_DISGUISE, latin, look_alike, unleet};

/// So many letters standing alone may be a word.
const SPACED_LETTERS: usize = 4;
/// So many runs of letters that make no words are looked at: hostile text costs no more than honest.
const MOST_FAILURES: usize = 8;
/// The longest word that is looked for among letters standing alone, and the longest run of them, in letters.
const LONGEST_WORD: usize = 16;
/// The shortest word that is taken out of a run of letters together with others.
const SHORTEST_WORD: usize = 3;

/// `text` with every disguised word that `knows` recognises behind its disguise written out. `knows` is asked for
/// words in lower case; `text` is a clean text ([`Message::clean`](crate::Message::clean)).
pub fn undisguise(text: &str, knows: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let tokens: Vec<&str> = text.split(' ').collect();
    let mut written: Vec<Cow<'_, str>> = Vec::with_capacity(tokens.len());
    let (mut at, mut failures) = (0, 0);
    while let Some(token) = tokens.get(at) {
        let run = if failures < MOST_FAILURES { letters(&tokens[at..]) } else { 0 };
        let words = if run >= SPACED_LETTERS { spaced(&tokens[at..at + run], &knows) } else { None };
        if let Some(words) = words {
            written.extend(words.into_iter().map(Cow::Owned));
            at += run;
        } else {
            failures += usize::from(run >= SPACED_LETTERS);
            written.push(plain(token, &knows));
            at += 1;
        }
    }
    let changed = written.len() != tokens.len() || written.iter().any(|word| matches!(word, Cow::Owned(_)));
    if changed { Cow::Owned(written.join(" ")) } else { Cow::Borrowed(text) }
}

/// How many letters or digits standing alone the tokens begin with.
fn letters(tokens: &[&str]) -> usize {
    let letter = |token: &&&str| token.len() == 1 && token.bytes().all(|b| b.is_ascii_alphanumeric());
    tokens.iter().take(LONGEST_DISGUISE).take_while(letter).count()
}

/// "t i r e d": the words that these letters make. Figures in a row are figures.
fn spaced(letters: &[&str], knows: &impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let typed: String = letters.concat().to_lowercase();
    if !typed.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    std::iter::once(typed.clone()).chain(unleet(&typed)).find_map(|letters| segment(&letters, knows))
}

/// `letters` (ASCII) as the fewest known words of [`SHORTEST_WORD`] letters or more, "i" and "a" and two-letter
/// words only between them.
fn segment(letters: &str, knows: &impl Fn(&str) -> bool) -> Option<Vec<String>> {
    // For every end: what the best way there costs, and where its last word begins. Short words cost more, so that
    // "nothing" is not "no thing".
    let mut best: Vec<Option<(usize, usize)>> = vec![None; letters.len() + 1];
    best[0] = Some((0, 0));
    for end in 1..=letters.len() {
        for start in end.saturating_sub(LONGEST_WORD)..end {
            let Some((before, _)) = best[start] else { continue };
            let word = &letters[start..end];
            let cost = match word.len() {
                1 if word == "i" || word == "a" => 3,
                2 => 3,
                n if n >= SHORTEST_WORD => 2,
                _ => continue,
            };
            let cheaper = best[end].is_none_or(|(cost_now, _)| before + cost < cost_now);
            if cheaper && (word.len() == 1 || knows(word)) {
                best[end] = Some((before + cost, start));
            }
        }
    }
    let (cost, _) = best[letters.len()]?;
    let mut words = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let (_, start) = best[end]?;
        words.push(letters[start..end].to_owned());
        end = start;
    }
    words.reverse();
    // Initials make short words by chance; a word of two letters for each word of three is no sentence.
    (cost <= letters.len()).then_some(words)
}

/// One token of the text: its word written plainly, what surrounds the word as it was.
fn plain<'t>(token: &'t str, knows: &impl Fn(&str) -> bool) -> Cow<'t, str> {
    if token.bytes().all(|b| b.is_ascii_lowercase()) && !drawn_out(token) {
        return Cow::Borrowed(token);
    }
    let edge = |c: char| !c.is_alphanumeric();
    let word = token.trim_matches(edge);
    // A token of several words stays: "w0nt/c4nt".
    if word.len() < 3 || word.len() > LONGEST_DISGUISE {
        return Cow::Borrowed(token);
    }
    let lower = word.to_lowercase();
    let (stem, ending) =
        lower.split_once('\'').map_or((lower.as_str(), ""), |(stem, _)| (stem, &lower[stem.len()..]));
    if knows(stem) {
        return Cow::Borrowed(token);
    }
    match readings(stem).into_iter().find(|reading| knows(reading)) {
        Some(reading) => {
            let at = token.find(word).unwrap_or(0);
            let ending: Cow<'_, str> = unleet_ending(ending);
            Cow::Owned(format!("{}{reading}{ending}{}", &token[..at], &token[at + word.len()..]))
        }
        None => Cow::Borrowed(token),
    }
}

/// What the stem of a word may be, the likeliest first.
fn readings(stem: &str) -> Vec<String> {
    let mut all = Vec::new();
    // A word of one foreign script is a word of that script, and some look-alikes are letters of Latin alphabets: "dø" is
    // Danish and not "do".
    let disguises = |c: char| !matches!(c, 'ø' | 'đ' | 'ł' | 'ı' | 'ə') && look_alike(c).is_some();
    let mixed = stem.chars().any(disguises) && stem.bytes().any(|b| b.is_ascii_alphabetic());
    let latin = if mixed { latin(stem) } else { stem.to_owned() };
    if mixed {
        all.push(latin.clone());
    }
    if latin.is_ascii() && within_a_word(latin.as_bytes()) {
        all.extend(unleet(&latin));
    }
    if drawn_out(&latin) {
        all.extend(shortened(&latin).into_iter().filter(|word| !SELDOM.contains(&word.as_str())));
    }
    all
}

/// "'s", "'ll" with digits for letters.
fn unleet_ending(ending: &str) -> Cow<'_, str> {
    match ending {
        "'5" => "'s".into(),
        "'r3" => "'re".into(),
        "'v3" => "'ve".into(),
        "'1l" | "'l1" | "'11" => "'ll".into(),
        other => other.into(),
    }
}

/// Do the digits stand for letters? Between letters they do ("t1r3d"). At an end they may count something ("5miles",
/// "top5", "1am"), so there it may be one only, and one of those that seldom do.
fn within_a_word(word: &[u8]) -> bool {
    let Some(first) = word.iter().position(u8::is_ascii_alphabetic) else { return false };
    let last = word.iter().rposition(u8::is_ascii_alphabetic).unwrap_or(first);
    let inside = word[first..=last].iter().any(|b| !b.is_ascii_alphabetic());
    let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let at_end = |digits: &[u8], allowed: &[u8]| match digits {
        [] => true,
        [digit] => allowed.contains(digit) && letters >= 2,
        _ => false,
    };
    inside || (at_end(&word[..first], b"04") && at_end(&word[last + 1..], b"03"))
}

/// A letter three times in a row, as the clean text has every longer run of them.
fn drawn_out(word: &str) -> bool {
    word.as_bytes().windows(3).any(|w| w[0].is_ascii_alphabetic() && w[0] == w[1] && w[1] == w[2])
}

/// Known words that a drawn-out "so", "go", "he" or "the" is not.
const SELDOM: [&str; 11] = ["soo", "goo", "doo", "bee", "hee", "wee", "thee", "uss", "iss", "herr", "inn"];

/// The word with each of its drawn-out letters twice or once: "goood" is "good" rather than "god".
fn shortened(word: &str) -> [String; 2] {
    [2, 1].map(|most| {
        let mut out = String::with_capacity(word.len());
        let mut letters = word.chars().peekable();
        while let Some(letter) = letters.next() {
            let mut run = 1;
            while letters.next_if_eq(&letter).is_some() {
                run += 1;
            }
            let kept = if run >= 3 { most } else { run };
            out.extend(std::iter::repeat_n(letter, kept));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 36] = [
        "god", "ned", "need", "son", "soo", "do", "he", "hee", "too", "am", "so", "tired", "and", "alone",
        "can", "don", "kill", "myself", "good", "of", "it", "sam", "smiles", "forms", "to", "nothing", "no",
        "thing", "be", "here", "want", "this", "is", "over", "die", "bus",
    ];

    fn read(text: &str) -> String {
        undisguise(text, |word| KNOWN.contains(&word)).into_owned()
    }

    #[test]
    fn a_word_behind_digits_letters_of_other_scripts_spaces_or_length_is_read() {
        for (typed, meant) in [
            ("i am s0 t1r3d", "i am s0 tired"),
            ("4l0n3 4nd t1red", "alone and tired"),
            ("K1LL", "kill"),
            ("\"k1ll\", mys3lf!", "\"kill\", myself!"),
            ("c4n't d0n't", "can't don't"),
            ("tіred", "tired"),
            ("so tireeed", "so tired"),
            ("goood", "good"),
            ("i neeed to", "i need to"),
            ("sooo tooo heee", "so too he"),
            ("so t i r e d of it", "so tired of it"),
            ("k i l l m y s e l f", "kill myself"),
            ("0ver h3re", "over here"),
        ] {
            assert_eq!(read(typed), meant, "{typed}");
        }
    }

    #[test]
    fn figures_names_initials_and_unknown_words_stay() {
        for text in [
            "be here at 5am, it is 5miles",
            "forms, form5 of 1500",
            "lvl99 mp3 h2o gr8 b4",
            "a b c d",
            "u s b c",
            "привет я устал",
            "jeg vil dø",
            "5 4 3 2 1",
            "yesss",
            "!!! ... 1337",
            "https://example.org/a1b",
            "Tired OF it",
            "",
            "  ",
            "t1r3dd",
        ] {
            assert_eq!(read(text), text);
        }
    }

    #[test]
    fn a_plain_text_is_not_copied() {
        assert!(matches!(
            undisguise("so tired of this, Sam", |word| KNOWN.contains(&word)),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn letters_that_make_no_words_cost_no_more_the_more_there_are() {
        let asked = std::cell::Cell::new(0_usize);
        let knows = |_: &str| {
            asked.set(asked.get() + 1);
            false
        };
        undisguise(&"a i 1 a ".repeat(4000), knows);
        assert!(asked.get() < 150_000, "{}", asked.get());
    }

    proptest! {
        #[test]
        fn nothing_is_changed_where_no_word_is_known_and_everything_known_stays(text in "\\PC{0,60}") {
            prop_assert_eq!(undisguise(&text, |_| false), text.as_str());
            let all = undisguise(&text, |word| word.len() > 3);
            prop_assert_eq!(undisguise(&all, |word| word.len() > 3), all.as_ref());
        }
    }
}
