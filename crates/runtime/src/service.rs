//! The service that every surface calls: HTTP, command line, evaluation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ash_analysis::patterns::PatternPacks;
use ash_analysis::{Assessment, Classifier, CrisisAnalyzer, Lexicon, MessageText};

use crate::conversation::{self, History};
use crate::coordinator::{ModelCoordinator, ModelStatus};
use crate::error::{AnalyzeError, StartError};
use crate::health::{Health, LabelsInUse, Status, VERSION};
use crate::label_sets::LabelSets;
use crate::lexicon::{LexiconFileError, load_lexicon};
use crate::pattern_packs::{PatternPackError, load_pattern_packs};
use crate::pipeline;
use crate::queue::{self, Cost, Outcome};
use crate::scheduler::Scheduler;
use crate::settings::{PatternSettings, Settings};
use crate::timing::Timing;
use crate::zero_shot::SwitchError;

/// An assessment and the time it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Analyzed {
    /// The verdict.
    pub assessment: Assessment,
    /// Where the time went.
    pub timing: Timing,
}

/// Models loaded and warm, a queue before them. Share it in an [`Arc`]; dropping the last one
/// finishes what was accepted.
pub struct Service {
    settings: Settings,
    coordinator: ModelCoordinator,
    analyzer: Arc<CrisisAnalyzer>,
    scheduler: Scheduler,
    draining: AtomicBool,
}

