//! Messages without end, no two alike: a cache must never answer in place of the models.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::chatter::CHATTER;

/// Harmless, short, and one or two tokens each: three of them count to 64³.
const WORDS: [&str; 64] = [
    "apple", "basil", "cedar", "daisy", "elm", "fern", "ginger", "hazel", "iris", "juniper", "kelp", "lemon",
    "maple", "nutmeg", "olive", "peach", "quince", "rose", "sage", "thyme", "tulip", "vanilla", "willow",
    "yarrow", "amber", "blue", "coral", "green", "indigo", "ivory", "lilac", "mint", "pearl", "pink", "plum",
    "purple", "silver", "teal", "violet", "white", "yellow", "barley", "bread", "butter", "cheese", "cocoa",
    "honey", "jam", "oats", "pasta", "pepper", "rice", "salad", "soup", "sugar", "toast", "bell", "boat",
    "candle", "kettle", "lamp", "ladder", "pencil", "window",
];

/// Makes messages: the chatter in its mixed lengths, each with three words behind it that number it.
pub(crate) struct Texts {
    /// Differs from run to run: a server that runs on may remember the texts of the last one.
    start: u64,
    next: AtomicU64,
}

impl Texts {
    /// Numbered from where the clock stands.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_number(now.as_secs().wrapping_mul(1009).wrapping_add(u64::from(now.subsec_millis())))
    }

    fn from_number(start: u64) -> Self {
        Texts { start, next: AtomicU64::new(0) }
    }

    /// The next message and which of the chatter it is made of. Some 260,000 numbers pass before one returns.
    pub(crate) fn next(&self) -> (usize, String) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let which = usize::try_from(n % CHATTER.len() as u64).unwrap_or(0);
        // The first is of median length, so that it may be compared with the median of all.
        let which = (which + median()) % CHATTER.len();
        (which, self.numbered(which, n))
    }

    /// The next message of one length only, the median: for comparing moments, not lengths.
    pub(crate) fn next_median(&self) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        self.numbered(median(), n)
    }

    fn numbered(&self, which: usize, n: u64) -> String {
        let mut number = self.start.wrapping_add(n);
        let mut word = || {
            let word = WORDS[usize::try_from(number % 64).unwrap_or(0)];
            number /= 64;
            word
        };
        let (a, b, c) = (word(), word(), word());
        format!("{}, {a} {b} {c}", CHATTER[which])
    }
}

/// Which of the chatter has the median length.
fn median() -> usize {
    let mut by_length: Vec<usize> = (0..CHATTER.len()).collect();
    by_length.sort_by_key(|&i| CHATTER[i].len());
    by_length[CHATTER.len() / 2]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_text_comes_twice() {
        let texts = Texts::from_number(u64::MAX - 50_000);
        let seen: BTreeSet<String> = (0..100_000).map(|_| texts.next().1).collect();
        assert_eq!(seen.len(), 100_000);
        assert!(!seen.contains(&texts.next_median()));
    }

    #[test]
    fn every_length_has_its_turn_and_the_median_comes_first() {
        let texts = Texts::from_number(7);
        let which: Vec<usize> = CHATTER.iter().map(|_| texts.next().0).collect();
        assert_eq!(which[0], median());
        assert_eq!(which.into_iter().collect::<BTreeSet<_>>().len(), CHATTER.len());
        let shorter = CHATTER.iter().filter(|text| text.len() < CHATTER[median()].len()).count();
        assert_eq!(shorter, CHATTER.len() / 2);
    }
}
