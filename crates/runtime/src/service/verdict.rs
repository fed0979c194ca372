//! The way of one message: remembered, or by the models, or by its words.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ash_analysis::{Assessment, MessageText};

use super::{Analyzed, Request, Service};
use crate::cache::Unkept;
use crate::conversation;
use crate::engine::Engine;
use crate::error::AnalyzeError;
use crate::lifecycle::Phase;
use crate::queue::Priority;
use crate::report;
use crate::telemetry::{Degraded, Shed, ShedReason};
use crate::timing::{Timing, ms};
use crate::warmup::FirstLive;

impl Service {
    /// Assesses one message, in the light of those before it if there are any and `conversation.enabled`.
    ///
    /// What cannot wait for the models is judged by its words, degraded. Dropping the future withdraws a message
    /// that still waits.
    pub async fn submit(&self, request: Request) -> Result<Analyzed, AnalyzeError> {
        let start = Instant::now();
        let Request { text, history, priority, from, is_rehearsal } = request;
        let settings = self.settings();
        let told =
            self.announcer.as_ref().filter(|_| !is_rehearsal).map(|announcer| (announcer, text.clone()));
        let read_history = settings.conversation.enabled && !history.messages.is_empty();
        let (mut analyzed, degraded) = if read_history {
            let items = conversation::scored(self, history.messages, priority);
            let (verdict, items) = tokio::join!(self.verdict(text, priority), items);
            let (analyzed, degraded) = verdict?;
            let when = (history.at, history.local_hour);
            let settings = &settings.conversation;
            (conversation::contextualised(analyzed, &items, when, history.notes, settings), degraded)
        } else {
            self.verdict(text, priority).await?
        };
        analyzed.timing.total_ms = ms(start.elapsed());
        if !is_rehearsal {
            report::answered(&self.telemetry, &analyzed, degraded);
        }
        if let Some((announcer, text)) = told {
            announcer.announce(&analyzed.assessment, &text, from);
        }
        Ok(analyzed)
    }

    /// The verdict on one message by itself, and why it is degraded, if it is: remembered, or by the models, or by
    /// its words.
    pub(crate) async fn verdict(
        &self,
        text: MessageText,
        priority: Priority,
    ) -> Result<(Analyzed, Option<Degraded>), AnalyzeError> {
        let start = Instant::now();
        let engine = self.engine.get();
        let (mut timing, mut asked) = (None, None);
        let assess = async {
            asked = Some(Instant::now());
            let ((assessment, took), shed) =
                self.ask(&engine, text.clone(), priority).await.map_err(Unkept::Failed)?;
            timing = Some(took);
            match shed.map(Degraded::from) {
                Some(why) => Err(Unkept::Degraded(Box::new(assessment), why)),
                None if assessment.is_degraded() => {
                    Err(Unkept::Degraded(Box::new(assessment), Degraded::ModelFailed))
                }
                None => Ok(assessment),
            }
        };
        let (found, source) = self.verdicts.get_or_assess(engine.generation, &text, assess).await;
        let (assessment, degraded) = match found {
            Ok(assessment) => (assessment, None),
            Err(Unkept::Degraded(assessment, why)) => (*assessment, Some(why)),
            Err(Unkept::Failed(error)) => return Err(error),
        };
        let mut timing = timing.unwrap_or_default();
        timing.cache_ms = ms(asked.map_or_else(|| start.elapsed(), |asked| asked - start));
        timing.total_ms = ms(start.elapsed());
        if asked.is_some() && degraded.is_none() {
            self.look_at_the_first(&engine, &timing);
        }
        Ok((Analyzed { assessment, timing, source }, degraded))
    }

    /// The verdict of the models, or of the words and why, if the models cannot be waited for.
    async fn ask(
        &self,
        engine: &Engine,
        text: MessageText,
        priority: Priority,
    ) -> Result<((Assessment, Timing), Option<ShedReason>), AnalyzeError> {
        if let Err(sentence) = &engine.models {
            let loading = self.life.phase() < Phase::Ready;
            let why = if loading { ShedReason::Starting } else { ShedReason::ModelsDown };
            return self.by_words(text, sentence.clone(), why).await;
        }
        let outcome = match self.scheduler.queue().push(text.clone(), priority) {
            Ok(answer) => match tokio::time::timeout(engine.settings.patience(), answer).await {
                Ok(outcome) => outcome.unwrap_or(Err(AnalyzeError::Failed)),
                // Models that take longer than anybody waits. Dropping the answer withdraws the message.
                Err(_) => Err(AnalyzeError::Late),
            },
            Err(error) => Err(error),
        };
        let why = match &outcome {
            Err(AnalyzeError::Overloaded { .. }) => ShedReason::Full,
            Err(AnalyzeError::Late) => ShedReason::Late,
            Ok(_) | Err(AnalyzeError::Closed | AnalyzeError::Failed) => {
                return outcome.map(|done| (done, None));
            }
        };
        match outcome {
            Ok(done) => Ok((done, None)),
            // When to come back is known better by the queue than by the way around it.
            Err(error) => self.by_words(text, error.to_string(), why).await.map_err(|_| error),
        }
    }

    async fn by_words(
        &self,
        text: MessageText,
        sentence: String,
        why: ShedReason,
    ) -> Result<((Assessment, Timing), Option<ShedReason>), AnalyzeError> {
        self.telemetry.emit(&Shed { why });
        Ok((self.wording.judge(text, sentence).await?, Some(why)))
    }

    /// The first real message that ran alone shows whether the warm-up kept its promise.
    fn look_at_the_first(&self, engine: &Engine, timing: &Timing) {
        if timing.batch != 1 || timing.tokens == 0 || self.life.phase() != Phase::Ready {
            return;
        }
        let baseline = *self.baseline.read().unwrap_or_else(PoisonError::into_inner);
        let (Ok(models), Some(baseline)) = (&engine.models, baseline) else { return };
        if self.first_seen.swap(true, Ordering::Relaxed) {
            return;
        }
        let first = FirstLive::new(timing.total_ms - timing.queue_ms, ms(baseline.expected(timing.tokens)));
        if !first.within {
            tracing::warn!(
                took_ms = first.took_ms,
                expected_ms = first.expected_ms,
                "the first request was slower than the warm-up promised"
            );
        }
        models.first_live(first);
    }
}
