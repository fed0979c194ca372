//! The frame of a finding: which cues reach it.
//!
//! Cues are weighed, not obeyed: what they find is told, and how much it weakens a statement is a
//! setting of the verdict.

use std::ops::Range;

use super::clause::{Clauses, denies, is_present, turns};
use super::finding::{Cue, Cues};
use super::fold::Folded;
use super::quotes::quoted;
use super::rule::{Reach, Rule};
use super::theme::Theme;
use crate::message::Message;

/// Some words that a rule found.
pub(super) struct Hit<'a> {
    pub(super) rule: &'a Rule,
    pub(super) words: Range<usize>,
}

/// What surrounds the findings of a message.
pub(super) struct Frame<'a> {
    folded: &'a Folded,
    clauses: Clauses,
    quoted: Vec<bool>,
    /// Cues and frames that reach no further than their sentence, by their first word.
    near: Vec<Hit<'a>>,
    /// Those that reach the whole message.
    far: Vec<Hit<'a>>,
    /// What tells of recovery, by its first word.
    recovery: Vec<Range<usize>>,
}

impl<'a> Frame<'a> {
    /// The frame that `hits`, in the order of their first word, make in `message`.
    pub(super) fn new(
        folded: &'a Folded,
        message: Option<&Message>,
        hits: impl Iterator<Item = Hit<'a>>,
    ) -> Self {
        let clauses = Clauses::new(folded);
        let quoted = quoted(folded, message, |word| clauses.sentence(word));
        let mut frame =
            Frame { folded, clauses, quoted, near: Vec::new(), far: Vec::new(), recovery: Vec::new() };
        for hit in hits {
            match hit.rule.theme {
                Theme::Recovery => frame.recovery.push(hit.words),
                theme if !theme.is_context() => {}
                _ if hit.rule.reach == Reach::Message => frame.far.push(hit),
                _ => frame.near.push(hit),
            }
        }
        frame
    }

    /// How the statement in `words` is meant.
    pub(super) fn cues(&self, words: &Range<usize>) -> Cues {
        let mut cues: Cues = self.reaching(words).filter_map(|hit| self.cue(hit, words)).collect();
        if self.is_past(words) {
            cues = cues.with(Cue::Past);
        }
        if self.quoted.get(words.clone()).is_some_and(|q| !q.is_empty() && q.iter().all(|&q| q)) {
            cues = cues.with(Cue::Quoted);
        }
        cues
    }

    /// The cues and frames that reach `words`.
    fn reaching(&self, words: &Range<usize>) -> impl Iterator<Item = &Hit<'a>> {
        let (first, last) = (words.start, words.end.saturating_sub(1));
        let (from, to) = (self.clauses.sentence(first), self.clauses.sentence(last));
        let begin = self.near.partition_point(|hit| self.clauses.sentence(hit.words.start) < from);
        let in_sentence =
            self.near[begin..].iter().take_while(move |hit| self.clauses.sentence(hit.words.start) <= to);
        let near = in_sentence
            .filter(move |hit| hit.rule.reach != Reach::Clause || self.in_clause(hit, first, last));
        near.chain(&self.far)
    }

    fn in_clause(&self, hit: &Hit<'_>, first: usize, last: usize) -> bool {
        let clause = |word| self.clauses.clause(word);
        clause(hit.words.start) <= clause(last) && clause(first) <= clause(hit.words.end - 1)
    }

    /// What `hit`, which reaches `words`, says about them. The past is decided by [`Frame::is_past`].
    fn cue(&self, hit: &Hit<'_>, words: &Range<usize>) -> Option<Cue> {
        // What lies within the statement is part of it: its rule knows it.
        let within = words.start <= hit.words.start && hit.words.end <= words.end;
        let before = hit.words.start < words.start;
        match hit.rule.theme {
            Theme::Negation => (before && self.denies(hit, words)).then_some(Cue::Negated),
            Theme::Hypothetical => (!within).then_some(Cue::Hypothetical),
            Theme::OtherPerson => before.then_some(Cue::Other),
            Theme::Reported => before.then_some(Cue::Reported),
            Theme::Joking => (!within).then_some(Cue::Joking),
            Theme::Now => Some(Cue::Now),
            Theme::Soon => Some(Cue::Soon),
            Theme::Ongoing => Some(Cue::Ongoing),
            Theme::Intensity => Some(Cue::Intense),
            Theme::Lyrics | Theme::Fiction => Some(Cue::Fiction),
            theme if theme.is_context() && theme != Theme::Past => Some(Cue::Figurative),
            _ => None,
        }
    }

    /// A negation before `words` denies them: nothing turns it round, and it is not their own first word.
    fn denies(&self, hit: &Hit<'_>, words: &Range<usize>) -> bool {
        let shared = words.start..hit.words.end.max(words.start);
        !turns(self.folded.word(hit.words.end)) && !shared.map(|i| self.folded.word(i)).any(denies)
    }

    /// A past cue reaches `words`, and nothing after it in the sentence says that it is so again.
    fn is_past(&self, words: &Range<usize>) -> bool {
        let mut past = self.reaching(words).filter(|hit| {
            hit.rule.theme == Theme::Past
                && !(words.start <= hit.words.start && hit.words.end <= words.end)
                && (self.in_clause(hit, words.start, words.end - 1) || !self.speaks_of_now(words))
        });
        past.any(|past| !self.is_lifted(past, words))
    }

    /// "my mum died last year and i want to die": what is said in another clause of now is not past.
    fn speaks_of_now(&self, words: &Range<usize>) -> bool {
        let from = self.clauses.clause_before(words.start).start;
        is_present((from..words.end).map(|i| self.folded.word(i)))
    }

    /// "used to cut, doing it again now"; but not "used to cut, i'm fine now".
    fn is_lifted(&self, past: &Hit<'_>, words: &Range<usize>) -> bool {
        self.reaching(words).any(|hit| {
            matches!(hit.rule.theme, Theme::Now | Theme::Ongoing)
                && hit.words.start > past.words.start
                && !self.recovers(&hit.words)
        })
    }

    /// The clause of `words` tells of recovery.
    fn recovers(&self, words: &Range<usize>) -> bool {
        let clause = self.clauses.clause(words.start);
        let begin = self.recovery.partition_point(|r| self.clauses.clause(r.end - 1) < clause);
        self.recovery.get(begin).is_some_and(|r| self.clauses.clause(r.start) <= clause)
    }
}
