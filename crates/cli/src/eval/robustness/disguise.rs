//! Twelve ways in which the same message could have been typed.
//!
//! None of them changes what is meant, and each is the kind of thing that people do, or that somebody does who does
//! not want to be found by a list of words. Links, mentions and emoji names stay as they are.

use ash_analysis::evaluate::SplitMix;

use super::words::{every_word, longest_word, some_words};

/// A way to type a message otherwise.
pub(super) struct Disguise {
    pub(super) name: &'static str,
    pub(super) write: fn(&str, &mut SplitMix) -> String,
}

/// All of them.
pub(super) const DISGUISES: [Disguise; 12] = [
    Disguise { name: "typos", write: typos },
    Disguise { name: "no punctuation", write: |text, _| no_punctuation(text) },
    Disguise { name: "upper case", write: |text, _| every_word(text, str::to_uppercase) },
    Disguise { name: "alternating case", write: |text, _| every_word(text, alternating) },
    Disguise { name: "leetspeak", write: leet },
    Disguise { name: "zero-width", write: zero_width },
    Disguise { name: "spaced letters", write: |text, _| longest_word(text, 4, spaced) },
    Disguise { name: "elongation", write: elongation },
    Disguise { name: "emoji", write: emoji },
    Disguise { name: "politeness", write: politeness },
    Disguise { name: "small talk before", write: small_talk_before },
    Disguise { name: "small talk after", write: small_talk_after },
];

/// In every fifth word of four letters or more, and in one at least: two neighbours change places, a letter is
/// missing, or it is there twice. The first and the last letter stay, as they mostly do.
fn typos(text: &str, random: &mut SplitMix) -> String {
    some_words(text, 4, 5, random, |word, random| {
        let mut letters: Vec<char> = word.chars().collect();
        let at = 1 + random.below(letters.len() - 2);
        match random.below(3) {
            0 if at + 2 < letters.len() => letters.swap(at, at + 1),
            1 => drop(letters.remove(at)),
            _ => letters.insert(at, letters[at]),
        }
        letters.into_iter().collect()
    })
}

/// Without commas, stops and apostrophes.
fn no_punctuation(text: &str) -> String {
    every_word(text, |word| word.replace(['\'', '’'], ""))
        .split(' ')
        .map(|token| token.trim_end_matches(['.', ',', ';', ':', '!', '?', '…']))
        .collect::<Vec<_>>()
        .join(" ")
}

