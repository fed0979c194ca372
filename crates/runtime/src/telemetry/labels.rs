//! The words by which things are counted: closed sets, so that no client can make new time series.

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// An enum whose variants have a name on the wire, in a fixed order.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name in metrics and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Its place in [`Self::ALL`].
            pub(super) const fn index(self) -> usize {
                self as usize
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {}
    };
}

words! {
    /// A stage of the way of a message.
    Stage {
        /// From submission until the batch was taken from the queue.
        Queue = "queue",
        /// Raw text to clean message.
        Normalise = "normalise",
        /// The look into the caches.
        Cache = "cache",
        /// Clean text to tokens.
        Tokenise = "tokenise",
        /// Tokens to probabilities, all models.
        Inference = "inference",
        /// Words to findings.
        Patterns = "patterns",
        /// Probabilities and findings to assessment.
        Decision = "decision",
        /// From submission until the assessment was there.
        Total = "total",
    }
}

words! {
    /// Where an assessment came from.
    Source {
        /// It was in the cache.
        Hit = "hit",
        /// It was looked for, not found, and computed.
        Miss = "miss",
        /// The same message was being computed for somebody else; both got that.
        Coalesced = "coalesced",
        /// Nobody looked into the cache: it is off, or the answer could not come from there.
        Bypass = "bypass",
    }
}

words! {
    /// Why the models were not asked.
    ShedReason {
        /// The queue was full.
        Full = "full",
        /// The deadline had passed before the message was taken from the queue.
        Late = "late",
        /// No model can answer.
        ModelsDown = "models_down",
        /// The models are not loaded yet.
        Starting = "starting",
    }
}

words! {
    /// Why an assessment is less than it should be.
    Degraded {
        /// A model failed on this message; the others answered, or patterns did.
        ModelFailed = "model_failed",
        /// [`ShedReason::Full`]: patterns alone answered.
        Full = "full",
        /// [`ShedReason::Late`]: patterns alone answered.
        Late = "late",
        /// [`ShedReason::ModelsDown`]: patterns alone answered.
        ModelsDown = "models_down",
        /// [`ShedReason::Starting`]: patterns alone answered.
        Starting = "starting",
    }
}

impl From<ShedReason> for Degraded {
    fn from(reason: ShedReason) -> Self {
        match reason {
            ShedReason::Full => Degraded::Full,
            ShedReason::Late => Degraded::Late,
            ShedReason::ModelsDown => Degraded::ModelsDown,
            ShedReason::Starting => Degraded::Starting,
        }
    }
}

words! {
    /// A cache of the service.
    Cache {
        /// Whole assessments.
        Assessments = "assessments",
        /// What one model said of one clean text.
        Inference = "inference",
    }
}

words! {
    /// What became of what staff said of a verdict.
    FeedbackOutcome {
        /// It was stored.
        Stored = "stored",
        /// It was stored before: the client sent it again.
        Known = "known",
        /// It could not be stored, and whoever sent it was told.
        Failed = "failed",
    }
}

words! {
    /// What became of an alert, or of an attempt to deliver it.
    AlertOutcome {
        /// It is in the outbox for a webhook.
        Accepted = "accepted",
        /// A receiver took it.
        Sent = "sent",
        /// An attempt failed; others may follow.
        Failed = "failed",
        /// It will not be told.
        Dropped = "dropped",
        /// The receiver was told of the same person a short while ago.
        Deduplicated = "deduplicated",
        /// It is only counted in a summary.
        Folded = "folded",
    }
}

/// How something ended that can fail, by whether it worked.
pub(super) const OUTCOMES: [&str; 2] = ["failed", "ok"];

/// The phases of the service's life, in order; the values that [`Gauges::phase`](super::Gauges) may have.
pub const PHASES: &[&str] = &["starting", "loading", "warming", "ready", "draining"];

/// The methods that are counted by name; a client can send any word as one.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// A method by its name, or `other`.
pub(super) fn method(name: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == name).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_the_place_in_all_and_the_wire_name_is_as_str() {
        for (i, stage) in Stage::ALL.iter().enumerate() {
            assert_eq!(stage.index(), i);
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
    }

    #[test]
    fn every_reason_to_shed_is_a_reason_to_be_degraded_of_the_same_name() {
        for reason in ShedReason::ALL {
            assert_eq!(reason.as_str(), Degraded::from(*reason).as_str());
        }
    }

    #[test]
    fn a_made_up_method_is_no_new_name() {
        assert_eq!(method("POST"), "POST");
        assert_eq!(method("BREW"), "other");
    }
}
