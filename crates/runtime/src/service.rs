//! The service that every surface calls: HTTP, command line, evaluation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ash_analysis::{Assessment, Classifier, CrisisAnalyzer, MessageText, Words};

use crate::cache::{AssessmentCache, CacheStatus, Source, Unkept};
use crate::conversation::{self, History};
use crate::coordinator::{ModelCoordinator, ModelStatus};
use crate::engine::{Current, Engine};
use crate::error::{AnalyzeError, StartError};
use crate::health::Health;
use crate::label_sets::LabelSets;
use crate::lifecycle::{Lifecycle, Phase};
use crate::pace::Pace;
use crate::pipeline;
use crate::queue::{self, Cost, Priority, QueueStatus};
use crate::scheduler::Scheduler;
use crate::settings::Settings;
use crate::timing::{Timing, ms};
use crate::warmup::FirstLive;
use crate::wording::Wording;
use crate::words::load_words;
use crate::zero_shot::SwitchError;

/// An assessment and the time it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Analyzed {
    /// The verdict.
    pub assessment: Assessment,
    /// Where the time went.
    pub timing: Timing,
    /// Where the verdict came from.
    pub source: Source,
}

/// What is asked of the service.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// The message.
    pub text: MessageText,
    /// The messages before it.
    pub history: History,
    /// Whether somebody waits for this one.
    pub priority: Priority,
}

impl Request {
    /// A message without a history that somebody waits for.
    pub fn new(text: MessageText) -> Self {
        Request { text, history: History::default(), priority: Priority::Interactive }
    }
}

/// A queue, models behind it once they are there, and words for when they are not. Share it in an [`Arc`];
/// dropping the last one finishes what was accepted.
pub struct Service {
    engine: Arc<Current>,
    scheduler: Scheduler,
    wording: Wording,
    verdicts: AssessmentCache,
    life: Arc<Lifecycle>,
    pace: Pace,
    /// The first real request was looked at.
    first_seen: AtomicBool,
    /// Held by whoever exchanges the engine, so that no exchange is lost.
    changing: Mutex<()>,
}

impl Service {
    /// A service that judges by words until [`Service::bring_up`] has brought the models. Blocks for as long as
    /// patterns take to compile.
    pub fn open(settings: Settings, life: Arc<Lifecycle>) -> Result<Self, StartError> {
        let words = Arc::new(load_words(&settings.patterns)?);
        Self::over(settings, words, life)
    }

