//! Ten ways in which the same message could have been typed.

/// A way to type a message otherwise; `write` takes the text and a seed.
pub(super) struct Disguise {
    pub(super) name: &'static str,
    pub(super) write: fn(&str, u64) -> String,
}

/// All of them.
pub(super) const DISGUISES: [Disguise; 10] = [
    Disguise { name: "typos", write: typos },
    Disguise { name: "no punctuation", write: no_punctuation },
    Disguise { name: "upper case", write: |text, _| text.to_uppercase() },
    Disguise { name: "alternating case", write: alternating },
    Disguise { name: "leetspeak", write: leet },
    Disguise { name: "zero-width", write: zero_width },
    Disguise { name: "elongation", write: elongation },
    Disguise {
        name: "emoji",
        write: |text, seed| format!("{text} {}", pick(seed, &["🙂", "✨", "🐈", "🫠", "💜"])),
    },
    Disguise { name: "politeness", write: politeness },
    Disguise { name: "small talk", write: small_talk },
];

fn pick<'a>(seed: u64, of: &[&'a str]) -> &'a str {
    of[below(seed, of.len())]
}

/// A number below `n`; one step of `SplitMix64`, which spreads neighbouring seeds.
#[expect(clippy::cast_possible_truncation, reason = "below `n`")]
fn below(seed: u64, n: usize) -> usize {
    let z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((z ^ (z >> 27)) % n as u64) as usize
}

/// In every fourth word of four letters or more, two neighbouring letters change places.
fn typos(text: &str, seed: u64) -> String {
    words(text, |at, word| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() >= 4 && (at as u64 + seed).is_multiple_of(4) {
            let i = 1 + below(seed + at as u64, letters.len() - 3);
            letters.swap(i, i + 1);
        }
        letters.into_iter().collect()
    })
}

fn no_punctuation(text: &str, _: u64) -> String {
    let bare: String =
        text.chars().filter(|c| !matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’')).collect();
    if bare.trim().is_empty() { text.to_owned() } else { bare }
}

fn alternating(text: &str, _: u64) -> String {
    text.chars()
        .enumerate()
        .flat_map(|(i, c)| {
            if i.is_multiple_of(2) {
                c.to_lowercase().collect::<Vec<_>>()
            } else {
                c.to_uppercase().collect()
            }
        })
        .collect()
}

/// In every third word of four letters or more, one vowel is written as a digit.
fn leet(text: &str, seed: u64) -> String {
    words(text, |at, word| {
        if word.chars().count() < 4 || !(at as u64 + seed).is_multiple_of(3) {
            return word.to_owned();
        }
        let digits = [('e', "3"), ('i', "1"), ('o', "0"), ('a', "4")];
        digits
            .iter()
            .find(|(c, _)| word.contains(*c))
            .map_or_else(|| word.to_owned(), |(c, d)| word.replacen(*c, d, 1))
    })
}

fn zero_width(text: &str, seed: u64) -> String {
    words(text, |at, word| {
        let middle = word.char_indices().nth(word.chars().count() / 2).map_or(0, |(i, _)| i);
        if (at as u64 + seed).is_multiple_of(2) && middle > 0 {
            format!("{}\u{200B}{}", &word[..middle], &word[middle..])
        } else {
            word.to_owned()
        }
    })
}

/// The last vowel of the last word with one is drawn out.
fn elongation(text: &str, _: u64) -> String {
    match text.rfind(['a', 'e', 'i', 'o', 'u']) {
        Some(at) => format!("{}{}", &text[..=at], text[at..=at].repeat(4)) + &text[at + 1..],
        None => text.to_owned(),
    }
}

fn politeness(text: &str, seed: u64) -> String {
    let before =
        pick(seed, &["sorry to bother you all, ", "hi, hope this is ok to say here: ", "excuse me, "]);
    let after = pick(seed + 1, &[" thank you for reading", " sorry again", " thanks"]);
    format!("{before}{text}{after}")
}

fn small_talk(text: &str, seed: u64) -> String {
    let talk =
        pick(seed, &["hey all", "good evening everyone", "back from the shop", "so it is raining here"]);
    if seed.is_multiple_of(2) { format!("{talk}. {text}") } else { format!("{text} ... anyway, {talk}") }
}

/// Rewrites every word with its number; the spaces between stay.
fn words(text: &str, rewrite: impl Fn(usize, &str) -> String) -> String {
    text.split(' ').enumerate().map(|(at, word)| rewrite(at, word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_changes_some_text_and_is_the_same_on_every_run() {
        let text = "honestly, everything here feels pointless and tired today";
        for disguise in &DISGUISES {
            let seeds = 0..6;
            assert!(seeds.clone().any(|seed| (disguise.write)(text, seed) != text), "{}", disguise.name);
            for seed in seeds {
                assert_eq!((disguise.write)(text, seed), (disguise.write)(text, seed));
            }
        }
    }

    #[test]
    fn odd_texts_are_no_problem() {
        for text in ["", " ", "é", "...", "日本語 ありがとう", "a  b", "🐈🐈🐈🐈🐈"] {
            for disguise in &DISGUISES {
                for seed in 0..5 {
                    let _ = (disguise.write)(text, seed);
                }
            }
        }
    }
}
