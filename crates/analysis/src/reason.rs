//! Why a verdict is as it is, in plain words for volunteers; never in the words of the message.

use crate::assessment::{Assessment, ModelSignal, Tag};
use crate::category::Category;
use crate::level::Level;
use crate::patterns::{Cue, CueFactors, Finding};

/// At most this many categories are named.
const MAX_CATEGORIES: usize = 3;
/// At most this many emotions are named.
const MAX_EMOTIONS: usize = 2;
/// At most this many findings of patterns are told.
const MAX_WORDINGS: usize = 3;
/// An emotion less probable than this does not stand out.
const EMOTION: f32 = 0.3;

/// The names of the troubles that the message seems to be about, most probable first. Empty for level
/// none; games, jokes and the like are never among them.
pub(crate) fn categories(level: Level, signals: &[ModelSignal]) -> Vec<String> {
    if level == Level::None {
        return Vec::new();
    }
    let named = category_tags(signals).filter(|(c, _)| c.is_concern());
    named.take(MAX_CATEGORIES).map(|(c, _)| c.name.to_owned()).collect()
}

/// One sentence: what it reads as, which emotions stand out, how far the models agree.
pub(crate) fn sentence(a: &Assessment) -> String {
    if a.signals.is_empty() {
        return without_models(a);
    }
    let lifted = a.weighed.lifted_to.map(|_| "unmistakable wording decided".to_owned());
    let clauses = [Some(reading(a)), lifted, emotions(&a.signals), agreement(a)];
    let clauses: Vec<String> = clauses.into_iter().flatten().collect();
    format!("{}.", clauses.join("; "))
}

/// No model answered: only the wording is known.
fn without_models(a: &Assessment) -> String {
    let found = match a.weighed.raised_by.first() {
        Some(theme) => format!("its wording speaks of {}", theme.words()),
        None if a.weighed.from_words && a.level > Level::None => {
            format!("its words alone read as {}", of_level(a.level))
        }
        None if a.weighed.from_words => "its words alone are not alarming, which proves nothing".to_owned(),
        None => "nothing is known".to_owned(),
    };
    format!("No model could answer; {found}: a human must read this message.")
}

/// "Reads as …".
fn reading(a: &Assessment) -> String {
    let mut tags = category_tags(&a.signals).map(|(c, _)| c);
    if a.level == Level::None {
        return match tags.next() {
            Some(c) if !c.is_concern() => format!("Reads as {}", c.words),
            _ => "Nothing in it points to distress".to_owned(),
        };
    }
    match tags.find(|c| c.is_concern()) {
        Some(c) if c.usual == a.level => format!("Reads as {}", c.words),
        Some(c) => format!("Reads as {}, with signs of {}", of_level(a.level), c.words),
        None => format!("Reads as {}", of_level(a.level)),
    }
}

const fn of_level(level: Level) -> &'static str {
    match level {
        Level::None => "everyday talk",
        Level::Low => "mild difficulty",
        Level::Medium => "serious distress",
        Level::High => "possible danger to someone",
        Level::Critical => "danger to life now",
    }
}

/// "sadness and fear stand out".
fn emotions(signals: &[ModelSignal]) -> Option<String> {
    let tags = signals.iter().filter(|s| !names_categories(s)).flat_map(|s| &s.tags);
    let clear = tags.filter(|t| t.name != "neutral" && t.probability.get() >= EMOTION).take(MAX_EMOTIONS);
    let names: Vec<String> = clear.map(|t| t.name.replace('_', " ")).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} stands out")),
        all => Some(format!("{} stand out", all.join(" and "))),
    }
}

/// "two of three models agree", or what stands in the way.
fn agreement(a: &Assessment) -> Option<String> {
    let (answered, failed) = (a.signals.len(), a.failures.len());
    if failed > 0 {
        return Some(format!("only {} of {} models answered", number(answered), number(answered + failed)));
    }
    let agree = a.signals.iter().filter(|s| s.vote == a.level).count();
    match (answered, agree) {
        (1, _) => None,
        (2, 2) => Some("both models agree".to_owned()),
        (n, k) if n == k => Some(format!("all {} models agree", number(n))),
        _ if !a.gaps.is_empty() => Some("the models disagree".to_owned()),
        (n, 1) => Some(format!("one of {} models agrees", number(n))),
        (n, k) if k > 0 => Some(format!("{} of {} models agree", number(k), number(n))),
        _ => Some("the level lies between the models' votes".to_owned()),
    }
}

