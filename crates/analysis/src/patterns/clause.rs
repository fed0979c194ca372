//! Sentences and clauses: how far a "not" or an "if" can reach.
//!
//! No parser: punctuation, conjunctions, and a new "I" that nothing before it asks for. Chat leaves out
//! most punctuation, so conjunctions and subjects must do.

use super::fold::Folded;
use super::tokens::Gap;

/// These begin a clause of their own. "or" is not among them: "i won't hurt or kill myself".
const CONJUNCTIONS: &[&str] = &[
    "although", "and", "because", "but", "except", "however", "how", "if", "since", "so", "though", "unless",
    "until", "when", "whenever", "whether", "while", "why", "yet",
];

/// A subject that begins a clause, unless it is part of the one before.
const SUBJECTS: &[&str] = &["i", "im", "ive"];

/// After these an "I" belongs to the same clause: "i don't think i …", "he said i …", "do i …".
const CARRIERS: &[&str] = &[
    "am",
    "as",
    "believe",
    "bet",
    "can",
    "claim",
    "claimed",
    "claiming",
    "could",
    "did",
    "do",
    "does",
    "feel",
    "feeling",
    "felt",
    "guess",
    "had",
    "have",
    "hope",
    "imagine",
    "imagining",
    "like",
    "mean",
    "meant",
    "or",
    "pretend",
    "promise",
    "said",
    "say",
    "saying",
    "says",
    "should",
    "suppose",
    "swear",
    "than",
    "that",
    "the",
    "think",
    "thinking",
    "thinks",
    "thought",
    "told",
    "was",
    "will",
    "wish",
    "would",
];

/// After a negation, these turn it round: "can't stop thinking of it", "can't wait", "not just sad".
const TURNS: &[&str] = &[
    "avoid",
    "deny",
    "escape",
    "exaggerating",
    "help",
    "ignore",
    "joking",
    "just",
    "kidding",
    "lie",
    "lying",
    "only",
    "quit",
    "resist",
    "shake",
    "stop",
    "wait",
];

/// These deny by themselves.
const NEGATORS: &[&str] = &[
    "aint", "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hasnt", "havent", "isnt", "neither",
    "never", "no", "nobody", "none", "nor", "not", "nothing", "shouldnt", "wasnt", "werent", "without",
    "wont", "wouldnt",
];

/// What is said with these is said of now.
const PRESENT: &[&str] =
    &["am", "cant", "going", "hate", "have", "ill", "im", "need", "plan", "planning", "want", "will", "wish"];

/// What is said with these is said of then.
const PAST: &[&str] = &[
    "almost",
    "attempted",
    "did",
    "felt",
    "had",
    "nearly",
    "planned",
    "thought",
    "took",
    "tried",
    "used",
    "wanted",
    "was",
    "were",
    "wished",
];

/// What stands further before a statement does not tell its tense.
const LOOK_BACK: usize = 8;

/// `word` turns a negation before it round.
pub(super) fn turns(word: &str) -> bool {
    TURNS.contains(&word)
}

/// `word` denies by itself.
pub(super) fn denies(word: &str) -> bool {
    NEGATORS.contains(&word)
}

/// The words speak of now and not of then.
pub(super) fn is_present<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let mut present = false;
    for word in words {
        if PAST.contains(&word) {
            return false;
        }
        present |= PRESENT.contains(&word);
    }
    present
}

/// In which sentence and clause each word stands; both are counted through the message.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    sentence: Vec<u32>,
    clause: Vec<u32>,
}

impl Clauses {
    pub(super) fn new(folded: &Folded) -> Self {
        let mut all = Clauses::default();
        let (mut sentence, mut clause) = (0, 0);
        for (i, word) in folded.words.iter().enumerate() {
            let text = folded.word(i);
            if i > 0 {
                let ended = word.gap == Gap::Sentence;
                let new_sentence = ended && !is_afterthought(folded, i);
                sentence += u32::from(new_sentence);
                clause +=
                    u32::from(ended || word.gap == Gap::Clause || begins_clause(text, folded.word(i - 1)));
            }
            all.sentence.push(sentence);
            all.clause.push(clause);
        }
        all
    }

    pub(super) fn sentence(&self, word: usize) -> u32 {
        self.sentence.get(word).copied().unwrap_or(u32::MAX)
    }

    pub(super) fn clause(&self, word: usize) -> u32 {
        self.clause.get(word).copied().unwrap_or(u32::MAX)
    }

    /// The words of the clause of `word` before it, at most [`LOOK_BACK`] of them.
    pub(super) fn clause_before(&self, word: usize) -> std::ops::Range<usize> {
        let clause = self.clause(word);
        let begin = self.clause.partition_point(|&c| c < clause);
        begin.max(word.saturating_sub(LOOK_BACK))..word
    }
}

/// One word after a full stop, or emoji only, belongs to what it follows: "i want to die. lol", "… 💀".
fn is_afterthought(folded: &Folded, first: usize) -> bool {
    let rest = &folded.words[first..];
    let length = 1 + rest.iter().skip(1).take_while(|w| w.gap != Gap::Sentence).count();
    length == 1 || (first..first + length).all(|i| !folded.word(i).chars().any(char::is_alphanumeric))
}

fn begins_clause(word: &str, before: &str) -> bool {
    CONJUNCTIONS.contains(&word)
        || (SUBJECTS.contains(&word) && !CONJUNCTIONS.contains(&before) && !CARRIERS.contains(&before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patterns::vocabulary::Vocabulary;

    fn clauses(text: &str) -> Vec<String> {
        let folded = Folded::new(text, &Vocabulary::default(), |_| false);
        let clauses = Clauses::new(&folded);
        let mut all: Vec<String> = Vec::new();
        for i in 0..folded.words.len() {
            match all.last_mut() {
                Some(last) if i > 0 && clauses.clause(i) == clauses.clause(i - 1) => {
                    *last = format!("{last} {}", folded.word(i));
                }
                _ => all.push(folded.word(i).to_owned()),
            }
        }
        all
    }

    #[test]
    fn clauses_end_at_punctuation_conjunctions_and_new_subjects() {
        struct Case(&'static str, &'static [&'static str]);
        for Case(text, found) in [
            Case("not tired but i want to die", &["not tired", "but i want to die"]),
            Case("no, i want to", &["no", "i want to"]),
            Case("i don't think i want to", &["i dont think i want to"]),
            Case("i dont know why i want to", &["i dont know", "why i want to"]),
            Case("not gonna lie i want to", &["not gonna lie", "i want to"]),
            Case("he said i should", &["he said i should"]),
            Case("if i fail i will", &["if i fail", "i will"]),
            Case("i won't hurt or kill myself", &["i wont hurt or kill myself"]),
        ] {
            assert_eq!(clauses(text), found, "{text}");
        }
    }

    #[test]
    fn an_afterthought_belongs_to_its_sentence() {
        let sentences = |text| {
            let folded = Folded::new(text, &Vocabulary::default(), |_| false);
            let clauses = Clauses::new(&folded);
            (0..folded.words.len()).map(|i| clauses.sentence(i)).collect::<Vec<_>>()
        };
        assert_eq!(sentences("so done. lol. and yet here"), [0, 0, 0, 1, 1, 1]);
        assert_eq!(sentences("so done!! 💀 💀"), [0, 0, 0, 0]);
    }
}
