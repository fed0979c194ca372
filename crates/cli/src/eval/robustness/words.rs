//! The words of a message, rewritten in their place.

use ash_analysis::evaluate::SplitMix;

/// A piece of a text: words are rewritten, everything else stays as it is.
enum Piece<'a> {
    Word(&'a str),
    Rest(&'a str),
}

/// Rewrites every word.
pub(super) fn every_word(text: &str, rewrite: impl Fn(&str) -> String) -> String {
    rewritten(text, |_, word| rewrite(word))
}

/// Rewrites the longest word (of equals, the first) if it has at least `letters` letters.
pub(super) fn longest_word(text: &str, letters: usize, rewrite: impl Fn(&str) -> String) -> String {
    let long = eligible(text, letters);
    let longest = long.iter().copied().rev().max_by_key(|&(_, letters)| letters).map(|(at, _)| at);
    rewritten(text, |at, word| if Some(at) == longest { rewrite(word) } else { word.to_owned() })
}

/// Rewrites one in `every` words of at least `letters` letters, drawn by chance, and one at least.
pub(super) fn some_words(
    text: &str,
    letters: usize,
    every: usize,
    random: &mut SplitMix,
    mut rewrite: impl FnMut(&str, &mut SplitMix) -> String,
) -> String {
    let mut drawn: Vec<usize> = eligible(text, letters).into_iter().map(|(at, _)| at).collect();
    let surely = drawn.get(random.below(drawn.len())).copied();
    drawn.retain(|&at| random.below(every) == 0 || Some(at) == surely);
    rewritten(text, |at, word| if drawn.contains(&at) { rewrite(word, random) } else { word.to_owned() })
}

/// The numbers of the words with at least `letters` letters, and how many they have.
fn eligible(text: &str, letters: usize) -> Vec<(usize, usize)> {
    let words = pieces(text).filter_map(|piece| match piece {
        Piece::Word(word) => Some(word.chars().count()),
        Piece::Rest(_) => None,
    });
    words.enumerate().filter(|&(_, n)| n >= letters).collect()
}

/// `rewrite` gets the number of each word and the word.
fn rewritten(text: &str, mut rewrite: impl FnMut(usize, &str) -> String) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len() + 16), 0);
    for piece in pieces(text) {
        match piece {
            Piece::Rest(rest) => out.push_str(rest),
            Piece::Word(word) => {
                out.push_str(&rewrite(at, word));
                at += 1;
            }
        }
    }
    out
}

/// Words with what stands around them. What is written with markup or digits (links, mentions, emoji names, "m8") is
/// no word: it would mean something else if it were rewritten.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.split_inclusive(char::is_whitespace).flat_map(|token| {
        let special = |c: char| c.is_ascii_digit() || matches!(c, '<' | '>' | '@' | '#' | '/' | '`' | '\\');
        let core = token.trim_matches(|c: char| !c.is_alphabetic());
        // ":name:", but not "here:".
        if core.is_empty() || token.contains(special) || token.matches(':').count() > 1 {
            return [Piece::Rest(token), Piece::Rest(""), Piece::Rest("")];
        }
        let start = token.find(char::is_alphabetic).unwrap_or(0);
        let (before, rest) = token.split_at(start);
        let (core, after) = rest.split_at(core.len());
        [Piece::Rest(before), Piece::Word(core), Piece::Rest(after)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_rewritten_and_all_else_stays() {
        let text = "  (Hello), it's <@1> me:\n:cat: m8 … é!";
        assert_eq!(every_word(text, |_| "x".to_owned()), "  (x), x <@1> x:\n:cat: m8 … x!");
        assert_eq!(every_word(text, str::to_owned), text);
    }

    #[test]
    fn the_first_of_the_longest_words_is_taken() {
        assert_eq!(longest_word("a four five six", 4, str::to_uppercase), "a FOUR five six");
        assert_eq!(longest_word("a bb ccc", 4, str::to_uppercase), "a bb ccc");
    }

    #[test]
    fn at_least_one_word_is_taken_if_there_is_any() {
        for seed in 0..50 {
            let text =
                some_words("one two three", 3, 1000, &mut SplitMix::new(seed), |w, _| w.to_uppercase());
            assert_ne!(text, "one two three", "{seed}");
            let short = some_words("a b", 3, 1, &mut SplitMix::new(seed), |w, _| w.to_uppercase());
            assert_eq!(short, "a b");
        }
    }
}
