//! Label sets: what zero-shot models are asked, and how severe each answer is.
//!
//! A zero-shot model compares a message with *hypotheses*. A hypothesis is the role's template with a
//! label in place of `{}`: "The speaker {}." and "wants to die". A set has one such list for each of the
//! three roles of the ensemble. What is read from a file is a [`LabelSetDraft`]; only one that keeps the
//! rules below becomes a [`LabelSet`], so that nobody downstream has to ask again.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use crate::classifier::Label;

/// The voices of the ensemble, each with labels of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// How much danger somebody is in.
    Depression,
    /// The mood of the message.
    Sentiment,
    /// How distressed the writer is, and by what.
    EmotionalDistress,
}

impl Role {
    /// All roles, in the order in which their models answer.
    pub const ALL: [Role; 3] = [Role::Depression, Role::Sentiment, Role::EmotionalDistress];

    /// The model's name in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Depression => "depression",
            Role::Sentiment => "sentiment",
            Role::EmotionalDistress => "emotional_distress",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A label set as it is written, before anybody has looked at it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSetDraft {
    /// What it is called in settings.
    pub name: String,
    /// One sentence for whoever chooses.
    pub description: String,
    /// For [`Role::Depression`].
    pub depression: RoleDraft,
    /// For [`Role::Sentiment`].
    pub sentiment: RoleDraft,
    /// For [`Role::EmotionalDistress`].
    pub emotional_distress: RoleDraft,
}

/// The labels of one role as they are written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDraft {
    /// A sentence with `{}` where the label goes.
    pub template: String,
    /// The labels.
    pub labels: Vec<LabelDraft>,
}

/// One label as it is written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelDraft {
    /// The words.
    pub text: String,
    /// 0 (harmless) to 1 (danger to life now); see [`Label::severity`].
    pub severity: f32,
}

/// A label set that keeps the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSet {
    name: String,
    description: String,
    roles: [RoleLabels; 3],
}

/// What the model of one role is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleLabels {
    template: String,
    labels: Vec<Label>,
}

/// A rule that a draft breaks. Sentences name the role and the label; the file is known to the reader
/// of the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LabelSetError {
    /// The name could not be written in settings or as a file name.
    #[error("the name {name:?} must be lower-case letters, digits, `_` and `-`, at most 64 of them")]
    Name {
        /// The name.
        name: String,
    },
    /// There is no description.
    #[error("the description is empty")]
    Description,
    /// A template without a place for the label, or with several.
    #[error("{role}: the template {template:?} must have exactly one {{}} and no line break")]
    Template {
        /// Whose template.
        role: Role,
        /// The template.
        template: String,
    },
    /// Too few labels to tell anything apart, or more than any message is worth.
    #[error("{role}: it has {found} labels, allowed are {} to {}", RoleLabels::MIN, RoleLabels::MAX)]
    Count {
        /// Whose labels.
        role: Role,
        /// How many there are.
        found: usize,
    },
    /// A label that is no phrase.
    #[error(
        "{role}: the label {label:?} must have 1 to {} characters, without line breaks, braces or spaces around it",
        RoleLabels::MAX_CHARACTERS
    )]
    Text {
        /// Whose label.
        role: Role,
        /// The label.
        label: String,
    },
    /// Two labels of a role are the same words.
    #[error("{role}: the label {label:?} is there twice")]
    Twice {
        /// Whose label.
        role: Role,
        /// The label.
        label: String,
    },
    /// A severity outside its range.
    #[error("{role}: the severity of the label {label:?} is {severity}, outside of 0 to 1")]
    Severity {
        /// Whose label.
        role: Role,
        /// The label.
        label: String,
        /// Its severity.
        severity: f32,
    },
    /// The role that leads could never say "high".
    #[error("{role}: its most severe label, {label:?}, has {severity}; at least one must have 0.75 or more")]
    NothingSevere {
        /// Whose labels.
        role: Role,
        /// The most severe label.
        label: String,
        /// Its severity.
        severity: f32,
    },
    /// The role that leads could never say "nothing".
    #[error("{role}: its least severe label, {label:?}, has {severity}; at least one must have 0")]
    NothingHarmless {
        /// Whose labels.
        role: Role,
        /// The least severe label.
        label: String,
        /// Its severity.
        severity: f32,
    },
}

