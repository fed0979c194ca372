//! All wordings and expressions of all rules, looked for at once.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::fold::Folded;

/// So many findings of one rule are kept from each end of a message: no message is worth more.
const KEPT: usize = 16;
/// Expressions that are looked for in one pass. Their states multiply: all in one set, every new message meets states
/// that were never built, and costs ten times as much; a few in a set soon have all of theirs.
const PER_SET: usize = 6;
/// Bytes that a set of expressions may take when compiled, and its cache when it runs.
const SET_BYTES: usize = 64 << 20;
const CACHE_BYTES: usize = 4 << 20;

/// Where a rule, by number, found something.
pub(super) type RuleHit = (u32, Range<usize>);

#[derive(Debug)]
pub(super) struct Matcher {
    literals: AhoCorasick,
    /// The rules of each literal.
    of_literal: Vec<Vec<u32>>,
    /// One for every [`PER_SET`] expressions, in their order.
    sets: Vec<RegexSet>,
    regexes: Vec<(Regex, u32)>,
}

/// The machine for all rules together cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Too many wordings.
    #[error(transparent)]
    Literals(#[from] aho_corasick::BuildError),
    /// Too many or too large expressions.
    #[error(transparent)]
    Regexes(#[from] regex::Error),
}

/// An expression that must match whole words. Most need no Unicode tables and are faster without; one
/// that names an emoji in a class does.
pub(super) fn whole_words(expression: &str) -> Result<(String, Regex), regex::Error> {
    // By itself first, so that a parenthesis too much cannot close ours. Without Unicode tables where they are not
    // needed: with them `\w` alone costs a millisecond.
    if RegexBuilder::new(expression).unicode(false).build().is_err() {
        Regex::new(expression)?;
    }
    let wrapped = |flags: &str| format!(r"(?-u:\b{{start-half}})(?{flags}:{expression})(?-u:\b{{end-half}})");
    let compiled = |pattern: String| {
        let regex = RegexBuilder::new(&pattern).build()?;
        Ok((pattern, regex))
    };
    compiled(wrapped("-u")).or_else(|_: regex::Error| compiled(wrapped("u")))
}

impl Matcher {
    pub(super) fn new(
        literals: impl Iterator<Item = (String, u32)>,
        regexes: Vec<(String, Regex, u32)>,
    ) -> Result<Self, MachineError> {
        let mut rules: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (literal, rule) in literals {
            rules.entry(literal).or_default().push(rule);
        }
        for rules in rules.values_mut() {
            rules.dedup();
        }
        // A DFA would be a little faster and take tens of megabytes.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let literals = AhoCorasick::builder().kind(kind).build(rules.keys())?;
        let set = |part: &[(String, Regex, u32)]| {
            let patterns = part.iter().map(|(pattern, ..)| pattern);
            RegexSetBuilder::new(patterns).size_limit(SET_BYTES).dfa_size_limit(CACHE_BYTES).build()
        };
        let sets = regexes.chunks(PER_SET).map(set).collect::<Result<_, _>>()?;
        let regexes = regexes.into_iter().map(|(_, regex, rule)| (regex, rule)).collect();
        Ok(Matcher { literals, of_literal: rules.into_values().collect(), sets, regexes })
    }

    /// Everything that is found, in words; by first word, then by rule. What lies within another finding of
    /// the same rule is left out.
    pub(super) fn hits(&self, folded: &Folded) -> Vec<RuleHit> {
        let mut hits: Vec<RuleHit> = Vec::new();
        let text = folded.text.as_bytes();
        let is_end = |at: usize| text.get(at).is_none_or(|b| matches!(b, b' ' | b'\n'));
        for found in self.literals.find_overlapping_iter(text) {
            let (start, end) = (found.start(), found.end());
            if is_end(end) && (start == 0 || is_end(start - 1)) {
                let words = folded.words_of(&(start..end));
                let rules = &self.of_literal[found.pattern().as_usize()];
                hits.extend(rules.iter().map(|&rule| (rule, words.clone())));
            }
        }
        for (set, regexes) in self.sets.iter().zip(self.regexes.chunks(PER_SET)) {
            for index in &set.matches(text) {
                let (regex, rule) = &regexes[index];
                let found = regex.find_iter(text).map(|m| folded.words_of(&m.range()));
                hits.extend(found.filter(|words| !words.is_empty()).map(|words| (*rule, words)));
            }
        }
        hits.sort_unstable_by_key(|(rule, words)| (*rule, words.start, std::cmp::Reverse(words.end)));
        let mut last: Option<RuleHit> = None;
        hits.retain(|(rule, words)| {
            let within = last.as_ref().is_some_and(|(r, w)| r == rule && words.end <= w.end);
            if !within {
                last = Some((*rule, words.clone()));
            }
            !within
        });
        let mut hits = thinned(hits);
        hits.sort_unstable_by_key(|(rule, words)| (words.start, words.end, *rule));
        hits
    }
}

/// At most [`KEPT`] hits of each rule from each end; `hits` are sorted by rule.
fn thinned(hits: Vec<RuleHit>) -> Vec<RuleHit> {
    let of_rule = |a: &RuleHit, b: &RuleHit| a.0 == b.0;
    if hits.chunk_by(of_rule).all(|same| same.len() <= 2 * KEPT) {
        return hits;
    }
    let keep = |same: &[RuleHit]| {
        let (head, tail) = same.split_at(KEPT.min(same.len()));
        [head, &tail[tail.len().saturating_sub(KEPT)..]].concat()
    };
    hits.chunk_by(of_rule).flat_map(keep).collect()
}