fn alternating(word: &str) -> String {
    let cased = |(at, c): (usize, char)| -> String {
        if at % 2 == 0 { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
    };
    word.chars().enumerate().map(cased).collect()
}

/// In every second word of three letters or more, and in one at least, the vowels are digits.
fn leet(text: &str, random: &mut SplitMix) -> String {
    let digit = |c: char| match c {
        'a' | 'A' => '4',
        'e' | 'E' => '3',
        'i' | 'I' => '1',
        'o' | 'O' => '0',
        other => other,
    };
    some_words(text, 3, 2, random, |word, _| word.chars().map(digit).collect())
}

/// In every second word of three letters or more, and in one at least, a character that nobody sees.
fn zero_width(text: &str, random: &mut SplitMix) -> String {
    some_words(text, 3, 2, random, |word, random| {
        let mut letters: Vec<char> = word.chars().collect();
        let at = 1 + random.below(letters.len() - 1);
        letters.insert(at, ['\u{200B}', '\u{200C}', '\u{2060}'][random.below(3)]);
        letters.into_iter().collect()
    })
}

fn spaced(word: &str) -> String {
    word.chars().map(String::from).collect::<Vec<_>>().join(" ")
}

/// In every fifth word of three letters or more, and in one at least, the last vowel is drawn out.
fn elongation(text: &str, random: &mut SplitMix) -> String {
    some_words(text, 3, 5, random, |word, random| {
        let Some(at) = word.rfind(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) else {
            return word.to_owned();
        };
        let (before, vowel, after) = (&word[..at], &word[at..=at], &word[at + 1..]);
        format!("{before}{}{after}", vowel.repeat(3 + random.below(3)))
    })
}

/// One after a word, one at the end; none that laughs or cries.
fn emoji(text: &str, random: &mut SplitMix) -> String {
    const EMOJI: [&str; 8] = ["✨", "🌙", "☕", "🎧", "🍃", "👀", "🐈", "🌧️"];
    let last = EMOJI[random.below(EMOJI.len())];
    let mut words: Vec<&str> = text.split(' ').collect();
    words.insert(1 + random.below(words.len()), EMOJI[random.below(EMOJI.len())]);
    format!("{} {last}", words.join(" "))
}

fn politeness(text: &str, random: &mut SplitMix) -> String {
    const BEFORE: [&str; 4] =
        ["sorry to bother you all, ", "hi, hope this is ok to say here: ", "excuse me, ", "if i may, "];
    const AFTER: [&str; 4] = [", thank you for reading", ", sorry again", ", thanks", ", much appreciated"];
    let (before, after) = (BEFORE[random.below(BEFORE.len())], AFTER[random.below(AFTER.len())]);
    format!("{before}{text}{after}")
}

fn small_talk_before(text: &str, random: &mut SplitMix) -> String {
    const TALK: [&str; 6] = [
        "hey all, back from the shop.",
        "good evening everyone, it is raining here again.",
        "so the new update is out, took an hour to download.",
        "morning! just made coffee.",
        "ok the train is late as always.",
        "hi, finally fixed my microphone.",
    ];
    format!("{} {text}", TALK[random.below(TALK.len())])
}

fn small_talk_after(text: &str, random: &mut SplitMix) -> String {
    const TALK: [&str; 6] = [
        "anyway, how was everyone's day",
        "also did anyone see the match yesterday",
        "btw the stream starts at eight",
        "and it is raining here again",
        "anyway what are you all having for dinner",
        "also my new keyboard arrived",
    ];
    format!("{text}. {}", TALK[random.below(TALK.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> String {
        let disguise = DISGUISES.iter().find(|d| d.name == name).expect("a disguise");
        (disguise.write)(text, &mut SplitMix::named("A1"))
    }

    /// Letters and digits only, digits read as the vowels they stand for.
    fn bare(text: &str) -> String {
        let read = |c: char| match c {
            '4' => 'a',
            '3' => 'e',
            '1' => 'i',
            '0' => 'o',
            other => other,
        };
        text.to_lowercase().chars().map(read).filter(|c| c.is_alphabetic()).collect()
    }

    const TEXT: &str = "Honestly, everything here feels pointless and i'm so tired today.";

    #[test]
    fn every_disguise_changes_the_text_and_is_the_same_on_every_run() {
        for disguise in &DISGUISES {
            assert_ne!(written(disguise.name, TEXT), TEXT, "{}", disguise.name);
            assert_eq!(written(disguise.name, TEXT), written(disguise.name, TEXT), "{}", disguise.name);
        }
    }

    #[test]
    fn what_only_changes_the_looks_keeps_every_letter() {
        for name in [
            "no punctuation",
            "upper case",
            "alternating case",
            "leetspeak",
            "zero-width",
            "spaced letters",
            "emoji",
        ] {
            assert_eq!(bare(&written(name, TEXT)), bare(TEXT), "{name}");
        }
    }

    #[test]
    fn what_is_added_leaves_the_message_whole() {
        for name in ["politeness", "small talk before", "small talk after"] {
            assert!(written(name, TEXT).contains(TEXT), "{name}");
        }
    }

    #[test]
    fn each_way_of_typing_is_what_its_name_says() {
        assert_eq!(written("upper case", "i am here, ok?"), "I AM HERE, OK?");
        assert_eq!(written("alternating case", "Here again"), "hErE aGaIn");
        assert_eq!(written("no punctuation", "i can't, ok? ..."), "i cant ok ");
        assert_eq!(written("leetspeak", "tired"), "t1r3d");
        assert_eq!(written("spaced letters", "so tired now"), "so t i r e d now");
        assert!(written("elongation", "tired").starts_with("tireee"));
        assert_eq!(written("zero-width", "tired").chars().count(), 6);
        assert_ne!(written("typos", "tired"), "tired");
    }

    #[test]
    fn links_mentions_and_emoji_names_stay() {
        let text = "look <@123456> at https://example.org/deadline :sadcat: #general";
        for name in ["typos", "upper case", "leetspeak", "zero-width", "spaced letters", "elongation"] {
            let written = written(name, text);
            for kept in ["<@123456>", "https://example.org/deadline", ":sadcat:", "#general"] {
                assert!(written.contains(kept), "{name} changes {kept}");
            }
        }
    }

    #[test]
    fn odd_texts_are_no_problem() {
        for text in ["", " ", "é", "...", "日本語 ありがとう", "a  b", "🐈🐈🐈🐈🐈", "ßßßß", "İİİİ i̇"]
        {
            for disguise in &DISGUISES {
                for seed in 0..5 {
                    let _ = (disguise.write)(text, &mut SplitMix::new(seed));
                }
            }
        }
    }
}
