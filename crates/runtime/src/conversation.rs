//! A message and those before it: scores that are missing are found by the same queue and the same models.

use ash_analysis::conversation::{self, Conversation, Item, Now};
use ash_analysis::{ConversationSettings, MessageText, Offsets, Score};
use futures_util::future::join_all;

use crate::queue::Priority;
use crate::service::{Analyzed, Service};

/// What a client tells of the conversation.
#[derive(Clone, PartialEq, Default)]
pub struct History {
    /// The earlier messages.
    pub messages: Vec<PastMessage>,
    /// When the message in question was written, in seconds since 1970.
    pub at: Option<i64>,
    /// The hour on the user's clock then, 0 to 23.
    pub local_hour: Option<u8>,
    /// What of the request could not be used.
    pub notes: Vec<&'static str>,
}

/// An earlier message.
#[derive(Clone, PartialEq)]
pub struct PastMessage {
    /// Its text, if it can be judged.
    pub text: Option<MessageText>,
    /// When it was written, in seconds since 1970.
    pub at: Option<i64>,
    /// What it was judged to be, if the client knows.
    pub score: Option<Score>,
}

/// The earlier messages with their scores. The missing ones are judged together, without a wait between them, so
/// that they share a batch; one that fails, or that only its words could judge, has no score and is left out.
pub(crate) async fn scored(service: &Service, messages: Vec<PastMessage>, priority: Priority) -> Vec<Item> {
    // A score that a client remembers was made with what was learnt by then; the text tells it without that.
    let has_learnt = service.judged_by().offsets != Offsets::NONE;
    let items = messages.into_iter().map(|past| async move {
        let score = match (past.score, past.text) {
            (Some(score), text) if !has_learnt || text.is_none() => Some(score),
            (score, Some(text)) => {
                let found =
                    service.verdict(text, priority).await.ok().map(|(analyzed, _)| analyzed.assessment);
                // Words alone are no match for what models say of the messages beside it.
                let found = found.filter(|assessment| !assessment.signals.is_empty());
                found.map(|assessment| assessment.as_configured.score).or(score)
            }
            (score, None) => score,
        };
        score.map(|score| Item { score, at: past.at })
    });
    join_all(items).await.into_iter().flatten().collect()
}

/// The verdict on the message in the light of `items`.
pub(crate) fn contextualised(
    analyzed: Analyzed,
    items: &[Item],
    (at, local_hour): (Option<i64>, Option<u8>),
    notes: Vec<&'static str>,
    settings: &ConversationSettings,
) -> Analyzed {
    let Analyzed { assessment, timing, source } = analyzed;
    // With all models silent the score stands for not knowing: nothing can be said to rise to it.
    let may_raise = settings.may_raise && !assessment.signals.is_empty();
    let settings = ConversationSettings { may_raise, ..*settings };
    let standing = assessment.as_configured;
    let now = Now { level: standing.level, score: standing.score, at, local_hour };
    let mut context = Conversation::read(&now, items, &settings);
    context.notes = notes;
    Analyzed { assessment: conversation::apply(assessment, context), timing, source }
}
