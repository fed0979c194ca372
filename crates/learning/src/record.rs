//! What is kept of a report. The one place where it is decided what of a message reaches the disk.

use std::fmt;
use std::str::FromStr;

use ash_analysis::Level;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::adjust::Report;
use crate::feedback::{Feedback, Kind};
use crate::moment::Moment;
use crate::secret::Secret;

/// Under which a report is kept: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RecordId(String);

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record id is 1 to 128 letters, digits and . _ : -")]
pub struct NoRecordId;

impl FromStr for RecordId {
    type Err = NoRecordId;

    fn from_str(text: &str) -> Result<Self, NoRecordId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
        let is_id = (1..=128).contains(&text.len()) && text.bytes().all(allowed);
        is_id.then(|| RecordId(text.to_owned())).ok_or(NoRecordId)
    }
}

impl RecordId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A report as it is kept. With `text` it holds a message, so it has no `Debug`.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// In which way the verdict was wrong.
    pub kind: Kind,
    /// What the service said.
    pub given: Level,
    /// What it should have said.
    pub correct: Level,
    /// The severity that the client told, on its own scale.
    pub score: Option<f64>,
    /// A keyed hash of the message, 64 hexadecimal digits.
    pub text_hash: String,
    /// The message, if it is kept.
    pub text: Option<String>,
    /// What the client told beside it, without text.
    pub context: Map<String, Value>,
    /// When it came.
    pub at: Moment,
}

impl Record {
    /// What is kept of `feedback`. Its id is a keyed hash of the client's, which may be anything, or else of what it
    /// says: the same report again, from a bot that tries twice or by another route, is the same record. The context is
    /// no part of that, because such a bot words it differently.
    pub fn of(feedback: &Feedback, secret: &Secret, keep_text: bool, at: Moment) -> Self {
        let text = feedback.text.expose();
        let (kind, given, correct) = (feedback.kind, feedback.given, feedback.correct);
        let hash = match &feedback.id {
            Some(id) => secret.hash(&[b"client id", id.as_str().as_bytes()]),
            None => secret.hash(&[
                b"record",
                kind.as_str().as_bytes(),
                given.as_str().as_bytes(),
                correct.as_str().as_bytes(),
                text.as_bytes(),
            ]),
        };
        Record {
            id: RecordId(format!("fb_{}", &hash[..32])),
            kind,
            given,
            correct,
            score: feedback.score,
            text_hash: secret.hash(&[b"text", text.as_bytes()]),
            text: keep_text.then(|| text.to_owned()),
            context: crate::context::without_text(&feedback.context, secret),
            at,
        }
    }

    /// What of it moves a cut.
    pub const fn report(&self) -> Report {
        Report { kind: self.kind, given: self.given, correct: self.correct, at: self.at }
    }
}