impl LabelSet {
    /// The set that keeps to the rules, or the first rule that it breaks.
    pub fn new(draft: LabelSetDraft) -> Result<Self, LabelSetError> {
        let LabelSetDraft { name, description, depression, sentiment, emotional_distress } = draft;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(LabelSetError::Name { name });
        }
        if description.trim().is_empty() {
            return Err(LabelSetError::Description);
        }
        let roles = [
            RoleLabels::new(Role::Depression, depression)?,
            RoleLabels::new(Role::Sentiment, sentiment)?,
            RoleLabels::new(Role::EmotionalDistress, emotional_distress)?,
        ];
        roles[0].reach_both_ends(Role::Depression)?;
        Ok(LabelSet { name, description, roles })
    }

    /// What it is called in settings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One sentence for whoever chooses.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What the model of a role is asked.
    pub const fn role(&self, role: Role) -> &RoleLabels {
        &self.roles[role as usize]
    }

    /// The roles with what their models are asked.
    pub fn roles(&self) -> impl Iterator<Item = (Role, &RoleLabels)> {
        Role::ALL.into_iter().zip(&self.roles)
    }

    /// How many hypotheses a message is compared with.
    pub fn hypotheses(&self) -> usize {
        self.roles.iter().map(|r| r.labels.len()).sum()
    }
}

impl RoleLabels {
    /// One label would always be the answer.
    const MIN: usize = 2;
    /// A message is read once a label: more would cost seconds.
    const MAX: usize = 64;
    /// A hypothesis is a short sentence.
    const MAX_CHARACTERS: usize = 200;

    fn new(role: Role, draft: RoleDraft) -> Result<Self, LabelSetError> {
        let RoleDraft { template, labels } = draft;
        if template.matches("{}").count() != 1 || template.chars().any(char::is_control) {
            return Err(LabelSetError::Template { role, template });
        }
        if !(Self::MIN..=Self::MAX).contains(&labels.len()) {
            return Err(LabelSetError::Count { role, found: labels.len() });
        }
        let mut seen = BTreeSet::new();
        for LabelDraft { text: label, severity } in &labels {
            let (label, severity) = (label.clone(), *severity);
            if !is_phrase(&label) {
                return Err(LabelSetError::Text { role, label });
            }
            // A NaN lies in no range.
            if !(0.0..=1.0).contains(&severity) {
                return Err(LabelSetError::Severity { role, label, severity });
            }
            if !seen.insert(label.to_lowercase()) {
                return Err(LabelSetError::Twice { role, label });
            }
        }
        let labels = labels.into_iter().map(|l| Label { name: l.text, severity: l.severity }).collect();
        Ok(RoleLabels { template, labels })
    }

    /// The labels reach from nothing to danger: a softmax gives its mass to some label, so a list
    /// without one end could never say it.
    fn reach_both_ends(&self, role: Role) -> Result<(), LabelSetError> {
        let by_severity = |a: &&Label, b: &&Label| a.severity.total_cmp(&b.severity);
        let (Some(least), Some(most)) =
            (self.labels.iter().min_by(by_severity), self.labels.iter().max_by(by_severity))
        else {
            return Err(LabelSetError::Count { role, found: 0 });
        };
        let (label, severity) = (most.name.clone(), most.severity);
        if severity < 0.75 {
            return Err(LabelSetError::NothingSevere { role, label, severity });
        }
        let (label, severity) = (least.name.clone(), least.severity);
        if severity > 0.0 {
            return Err(LabelSetError::NothingHarmless { role, label, severity });
        }
        Ok(())
    }