/// Short statements in the order of their importance. `close`: the score lies beside a cut.
pub(crate) fn key_factors(a: &Assessment, close: bool, cues: &CueFactors) -> Vec<String> {
    let mut factors = Vec::new();
    for failure in &a.failures {
        factors.push(format!("{}.", capitalised(&failure.to_string())));
    }
    if a.signals.is_empty() {
        factors.extend(wording(a, cues));
        return factors;
    }
    let concerns = category_tags(&a.signals).filter(|(c, _)| c.is_concern() && a.level > Level::None);
    for (category, tag) in concerns.take(MAX_CATEGORIES) {
        factors.push(format!("{} ({:.0} %).", capitalised(category.words), 100.0 * tag.probability.get()));
    }
    factors.extend(wording(a, cues));
    let votes: Vec<String> =
        a.signals.iter().map(|s| format!("{} {} ({:.2})", s.model.name, s.vote, s.signal.get())).collect();
    factors.push(format!("Votes: {}.", votes.join(", ")));
    factors.extend(a.gaps.iter().map(|gap| gap.detail.clone()));
    if close {
        factors.push(format!("The score {:.2} is close to the line of another level.", a.score.get()));
    }
    if a.truncated {
        factors.push("The message is long; only its last part was judged.".to_owned());
    }
    factors
}

/// What the wording says, the strongest first; a theme once. Where it stands is in the evidence list.
fn wording(a: &Assessment, cues: &CueFactors) -> Vec<String> {
    let weight = |f: &Finding| f.rule.strength() * f.credence(cues);
    let mut risks: Vec<&Finding> = a.findings.iter().filter(|f| f.rule.theme().is_risk()).collect();
    risks.sort_by(|x, y| weight(y).total_cmp(&weight(x)));
    let mut told = Vec::new();
    let mut factors = Vec::new();
    for finding in risks {
        if factors.len() == MAX_WORDINGS || told.contains(&finding.rule.theme()) {
            continue;
        }
        told.push(finding.rule.theme());
        let doubts: Vec<&str> = finding.cues.weakening().map(in_words).collect();
        let but = if doubts.is_empty() { String::new() } else { format!(", but {}", doubts.join(", ")) };
        factors.push(format!("The wording speaks of {}{but}.", finding.rule.theme().words()));
    }
    if !a.weighed.lowered_by.is_empty() {
        let frames: Vec<&str> = a.weighed.lowered_by.iter().map(|t| t.words()).collect();
        factors
            .push(format!("It also speaks of {}, which makes danger less likely.", frames.join(" and of ")));
    }
    factors
}

/// What a cue means to a volunteer.
const fn in_words(cue: Cue) -> &'static str {
    match cue {
        Cue::Negated => "negated",
        Cue::Hypothetical => "only supposed",
        Cue::Past => "in the past",
        Cue::Figurative => "perhaps as a figure of speech",
        Cue::Quoted => "within quotation marks",
        Cue::Fiction => "in a story or a song",
        Cue::Other => "about somebody else",
        Cue::Reported => "as something that somebody else said",
        Cue::Joking => "with laughter beside it",
        Cue::Now => "now",
        Cue::Soon => "soon",
        Cue::Ongoing => "for some time",
        Cue::Intense => "with emphasis",
    }
}

/// The tags that are categories of the corpus, most probable first.
fn category_tags(signals: &[ModelSignal]) -> impl Iterator<Item = (&'static Category, &Tag)> {
    let tags = signals.iter().filter(|s| names_categories(s)).flat_map(|s| &s.tags);
    tags.filter_map(|tag| Category::find(&tag.name).map(|category| (category, tag)))
}

/// A model whose tags are all categories names categories; any other names emotions. One tag does not
/// tell: "grief" is both.
fn names_categories(signal: &ModelSignal) -> bool {
    signal.model.tags.iter().all(|tag| Category::find(tag).is_some())
}

fn number(n: usize) -> String {
    const WORDS: [&str; 10] =
        ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    WORDS.get(n).map_or_else(|| n.to_string(), |&word| word.to_owned())
}

fn capitalised(s: &str) -> String {
    let mut chars = s.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