impl Service {
    /// Loads the models and warms them up. Blocks for as long as that takes (about two seconds).
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let service = Self::start_cold(settings)?;
        service.warm_up();
        Ok(service)
    }

    /// Loads the models only: for a command that answers once, where warming up would cost more than
    /// it gains. Its health says that nothing was warmed.
    pub fn start_cold(settings: Settings) -> Result<Self, StartError> {
        let coordinator = ModelCoordinator::preload_models(&settings.models)?;
        Self::over(settings, coordinator)
    }

    /// The same with models that are there already: for tests and for embedding.
    pub fn with_classifier(settings: Settings, classifier: Arc<dyn Classifier>) -> Result<Self, StartError> {
        let service = Self::over(settings, ModelCoordinator::with_classifier("custom", classifier))?;
        service.warm_up();
        Ok(service)
    }

    fn warm_up(&self) {
        self.coordinator.warm_up_analysis_pipeline(&self.analyzer);
    }

    fn over(settings: Settings, coordinator: ModelCoordinator) -> Result<Self, StartError> {
        let analyzer = CrisisAnalyzer::new(
            vec![coordinator.classifier()],
            patterns(&settings.patterns)?,
            lexicon(&settings.patterns)?,
            settings.analysis.clone(),
        )?;
        let analyzer = Arc::new(analyzer);
        let live = Arc::clone(&analyzer);
        let work = Box::new(move |texts: &[MessageText]| pipeline::assess(&live, texts));
        let scheduler =
            Scheduler::start(settings.queue, cost(&coordinator), work).map_err(StartError::Thread)?;
        Ok(Service { settings, coordinator, analyzer, scheduler, draining: AtomicBool::new(false) })
    }

    /// Assesses messages in order, waiting for room in the queue. Blocks; not for async code.
    pub fn analyze(&self, texts: Vec<MessageText>) -> Result<Vec<Analyzed>, AnalyzeError> {
        let queue = self.scheduler.queue();
        let answers: Vec<_> = texts.into_iter().map(|t| queue.push_patiently(t)).collect::<Result<_, _>>()?;
        answers
            .into_iter()
            .map(|answer| answer.blocking_recv().unwrap_or(Err(AnalyzeError::Failed)))
            .collect()
    }

    /// Assesses one message. A full queue refuses at once; dropping the future withdraws a message
    /// that still waits.
    pub async fn submit(&self, text: MessageText) -> Outcome {
        let answer = self.scheduler.queue().push(text)?;
        answer.await.unwrap_or(Err(AnalyzeError::Failed))
    }

    /// Assesses one message in the light of those before it. Without any, or with `conversation.enabled = false`,
    /// this is [`Service::submit`].
    pub async fn submit_in_conversation(&self, text: MessageText, history: History) -> Outcome {
        let settings = &self.settings.conversation;
        if !settings.enabled || history.messages.is_empty() {
            return self.submit(text).await;
        }
        let queue = self.scheduler.queue();
        let answer = queue.push(text)?;
        let items = conversation::scored(queue, history.messages).await;
        let analyzed = answer.await.unwrap_or(Err(AnalyzeError::Failed))?;
        let when = (history.at, history.local_hour);
        Ok(conversation::contextualised(analyzed, &items, when, history.notes, settings))
    }

    /// Says "draining" from now on, so that nobody sends more. What still comes in over open
    /// connections is answered all the same; dropping the service is what ends it.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// What the service says of itself.
    pub fn health(&self) -> Health {
        let warmup = self.coordinator.warmup_status();
        let (models_configured, models_loaded) =
            (self.models().len(), self.models().iter().filter(|m| m.loaded).count());
        let degraded = models_loaded < models_configured || !warmup.warmup_success;
        let draining = self.draining.load(Ordering::Relaxed);
        let status = match (draining, degraded) {
            (true, _) => Status::Draining,
            (false, true) => Status::Degraded,
            (false, false) => Status::Healthy,
        };
        Health {
            status,
            ready: !draining,
            degraded,
            version: VERSION,
            warmup,
            profile: Some(self.profile().to_owned()),
            labels: self.labels(),
            models_configured,
            models_loaded,
        }
    }

    /// The analyzer itself, for those who bring their own batches: evaluation, fitting.
    pub fn analyzer(&self) -> &Arc<CrisisAnalyzer> {
        &self.analyzer
    }

    /// The settings it runs by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The name of the profile that is loaded.
    pub fn profile(&self) -> &str {
        self.coordinator.profile()
    }

    /// What the models are asked from the next message on; none in a profile that has no label sets.
    pub fn labels(&self) -> Option<LabelsInUse> {
        let set = self.coordinator.zero_shot_profile()?.labels();
        Some(LabelsInUse { label_set: set.name().to_owned(), hypotheses_per_message: set.hypotheses() })
    }

    /// All label sets that could be asked; none in a profile that has no label sets.
    pub fn label_sets(&self) -> Option<&LabelSets> {
        self.coordinator.zero_shot_profile().map(|profile| profile.label_sets())
    }

    /// Judges by another label set from the next message on. What runs finishes with the set that it
    /// began with; on an error nothing has changed.
    pub fn switch_labels(&self, name: &str) -> Result<(), SwitchError> {
        let profile = self.coordinator.zero_shot_profile();
        let profile = profile.ok_or_else(|| SwitchError::NoLabels { profile: self.profile().to_owned() })?;
        profile.switch_labels(name)?;
        tracing::info!(label_set = name, "the label set was switched");
        Ok(())
    }

    /// What became of each configured model.
    pub fn models(&self) -> &[ModelStatus] {
        self.coordinator.models()
    }

    /// How many messages wait.
    pub fn queued(&self) -> usize {
        self.scheduler.queue().len()
    }
}

/// The packs that the settings name.
fn patterns(settings: &PatternSettings) -> Result<PatternPacks, PatternPackError> {
    if settings.enabled { load_pattern_packs(settings.path.as_deref()) } else { Ok(PatternPacks::empty()) }
}

/// The lexicon beside them.
fn lexicon(settings: &PatternSettings) -> Result<Option<Lexicon>, LexiconFileError> {
    settings.enabled.then(|| load_lexicon(settings.path.as_deref())).transpose()
}

/// A message costs its tokens; with zero-shot, its tokens with every hypothesis.
fn cost(coordinator: &ModelCoordinator) -> Cost {
    match coordinator.zero_shot_profile().map(Arc::clone) {
        Some(profile) => Box::new(move |text| profile.tokens(queue::tokens(text))),
        None => Box::new(queue::tokens),
    }
}
