//! Pattern packs that keep the rules, ready to read messages.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::{PackDraft, RuleDraft, SpellingsDraft};
use super::expand::{ExpandError, LIMIT, expand};
use super::finding::{Cues, Finding};
use super::fold::Folded;
use super::frame::{Frame, Hit};
use super::matcher::{MachineError, Matcher, whole_words};
use super::rule::Rule;
use super::vocabulary::Vocabulary;
use crate::level::Level;
use crate::message::Message;

/// The compiled packs.
#[derive(Debug)]
pub struct PatternPacks {
    rules: Vec<Arc<Rule>>,
    vocabulary: Vocabulary,
    matcher: Option<Matcher>,
    wordings: usize,
}

/// Packs that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Not a name that a file could have.
    #[error("the pack name {name:?} must be lower-case letters, digits, `_` and `-`, at most 64 of them")]
    Name {
        /// The name.
        name: String,
    },
    /// There is no description.
    #[error("{pack}: the description is empty; say in one sentence what the pack looks for")]
    Description {
        /// The pack.
        pack: String,
    },
    /// Two packs have one name.
    #[error("there are two packs {pack:?}; rename one")]
    Twice {
        /// Their name.
        pack: String,
    },
    /// A rule is not as it must be.
    #[error("{pack}: rule {rule:?}: {problem}")]
    Rule {
        /// The pack.
        pack: String,
        /// The rule.
        rule: String,
        /// What is wrong.
        problem: Box<RuleProblem>,
    },
    /// A spelling is not as it must be.
    #[error("spellings: {word:?}: {why}")]
    Spelling {
        /// The word.
        word: String,
        /// What is wrong, and what to do.
        why: &'static str,
    },
    /// The rules together are too large.
    #[error("the rules together cannot be compiled: {0}")]
    Machine(#[from] MachineError),
}

/// What is wrong with a rule; sentences name the field and say what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RuleProblem {
    /// Not an id of its theme.
    #[error("`id` must begin with \"{theme}.\", followed by lower-case letters, digits and `_`")]
    Id {
        /// The theme.
        theme: &'static str,
    },
    /// Another rule has the id.
    #[error("`id` is used twice; ids are unique over all packs")]
    Twice,
    /// Strength out of range.
    #[error("`strength` is {0}; it must be above 0 and at most 1")]
    Strength(f32),
    /// A floor that is none.
    #[error("`floor` is \"{0}\"; it can be \"high\" or \"critical\"")]
    Floor(Level),
    /// A field of risks in another rule.
    #[error("`{0}` is for rules of a risk; remove it")]
    RiskOnly(&'static str),
    /// A field of cues and frames in another rule.
    #[error("`reach` is for cues and frames; remove it")]
    Reach,
    /// Nothing to look for.
    #[error("it looks for nothing; give it `any` or `regex`")]
    Nothing,
    /// Too few examples.
    #[error("`{field}` has {found} examples; at least {least} must show what is meant")]
    Examples {
        /// Which list.
        field: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
    },
    /// A wording that cannot be written out.
    #[error("`any` has {pattern:?}: {why}")]
    Expand {
        /// The wording.
        pattern: String,
        /// Why.
        why: ExpandError,
    },
    /// A wording without words, or of several sentences.
    #[error("`any` has {0:?}; a wording is one or more words of one sentence")]
    Wording(String),
    /// An expression that does not compile.
    #[error("`regex` has {pattern:?}: {why}")]
    Regex {
        /// The expression.
        pattern: String,
        /// The compiler's reason.
        why: String,
    },
    /// An expression that could only match nothing at all.
    #[error("`regex` has {0:?}, which matches an empty text; make it need at least a word")]
    Empty(String),
    /// An expression with a word that no folded text has.
    #[error(
        "`regex` has {pattern:?}, but {word:?} is written out as {means:?} before patterns see it; write that"
    )]
    Unfolded {
        /// The expression.
        pattern: String,
        /// The word that can never be there.
        word: String,
        /// What stands there instead.
        means: String,
    },
}

impl PatternPacks {
    /// Packs without a rule: they find nothing.
    pub fn empty() -> Self {
        PatternPacks { rules: Vec::new(), vocabulary: Vocabulary::default(), matcher: None, wordings: 0 }
    }

    /// The machine of all rules of `packs`, or the first rule that they break.
    pub fn compile(packs: &[PackDraft], spellings: &SpellingsDraft) -> Result<Self, PackError> {
        check_spellings(spellings)?;
        let mut rules = Vec::new();
        let mut written = Written::default();
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for pack in packs {
            check_pack(pack)?;
            for draft in &pack.rules {
                let number = u32::try_from(rules.len()).unwrap_or(u32::MAX);
                let id = draft.id.clone();
                let taken = !ids.insert(id.clone());
                let told = |problem| PackError::Rule {
                    pack: pack.name.clone(),
                    rule: id.clone(),
                    problem: Box::new(problem),
                };
                if taken {
                    return Err(told(RuleProblem::Twice));
                }
                rules.push(Arc::new(rule(draft).map_err(told)?));
                written.add(draft, &pack.name, number).map_err(told)?;
            }
            if !names.insert(pack.name.clone()) {
                return Err(PackError::Twice { pack: pack.name.clone() });
            }
        }
        let vocabulary = Vocabulary::new(spellings, written.words());
        let wordings = written.wordings.len();
        let matcher = written.matcher(&vocabulary, &rules)?;
        Ok(PatternPacks { rules, vocabulary, matcher: Some(matcher), wordings })
    }

