//! The service that every surface calls: HTTP, command line, evaluation. Here it begins and ends; `exchange` brings
//! up what judges and exchanges it, `adjust` turns it a little, `learn` by what staff say, `verdict` is the way of one message, `state` what it
//! says of itself.

mod adjust;
mod exchange;
mod learn;
mod state;
mod verdict;

pub use adjust::JudgedBy;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ash_analysis::{Assessment, Classifier, CrisisAnalyzer, MessageText, Words};

use crate::adjustments::Adjustments;
use crate::announcer::Announcer;
use crate::cache::AssessmentCache;
use crate::conversation::History;
use crate::coordinator::ModelCoordinator;
use crate::engine::{Current, Engine};
use crate::error::{AnalyzeError, StartError};
use crate::learner::Learner;
use crate::lifecycle::{Lifecycle, Phase};
use crate::pipeline;
use crate::provenance::Provenance;
use crate::queue::{self, Cost, Priority};
use crate::report;
use crate::scheduler::Scheduler;
use crate::settings::Settings;
use crate::telemetry::{Baseline, BatchRan, Source, Telemetry};
use crate::timing::Timing;
use crate::wording::Wording;
use crate::words::load_words;

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
    /// Where it comes from, for those who are told of it.
    pub from: Provenance,
    /// Nobody sent it: it is part of the warm-up, and is not counted.
    pub is_rehearsal: bool,
}

impl Request {
    /// A message without a history that somebody waits for.
    pub fn new(text: MessageText) -> Self {
        Request {
            text,
            history: History::default(),
            priority: Priority::Interactive,
            from: Provenance::default(),
            is_rehearsal: false,
        }
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
    telemetry: Arc<Telemetry>,
    /// What a batch should take, by the warm-up.
    baseline: Arc<RwLock<Option<Baseline>>>,
    /// The first real request was looked at.
    first_seen: AtomicBool,
    /// Keeps what staff say.
    learner: Learner,
    /// Tells of what cannot wait; none if nobody is to be told.
    announcer: Option<Announcer>,
    /// Held by whoever exchanges the engine, so that no exchange is lost.
    changing: Mutex<()>,
}

impl Service {
    /// A service that judges by words until [`Service::bring_up`] has brought the models, and tells of what it judges
    /// whoever is configured. Blocks for as long as patterns take to compile.
    pub fn open(settings: Settings, life: Arc<Lifecycle>) -> Result<Self, StartError> {
        let words = load_words(&settings.patterns)?;
        let telemetry = Arc::new(Telemetry::new(settings.performance));
        let announcer = Announcer::open(&settings.alerts, Arc::clone(&telemetry))?;
        let service = Service { announcer, ..Self::over(settings, words, life, telemetry)? };
        service.remember();
        Ok(service)
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
        let telemetry = Arc::new(Telemetry::new(settings.performance));
        let (words, models) = std::thread::scope(|scope| {
            let words = scope.spawn(|| load_words(&settings.patterns));
            let (models, cache) = (&settings.models, &settings.cache);
            let models = ModelCoordinator::preload_models(models, cache, &telemetry, &life);
            (words.join(), models)
        });
        let words = words.map_err(|_| StartError::Panicked("patterns".to_owned()))??;
        let service = Self::over(settings, words, Arc::clone(&life), telemetry)?;
        service.install_models(models?)?;
        life.advance(Phase::Ready);
        Ok(service)
    }

    /// The same with models that are there already: for tests and for embedding.
    pub fn with_classifier(settings: Settings, classifier: Arc<dyn Classifier>) -> Result<Self, StartError> {
        let service = Self::open(settings, Arc::new(Lifecycle::default()))?;
        let models = ModelCoordinator::with_classifier("custom", classifier, &service.telemetry);
        service.install_models(models)?;
        service.warm_up();
        Ok(service)
    }

    fn over(
        settings: Settings,
        words: Arc<Words>,
        life: Arc<Lifecycle>,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, StartError> {
        let (queue, cache) = (settings.queue, settings.cache);
        let learner = Learner::new(settings.learning.clone());
        let why = "the models are being loaded".to_owned();
        let engine = Engine::of_words(Arc::new(settings), Adjustments::default(), words, why)?;
        let engine = Arc::new(Current::new(engine));
        life.advance(Phase::Loading);
        let baseline = Arc::new(RwLock::new(None));
        let work = work(Arc::clone(&engine), Arc::clone(&telemetry), Arc::clone(&baseline));
        let scheduler = Scheduler::start(queue, cost(&engine), work, Arc::clone(&telemetry));
        let current = Arc::clone(&engine);
        let judge =
            Box::new(move |text, why: &str| pipeline::assess_unasked(&current.get().analyzer, text, why));
        Ok(Service {
            engine,
            scheduler: scheduler.map_err(StartError::Thread)?,
            wording: Wording::start(judge).map_err(StartError::Thread)?,
            verdicts: AssessmentCache::new(&cache, Arc::clone(&telemetry)),
            life,
            telemetry,
            baseline,
            first_seen: AtomicBool::new(false),
            learner,
            announcer: None,
            changing: Mutex::default(),
        })
    }

    /// Assesses messages in order, waiting for room in the queue; nothing is remembered. Blocks; not for async code.
    pub fn analyze(&self, texts: Vec<MessageText>) -> Result<Vec<Analyzed>, AnalyzeError> {
        let queue = self.scheduler.queue();
        let answers: Vec<_> = texts.into_iter().map(|t| queue.push_patiently(t)).collect::<Result<_, _>>()?;
        answers
            .into_iter()
            .map(|answer| {
                let (assessment, timing) = answer.blocking_recv().unwrap_or(Err(AnalyzeError::Failed))?;
                Ok(Analyzed { assessment, timing, source: Source::Bypass })
            })
            .collect()
    }

    /// Says "draining" from now on, so that nobody sends more. What still comes in over open
    /// connections is answered all the same; dropping the service is what ends it.
    pub fn drain(&self) {
        self.life.advance(Phase::Draining);
    }

    /// The analyzer itself, for those who bring their own batches: evaluation, fitting.
    pub fn analyzer(&self) -> Arc<CrisisAnalyzer> {
        Arc::clone(&self.engine.get().analyzer)
    }

    /// The settings that it runs by at this moment.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.engine.get().settings)
    }
}

/// What the inference thread does with a batch: judges it, and tells how long that took.
fn work(
    engine: Arc<Current>,
    telemetry: Arc<Telemetry>,
    baseline: Arc<RwLock<Option<Baseline>>>,
) -> crate::scheduler::Work {
    Box::new(move |texts| {
        let (assessments, stages) = pipeline::assess(&engine.get().analyzer, texts);
        report::failures(&telemetry, &assessments);
        let tokens = stages.spent.tokens;
        if tokens > 0 {
            let baseline = *baseline.read().unwrap_or_else(PoisonError::into_inner);
            let expected = baseline.map(|line| line.expected(tokens));
            telemetry.emit(&BatchRan { messages: texts.len(), tokens, took: stages.total(), expected });
        }
        (assessments, stages)
    })
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