    /// Loads the models and warms them up. Blocks for as long as that takes (about a second). An error if no model
    /// can be loaded.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let service = Self::start_cold(settings)?;
        service.warm_up();
        Ok(service)
    }

    /// Loads the models only: for a command that answers once, where warming up would cost more than
    /// it gains. Its health says that nothing was warmed.
    pub fn start_cold(settings: Settings) -> Result<Self, StartError> {
        let life = Arc::new(Lifecycle::default());
        let (words, models) = std::thread::scope(|scope| {
            let words = scope.spawn(|| load_words(&settings.patterns));
            let models = ModelCoordinator::preload_models(&settings.models, &settings.cache, &life);
            (words.join(), models)
        });
        let words = words.map_err(|_| StartError::Panicked("patterns".to_owned()))??;
        let service = Self::over(settings, Arc::new(words), Arc::clone(&life))?;
        service.install_models(models?)?;
        life.advance(Phase::Ready);
        Ok(service)
    }

    /// The same with models that are there already: for tests and for embedding.
    pub fn with_classifier(settings: Settings, classifier: Arc<dyn Classifier>) -> Result<Self, StartError> {
        let service = Self::open(settings, Arc::new(Lifecycle::default()))?;
        service.install_models(ModelCoordinator::with_classifier("custom", classifier))?;
        service.warm_up();
        Ok(service)
    }

    fn over(settings: Settings, words: Arc<Words>, life: Arc<Lifecycle>) -> Result<Self, StartError> {
        let (queue, cache) = (settings.queue, settings.cache);
        let why = "the models are being loaded".to_owned();
        let engine = Engine::of_words(Arc::new(settings), words, why)?;
        let engine = Arc::new(Current::new(engine));
        life.advance(Phase::Loading);
        let live = Arc::clone(&engine);
        let work = Box::new(move |texts: &[MessageText]| pipeline::assess(&live.get().analyzer, texts));
        let scheduler = Scheduler::start(queue, cost(&engine), work).map_err(StartError::Thread)?;
        let live = Arc::clone(&engine);
        let judge =
            Box::new(move |text, why: &str| pipeline::assess_unasked(&live.get().analyzer, text, why));
        Ok(Service {
            engine,
            scheduler,
            wording: Wording::start(judge).map_err(StartError::Thread)?,
            verdicts: AssessmentCache::new(&cache),
            life,
            pace: Pace::default(),
            first_seen: AtomicBool::new(false),
            changing: Mutex::default(),
        })
    }

    /// Loads the models and warms them up, while words answer. Models that fail leave the service degraded and are
    /// logged; an error only if the settings do not fit the models. Blocks.
    pub fn bring_up(&self) -> Result<(), StartError> {
        let settings = self.settings();
        match ModelCoordinator::preload_models(&settings.models, &settings.cache, &self.life) {
            Ok(models) => {
                self.install_models(models)?;
                self.warm_up();
            }
            Err(error) => {
                tracing::error!(%error, "no model answers: messages are judged by their words");
                self.install_words(&error.to_string())?;
                self.life.advance(Phase::Ready);
            }
        }
        Ok(())
    }

    /// Loads the models once more if some are missing or the warm-up failed, and takes them over if they are
    /// better than what is there. Blocks. `true`: nothing is missing now.
    pub fn retry(&self) -> bool {
        if self.is_whole() {
            return true;
        }
        let settings = self.settings();
        let spare = Lifecycle::default();
        let models = match ModelCoordinator::preload_models(&settings.models, &settings.cache, &spare) {
            Ok(models) => models,
            Err(error) => {
                tracing::warn!(%error, "the models still cannot be loaded");
                return false;
            }
        };
        let loaded = |models: &[ModelStatus]| models.iter().filter(|m| m.loaded).count();
        let (before, now) = (loaded(&self.models()), loaded(models.models()));
        if now < before {
            return false;
        }
        if let Err(error) = self.install_models(models) {
            tracing::error!(%error, "the models that were loaded do not fit the settings");
            return false;
        }
        self.warm_up();
        tracing::info!(models = now, whole = self.is_whole(), "the models were loaded again");
        self.is_whole()
    }

    /// Every configured model is loaded, and the pipeline was warmed with them.
    pub fn is_whole(&self) -> bool {
        self.engine.get().models.as_ref().is_ok_and(|models| models.is_whole())
    }

    /// Judges by other settings and words from the next message on, by those of `settings` that can be exchanged
    /// while it runs; files of patterns are read again. On an error nothing has changed. Returns the sections
    /// whose changes need a restart. Blocks.
    pub fn reload(&self, settings: &Settings) -> Result<Vec<&'static str>, StartError> {
        let words = Arc::new(load_words(&settings.patterns)?);
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let (settings, restart) = engine.settings.reloaded(settings);
        let (set, label_set) = (engine.models.as_ref().ok(), &settings.models.zero_shot.label_set);
        let next = engine.with(Arc::new(settings.clone()), words)?;
        if let Some(zero_shot) = set.and_then(|models| models.zero_shot_profile())
            && zero_shot.labels().name() != label_set
        {
            zero_shot.switch_labels(label_set).map_err(StartError::Labels)?;
        }
        self.install(next);
        Ok(restart)
    }

    fn install_models(&self, models: ModelCoordinator) -> Result<(), StartError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let words = Arc::clone(engine.analyzer.words());
        self.install(Engine::of_models(Arc::clone(&engine.settings), words, Arc::new(models))?);
        Ok(())
    }

    fn install_words(&self, why: &str) -> Result<(), StartError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let words = Arc::clone(engine.analyzer.words());
        self.install(Engine::of_words(Arc::clone(&engine.settings), words, why.to_owned())?);
        Ok(())
    }

    fn install(&self, engine: Engine) {
        self.engine.install(engine);
        self.verdicts.clear();
    }

    /// Warms up what is installed, through the queue and the thread that everybody's messages go through.
    fn warm_up(&self) {
        self.life.advance(Phase::Warming);
        if let Ok(models) = &self.engine.get().models {
            let measured = models.warm_up_analysis_pipeline(&|texts| {
                let answers = self.analyze(texts.to_vec()).map_err(|error| error.to_string())?;
                match answers.iter().flat_map(|a| &a.assessment.failures).next() {
                    Some(failure) => Err(failure.to_string()),
                    None => Ok(answers.into_iter().map(|a| a.timing).collect()),
                }
            });
            self.pace.set(&measured);
            if let Some(error) = models.warmup_status().error {
                tracing::error!(error, "the warm-up failed");
            }
        }
        self.life.advance(Phase::Ready);
    }

    /// Assesses messages in order, waiting for room in the queue; nothing is remembered. Blocks; not for async code.
    pub fn analyze(&self, texts: Vec<MessageText>) -> Result<Vec<Analyzed>, AnalyzeError> {
        let queue = self.scheduler.queue();
        let answers: Vec<_> = texts.into_iter().map(|t| queue.push_patiently(t)).collect::<Result<_, _>>()?;
        answers
            .into_iter()
            .map(|answer| {
                let (assessment, timing) = answer.blocking_recv().unwrap_or(Err(AnalyzeError::Failed))?;
                Ok(Analyzed { assessment, timing, source: Source::Miss })
            })
            .collect()
    }

    /// Assesses one message, in the light of those before it if there are any and `conversation.enabled`.
    ///
    /// What cannot wait for the models is judged by its words, degraded. Dropping the future withdraws a message
    /// that still waits.
    pub async fn submit(&self, request: Request) -> Result<Analyzed, AnalyzeError> {
        let start = Instant::now();
        let Request { text, history, priority } = request;
        let settings = self.settings();
        let read_history = settings.conversation.enabled && !history.messages.is_empty();
        let mut analyzed = if read_history {
            let items = conversation::scored(self, history.messages, priority);
            let (analyzed, items) = tokio::join!(self.verdict(text, priority), items);
            let when = (history.at, history.local_hour);
            conversation::contextualised(analyzed?, &items, when, history.notes, &settings.conversation)
        } else {
            self.verdict(text, priority).await?
        };
        analyzed.timing.total_ms = ms(start.elapsed());
        Ok(analyzed)
    }

    /// The verdict on one message by itself: remembered, or by the models, or by its words.
    pub(crate) async fn verdict(
        &self,
        text: MessageText,
        priority: Priority,
    ) -> Result<Analyzed, AnalyzeError> {
        let start = Instant::now();
        let engine = self.engine.get();
        let (mut timing, mut asked) = (None, None);
        let assess = async {
            asked = Some(Instant::now());
            let (assessment, took) =
                self.ask(&engine, text.clone(), priority).await.map_err(Unkept::Failed)?;
            timing = Some(took);
            if assessment.is_degraded() {
                return Err(Unkept::Degraded(Box::new(assessment)));
            }
            Ok(assessment)
        };
        let (found, source) = self.verdicts.get_or_assess(engine.generation, &text, assess).await;
        let assessment = match found {
            Ok(assessment) => assessment,
            Err(Unkept::Degraded(assessment)) => *assessment,
            Err(Unkept::Failed(error)) => return Err(error),
        };
        let mut timing = timing.unwrap_or_default();
        timing.cache_ms = ms(asked.map_or_else(|| start.elapsed(), |asked| asked - start));
        timing.total_ms = ms(start.elapsed());
        if source == Source::Miss && !assessment.is_degraded() {
            self.look_at_the_first(&engine, &timing);
        }
        Ok(Analyzed { assessment, timing, source })
    }

    /// The verdict of the models, or of the words if the models cannot be waited for.
    async fn ask(
        &self,
        engine: &Engine,
        text: MessageText,
        priority: Priority,
    ) -> Result<(Assessment, Timing), AnalyzeError> {
        if let Err(why) = &engine.models {
            return self.wording.judge(text, why.clone()).await;
        }
        let outcome = match self.scheduler.queue().push(text.clone(), priority) {
            Ok(answer) => answer.await.unwrap_or(Err(AnalyzeError::Failed)),
            Err(error) => Err(error),
        };
        match outcome {
            Err(error @ (AnalyzeError::Overloaded { .. } | AnalyzeError::Late)) => {
                let by_words = self.wording.judge(text, error.to_string()).await;
                // When to come back is known better by the queue than by the way around it.
                by_words.map_err(|_| error)
            }
            outcome => outcome,
        }
    }

    /// The first real message that ran alone shows whether the warm-up kept its promise.
    fn look_at_the_first(&self, engine: &Engine, timing: &Timing) {
        if timing.batch != 1 || timing.tokens == 0 || self.life.phase() != Phase::Ready {
            return;
        }
        let (Ok(models), Some(expected)) = (&engine.models, self.pace.expected_ms(timing.tokens)) else {
            return;
        };
        if self.first_seen.swap(true, Ordering::Relaxed) {
            return;
        }
        let first = FirstLive::new(timing.total_ms - timing.queue_ms, expected);
        if !first.within {
            tracing::warn!(
                took_ms = first.took_ms,
                expected_ms = first.expected_ms,
                "the first request was slower than the warm-up promised"
            );
        }
        models.first_live(first);
    }

    /// Says "draining" from now on, so that nobody sends more. What still comes in over open
    /// connections is answered all the same; dropping the service is what ends it.
    pub fn drain(&self) {
        self.life.advance(Phase::Draining);
    }

    /// What the service says of itself.
    pub fn health(&self) -> Health {
        Health::of(&self.engine.get(), &self.life)
    }

    /// The analyzer itself, for those who bring their own batches: evaluation, fitting.
    pub fn analyzer(&self) -> Arc<CrisisAnalyzer> {
        Arc::clone(&self.engine.get().analyzer)
    }

    /// The settings that it runs by at this moment.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.engine.get().settings)
    }

    /// All label sets that could be asked; none in a profile that has no label sets.
    pub fn with_label_sets<T>(&self, read: impl FnOnce(&LabelSets) -> T) -> Option<T> {
        let engine = self.engine.get();
        let profile = engine.models.as_ref().ok()?.zero_shot_profile()?;
        Some(read(profile.label_sets()))
    }

    /// Judges by another label set from the next message on. What runs finishes with the set that it
    /// began with; on an error nothing has changed.
    pub fn switch_labels(&self, name: &str) -> Result<(), SwitchError> {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = self.engine.get();
        let models = engine.models.as_ref().map_err(|why| SwitchError::NoModels { why: why.clone() })?;
        let profile = models.zero_shot_profile();
        let profile =
            profile.ok_or_else(|| SwitchError::NoLabels { profile: models.profile().to_owned() })?;
        profile.switch_labels(name)?;
        tracing::info!(label_set = name, "the label set was switched");
        // The same engine under a new generation: what was remembered was another set's.
        self.install(Engine {
            generation: 0,
            settings: Arc::clone(&engine.settings),
            analyzer: Arc::clone(&engine.analyzer),
            models: Ok(Arc::clone(models)),
        });
        Ok(())
    }

    /// What became of each configured model; empty before any was loaded.
    pub fn models(&self) -> Vec<ModelStatus> {
        self.engine.get().models.as_ref().map_or_else(|_| Vec::new(), |models| models.models().to_vec())
    }

    /// The queue at this moment.
    pub fn queue(&self) -> QueueStatus {
        self.scheduler.queue().status()
    }

    /// What is remembered: whole verdicts, and what the models said.
    pub fn caches(&self) -> (CacheStatus, CacheStatus) {
        let inference =
            self.engine.get().models.as_ref().map_or_else(|_| CacheStatus::default(), |m| m.cache());
        (self.verdicts.status(), inference)
    }
}

/// A message costs its tokens; with zero-shot, its tokens with every hypothesis.
fn cost(engine: &Arc<Current>) -> Cost {
    let engine = Arc::clone(engine);
    Box::new(move |text| {
        let tokens = queue::tokens(text);
        match engine.get().models.as_ref().map(|models| models.zero_shot_profile()) {
            Ok(Some(profile)) => profile.tokens(tokens),
            _ => tokens,
        }
    })
}