    /// All rules, in the order of packs and files.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// How many wordings are looked for, alternatives written out.
    pub fn wordings(&self) -> usize {
        self.wordings
    }

    /// The words of `message` as rules see them: disguises undone, chat spellings written out.
    pub fn words(&self, message: &Message) -> Vec<String> {
        let folded = Folded::new(message.clean(), &self.vocabulary, |_| false);
        (0..folded.words.len()).map(|i| folded.word(i).to_owned()).collect()
    }

    /// What the rules find in `message`, sorted by span: risks and protective statements with the cues that
    /// reach them, and the frames and cues themselves.
    pub fn find(&self, message: &Message) -> Vec<Finding> {
        let Some(matcher) = &self.matcher else { return Vec::new() };
        let raw = message.raw().expose();
        let breaks = |at: usize| raw[message.raw_span(at..at + 1)].contains('\n');
        let folded = Folded::new(message.clean(), &self.vocabulary, breaks);
        let hits = matcher.hits(&folded);
        if hits.is_empty() {
            return Vec::new();
        }
        let rule = |number: u32| &self.rules[number as usize];
        let all = hits.iter().map(|(number, words)| Hit { rule: rule(*number), words: words.clone() });
        let frame = Frame::new(&folded, Some(message), all);
        let finding = |(number, words): &(u32, std::ops::Range<usize>)| {
            let rule = Arc::clone(rule(*number));
            let cues = if rule.theme.is_context() { Cues::NONE } else { frame.cues(words) };
            Finding { rule, span: message.raw_span(folded.clean(words)), cues }
        };
        let mut findings: Vec<Finding> = hits.iter().map(finding).collect();
        findings.sort_by_key(|f| (f.span.start, f.span.end));
        findings
    }
}

fn check_spellings(draft: &SpellingsDraft) -> Result<(), PackError> {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_typed = |word: &str| {
        let bare = word.strip_prefix('/').unwrap_or(word);
        !bare.is_empty()
            && bare
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '*' | '@' | '$' | '!'))
    };
    let told = |word: &str, why| Err(PackError::Spelling { word: word.to_owned(), why });
    for (typed, means) in &draft.words {
        if !typed.split(' ').all(is_typed) || typed.split(' ').count() > 4 {
            return told(
                typed,
                "must be one to four words of lower-case letters, digits, `*`, `@`, `$`, `!`",
            );
        }
        if !means.split(' ').all(is_word) {
            return told(typed, "must mean lower-case words without apostrophes, one space between two");
        }
        if means.split(' ').any(|word| draft.words.contains_key(word)) {
            return told(typed, "means a word that is a spelling itself; write out what that means");
        }
    }
    for word in &draft.typos_of {
        if !is_word(word) || word.len() < 5 {
            return told(word, "`typos_of` takes lower-case words of five letters or more");
        }
    }
    Ok(())
}

fn check_pack(pack: &PackDraft) -> Result<(), PackError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if pack.name.is_empty() || pack.name.len() > 64 || !pack.name.chars().all(plain) {
        return Err(PackError::Name { name: pack.name.clone() });
    }
    if pack.description.trim().is_empty() {
        return Err(PackError::Description { pack: pack.name.clone() });
    }
    Ok(())
}

fn rule(draft: &RuleDraft) -> Result<Rule, RuleProblem> {
    let theme = draft.theme;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = draft.id.strip_prefix(theme.as_str()).and_then(|rest| rest.strip_prefix('.'));
    if !name.is_some_and(|name| !name.is_empty() && name.chars().all(plain)) {
        return Err(RuleProblem::Id { theme: theme.as_str() });
    }
    // A NaN lies in no range.
    if !(f32::MIN_POSITIVE..=1.0).contains(&draft.strength) {
        return Err(RuleProblem::Strength(draft.strength));
    }
    match draft.floor {
        Some(_) if !theme.is_risk() => return Err(RuleProblem::RiskOnly("floor")),
        Some(floor) if !floor.is_urgent() => return Err(RuleProblem::Floor(floor)),
        _ if draft.literal && !theme.is_risk() => return Err(RuleProblem::RiskOnly("literal")),
        _ if draft.reach.is_some() && !theme.is_context() => return Err(RuleProblem::Reach),
        _ if draft.any.is_empty() && draft.regex.is_empty() => return Err(RuleProblem::Nothing),
        _ => {}
    }
    for (field, found, least) in [("matches", draft.matches.len(), 2), ("spares", draft.spares.len(), 1)] {
        if found < least {
            return Err(RuleProblem::Examples { field, found, least });
        }
    }
    Ok(Rule {
        id: draft.id.clone(),
        theme,
        strength: draft.strength,
        floor: draft.floor,
        literal: draft.literal,
        reach: draft.reach.unwrap_or(theme.reach()),
    })
}

