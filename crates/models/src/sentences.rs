//! Something to ask a model, where the user has nothing better: messages as a community writes them,
//! and hypotheses about their writer. Written for this purpose and in no corpus.

/// Messages, calm and distressed.
pub const MESSAGES: [&str; 12] = [
    "good morning all, who else is up way too early today",
    "i don't want to be here any more and i don't think anybody would notice if i left",
    "that last round killed me, i am never playing support again",
    "my brother stopped talking to me after i came out and the house is so quiet now",
    "does anyone have the link for the study group on thursday?",
    "i have the pills on my desk and i keep counting them",
    "two years clean today, thank you for every single late night call",
    "i can't breathe and my hands won't stop shaking, i think it is happening again",
    "new haircut, new me, the cat does not approve",
    "everything i touch goes wrong and i am so tired of trying",
    "we quoted that sad song all evening and then laughed until two",
    "my friend wrote goodbye to everyone an hour ago and does not pick up",
];

/// What a natural language inference model is asked about each message.
pub const HYPOTHESES: [&str; 6] = [
    "The writer wants to die.",
    "The writer is in great distress.",
    "The writer is worried about somebody else.",
    "The writer is talking about a game.",
    "The writer is making small talk.",
    "The writer is proud or grateful.",
];