    /// The sentence with `{}` where the label goes.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The labels, in the order in which they are written.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The sentences that a message is compared with, in the order of the labels.
    pub fn hypotheses(&self) -> impl Iterator<Item = String> {
        self.labels.iter().map(|label| self.template.replace("{}", &label.name))
    }
}

fn is_phrase(text: &str) -> bool {
    let characters = text.chars().count();
    (1..=RoleLabels::MAX_CHARACTERS).contains(&characters)
        && text.trim() == text
        && !text.chars().any(|c| c.is_control() || matches!(c, '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(labels: &[(&str, f32)]) -> RoleDraft {
        let label = |&(text, severity): &(&str, f32)| LabelDraft { text: text.to_owned(), severity };
        RoleDraft { template: "They {}.".to_owned(), labels: labels.iter().map(label).collect() }
    }

    fn draft() -> LabelSetDraft {
        LabelSetDraft {
            name: "mine".to_owned(),
            description: "For a test.".to_owned(),
            depression: role(&[("want to die", 0.75), ("are fine", 0.0)]),
            sentiment: role(&[("are sad", 0.25), ("are happy", 0.0)]),
            emotional_distress: role(&[("panic", 0.5), ("are calm", 0.1), ("play", 0.0)]),
        }
    }

    #[test]
    fn a_set_puts_its_labels_into_its_template() {
        let set = LabelSet::new(draft()).expect("it keeps the rules");
        let said: Vec<String> = set.role(Role::Depression).hypotheses().collect();
        assert_eq!(said, ["They want to die.", "They are fine."]);
        assert_eq!(set.hypotheses(), 7);
        let sizes: Vec<(Role, usize)> = set.roles().map(|(role, l)| (role, l.labels().len())).collect();
        assert_eq!(sizes, [(Role::Depression, 2), (Role::Sentiment, 2), (Role::EmotionalDistress, 3)]);
    }

    #[test]
    fn a_broken_rule_is_told_with_role_and_label() {
        struct Case {
            spoil: fn(&mut LabelSetDraft),
            says: &'static str,
        }
        let case = |spoil, says| Case { spoil, says };
        let cases = [
            case(|d| d.name = "../mine".into(), "the name \"../mine\" must be lower-case letters"),
            case(|d| d.description = " ".into(), "the description is empty"),
            case(|d| d.sentiment.template = "They.".into(), "sentiment: the template \"They.\" must have"),
            case(|d| d.sentiment.template = "{} {}".into(), "sentiment: the template \"{} {}\" must have"),
            case(|d| drop(d.depression.labels.pop()), "depression: it has 1 labels, allowed are 2 to 64"),
            case(|d| d.sentiment.labels[0].text = " sad".into(), "sentiment: the label \" sad\" must have"),
            case(|d| d.sentiment.labels[0].text = "{}".into(), "sentiment: the label \"{}\" must have"),
            case(|d| d.sentiment.labels[0].text = "Are Happy".into(), "\"are happy\" is there twice"),
            case(|d| d.sentiment.labels[1].severity = 1.5, "\"are happy\" is 1.5, outside of 0 to 1"),
            case(|d| d.sentiment.labels[1].severity = f32::NAN, "\"are happy\" is NaN, outside of 0 to 1"),
            case(|d| d.depression.labels[0].severity = 0.7, "\"want to die\", has 0.7; at least one must"),
            case(|d| d.depression.labels[1].severity = 0.1, "\"are fine\", has 0.1; at least one must"),
        ];
        for Case { spoil, says } in cases {
            let mut draft = draft();
            spoil(&mut draft);
            let error = LabelSet::new(draft).expect_err(says).to_string();
            assert!(error.contains(says), "{error} does not say {says}");
        }
    }

    #[test]
    fn only_the_role_that_leads_must_reach_both_ends() {
        let mut draft = draft();
        draft.sentiment = role(&[("are sad", 0.3), ("are happy", 0.1)]);
        assert!(LabelSet::new(draft).is_ok());
    }
}
