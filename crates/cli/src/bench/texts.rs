//! Messages without end, no two alike unless repeats are asked for: a cache must not answer in place of the models.

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

/// A repeat is one of so many messages before it.
const REMEMBERED: u64 = 256;

/// Makes messages: the chatter in its mixed lengths, each with three words behind it that number it.
pub(crate) struct Texts {
    /// Differs from run to run: a server that runs on may remember the texts of the last one.
    start: u64,
    next: AtomicU64,
    /// How many messages were asked for by [`Texts::next`].
    asked: AtomicU64,
    repeated: f64,
}

impl Texts {
    /// Numbered from where the clock stands.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_number(now.as_secs().wrapping_mul(1009).wrapping_add(u64::from(now.subsec_millis())))
    }

    fn from_number(start: u64) -> Self {
        Texts { start, next: AtomicU64::new(0), asked: AtomicU64::new(0), repeated: 0.0 }
    }

    /// The same, but that share ∈ [0, 1) of what [`Texts::next`] gives was given before: one of the last 256.
    pub(crate) fn repeating(self, share: f64) -> Self {
        Texts { repeated: share, ..self }
    }

    /// The next message and which of the chatter it is made of. Some 260,000 numbers pass before one returns.
    pub(crate) fn next(&self) -> (usize, String) {
        if self.repeated > 0.0 {
            let asked = self.asked.fetch_add(1, Ordering::Relaxed);
            let given = self.next.load(Ordering::Relaxed);
            if given > 0 && steps(asked, self.repeated) {
                return self.text(given - 1 - scatter(asked) % given.min(REMEMBERED));
            }
        }
        self.text(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The next message of one length only, the median: for comparing moments, not lengths.
    pub(crate) fn next_median(&self) -> String {
        self.next_of(CHATTER[median()])
    }

    /// `message` with the next number behind it.
    pub(crate) fn next_of(&self, message: &str) -> String {
        self.numbered(message, self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// `message` with the next number behind it as a time of day: words that have nothing to do with it may change what
    /// an urgent one is taken for. 86,400 numbers pass before one returns.
    pub(crate) fn next_timed(&self, message: &str) -> String {
        let second = self.start.wrapping_add(self.next.fetch_add(1, Ordering::Relaxed)) % 86_400;
        format!("{message}, it's {}:{:02}:{:02} here", second / 3600, second / 60 % 60, second % 60)
    }

    fn text(&self, n: u64) -> (usize, String) {
        let which = usize::try_from(n % CHATTER.len() as u64).unwrap_or(0);
        // The first is of median length, so that it may be compared with the median of all.
        let which = (which + median()) % CHATTER.len();
        (which, self.numbered(CHATTER[which], n))
    }

    fn numbered(&self, message: &str, n: u64) -> String {
        let mut number = self.start.wrapping_add(n);
        let mut word = || {
            let word = WORDS[usize::try_from(number % 64).unwrap_or(0)];
            number /= 64;
            word
        };
        let (a, b, c) = (word(), word(), word());
        format!("{message}, {a} {b} {c}")
    }
}

/// True for `share` of all numbers, evenly.
fn steps(n: u64, share: f64) -> bool {
    let n = n as f64;
    ((n + 1.0) * share).floor() > (n * share).floor()
}

/// A number that looks like any other (the finaliser of `SplitMix64`, Steele, Lea and Flood 2014).
const fn scatter(n: u64) -> u64 {
    let z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
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

    #[test]
    fn repeats_come_as_often_as_asked_and_are_of_the_last() {
        let texts = Texts::from_number(7).repeating(0.3);
        let all: Vec<String> = (0..10_000).map(|_| texts.next().1).collect();
        let mut seen = BTreeSet::new();
        let repeats = all.iter().filter(|text| !seen.insert(text.as_str())).count();
        assert!((2_990..=3_000).contains(&repeats), "{repeats}");
        let farthest = (0..all.len()).filter_map(|i| {
            let before = all[..i].iter().rposition(|earlier| *earlier == all[i])?;
            Some(i - before)
        });
        // 256 new ones, and the repeats among them.
        assert!(farthest.max().is_some_and(|far| far < 400), "too far back");
    }
}
