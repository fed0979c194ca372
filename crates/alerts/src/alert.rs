//! What a verdict gives to tell.

use std::fmt;
use std::time::SystemTime;

use ash_analysis::{Action, Level, MessageText, Score};

/// A verdict that may be worth an alert; whether it is, the settings of each webhook say.
#[derive(Clone)]
pub struct Alert {
    /// The request that was answered with this verdict; receivers may deduplicate by it.
    pub id: String,
    /// How urgent.
    pub level: Level,
    /// How urgent, as a number.
    pub score: Score,
    /// How sure.
    pub confidence: Score,
    /// What the team is advised to do.
    pub action: Action,
    /// One sentence on why, made of our words, never of the message's.
    pub reason: String,
    /// What it seems to be about, most probable first.
    pub categories: Vec<String>,
    /// A part had failed when this was judged.
    pub is_degraded: bool,
    /// A human must read the message.
    pub requires_staff_review: bool,
    /// A keyed hash of who wrote it, in hex; none if the caller did not say.
    pub person: Option<String>,
    /// A keyed hash of where, in hex.
    pub channel: Option<String>,
    /// What makes two alerts one: a keyed hash of the person or, without a person, of the text.
    pub dedupe: [u8; 16],
    /// The message; told only where the settings say so twice.
    pub text: Option<MessageText>,
    /// When it was judged.
    pub at: SystemTime,
}

impl fmt::Debug for Alert {
    /// Nothing that leads to a person: the request and the level.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alert").field("id", &self.id).field("level", &self.level).finish_non_exhaustive()
    }
}