/// What is looked for, as it is written in the packs.
#[derive(Default)]
struct Written {
    /// Wording, pack, rule.
    wordings: Vec<(String, String, u32)>,
    /// Expression, pack, rule, and the expression as it is compiled.
    regexes: Vec<(String, String, u32, String, regex::bytes::Regex)>,
    /// The words of the expressions.
    regex_words: Vec<String>,
}

impl Written {
    fn add(&mut self, draft: &RuleDraft, pack: &str, rule: u32) -> Result<(), RuleProblem> {
        let mut room = LIMIT;
        for pattern in &draft.any {
            let told = |why| RuleProblem::Expand { pattern: pattern.clone(), why };
            let wordings = expand(pattern).map_err(told)?;
            room = room.checked_sub(wordings.len()).ok_or_else(|| told(ExpandError::TooMany))?;
            self.wordings.extend(wordings.into_iter().map(|w| (w, pack.to_owned(), rule)));
        }
        for pattern in &draft.regex {
            let told = |e: regex::Error| RuleProblem::Regex { pattern: pattern.clone(), why: one_line(&e) };
            let (compiled, regex) = whole_words(pattern).map_err(told)?;
            if regex.is_match(b"") {
                return Err(RuleProblem::Empty(pattern.clone()));
            }
            self.regex_words.extend(words_of(pattern).into_iter().map(|(word, _)| word));
            self.regexes.push((pattern.clone(), pack.to_owned(), rule, compiled, regex));
        }
        Ok(())
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let of_wordings = self.wordings.iter().flat_map(|(wording, ..)| wording.split(' '));
        of_wordings.chain(self.regex_words.iter().map(String::as_str))
    }

    fn matcher(self, vocabulary: &Vocabulary, rules: &[Arc<Rule>]) -> Result<Matcher, PackError> {
        let told = |pack: &str, rule: u32, problem| PackError::Rule {
            pack: pack.to_owned(),
            rule: rules[rule as usize].id.clone(),
            problem: Box::new(problem),
        };
        let mut literals = Vec::with_capacity(self.wordings.len());
        for (wording, pack, rule) in self.wordings {
            // Folded like a message, so that a wording in chat spelling finds what it means.
            let folded = Folded::new(&wording, vocabulary, |_| false).text;
            if folded.is_empty() || folded.contains('\n') {
                return Err(told(&pack, rule, RuleProblem::Wording(wording)));
            }
            literals.push((folded, rule));
        }
        for (pattern, pack, rule, ..) in &self.regexes {
            for (word, _) in words_of(pattern).into_iter().filter(|(_, whole)| *whole) {
                if let Some(means) = vocabulary.spelled(&word) {
                    let (pattern, means) = (pattern.clone(), means.to_owned());
                    return Err(told(pack, *rule, RuleProblem::Unfolded { pattern, word, means }));
                }
            }
        }
        let regexes = self.regexes.into_iter().map(|(_, _, rule, compiled, regex)| (compiled, regex, rule));
        Ok(Matcher::new(literals.into_iter(), regexes.collect())?)
    }
}

fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(&text).trim().to_owned()
}

/// The words of an expression, and whether each is a word by itself: with a boundary, a space, a
/// parenthesis or a bar on both sides.
fn words_of(expression: &str) -> Vec<(String, bool)> {
    let mut text = String::with_capacity(expression.len());
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' if chars.next() == Some('b') => ' ',
            '\\' => '#',
            c => c,
        });
    }
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(|c: char| c.is_ascii_lowercase()).map(|i| rest + i) {
        let end = text[start..].find(|c: char| !c.is_ascii_lowercase()).map_or(text.len(), |i| start + i);
        // A group may be glued to a word: `tho(?:ugh)?`.
        let before = text[..start].trim_end_matches(['(', '?', ':']);
        let after = text[end..].trim_start_matches(')');
        let begins = before.is_empty() || before.ends_with([' ', '|']);
        let ends = after.is_empty() || after.starts_with([' ', '|']);
        if end - start > 1 {
            words.push((text[start..end].to_owned(), begins && ends));
        }
        rest = end;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_expression_are_told_from_its_syntax() {
        let words = words_of(r"\bi (?:really |just )*wan\w+ tho(?:ugh)?[a-z]+\b(?:gonna|die)");
        let words: Vec<(&str, bool)> = words.iter().map(|(w, whole)| (w.as_str(), *whole)).collect();
        let expected = [
            ("really", true),
            ("just", true),
            ("wan", false),
            ("tho", false),
            ("ugh", false),
            ("gonna", true),
            ("die", true),
        ];
        assert_eq!(words, expected);
    }
}
