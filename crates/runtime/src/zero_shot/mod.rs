//! The profile zero-shot: three NLI models, asked which labels of a set a message entails.
//!
//! Every message is paired with every hypothesis of every role. What is asked ([`questions`]) can be
//! exchanged while the service runs; who is asked ([`models`]) cannot.
//!
//! The models answer one after the other: each of them fills all threads by itself, and three at once
//! would only push each other's weights out of the cache. The pairs of all messages of a batch go
//! through a model together, ragged, in parts of at most `max_batch_tokens` tokens.

mod models;
mod questions;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ash_analysis::{Classifier, ClassifyError, LabelSet, Message, ModelAnswer, ModelInfo, Reading, Role};
use ash_encoder::recording::{Level, enter, here};
use rayon::ThreadPool;

use crate::cache::InferenceCache;
use crate::clock::spend;
use crate::compute;
use crate::coordinator::ModelStatus;
use crate::error::LoadError;
use crate::label_sets::{LabelSets, LabelsError};
use crate::lifecycle::Lifecycle;
use crate::recorded::stage;
use crate::settings::ModelSettings;
use models::Models;
use questions::{Question, Questions};

/// The models of the three roles and what they are asked; models that could not be loaded answer
/// that they are not.
pub struct ZeroShotProfile {
    models: Models,
    sets: LabelSets,
    multi_label: bool,
    max_batch_tokens: usize,
    /// What the next batch is asked.
    current: RwLock<Arc<Questions>>,
    /// Every set that was ever asked, its hypotheses tokenised: switching back costs nothing.
    prepared: Mutex<BTreeMap<String, Arc<Questions>>>,
    cache: Arc<InferenceCache>,
    pool: ThreadPool,
}

/// The label set could not be switched; the one before stays.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// There is nobody to ask.
    #[error("no models are loaded: {why}")]
    NoModels {
        /// Why not.
        why: String,
    },
    /// The profile has no label sets.
    #[error("profile {profile} has no label sets; they belong to profile zero-shot")]
    NoLabels {
        /// The profile that runs.
        profile: String,
    },
    /// There is no such set.
    #[error(transparent)]
    Unknown(#[from] LabelsError),
    /// A model cannot read the set's hypotheses.
    #[error("label set {set}: {source}")]
    Unreadable {
        /// The set.
        set: String,
        /// Which model, and why.
        source: ClassifyError,
    },
}

impl ZeroShotProfile {
    /// Reads all label sets, then loads the models in parallel, and tells `life` how far it is. Only what all
    /// models need is an error here; a model that fails leaves the others working.
    pub(crate) fn load(
        settings: &ModelSettings,
        cache: Arc<InferenceCache>,
        life: &Lifecycle,
    ) -> Result<Self, LoadError> {
        let zero_shot = &settings.zero_shot;
        let sets = LabelSets::load(zero_shot.labels_path.as_deref())?;
        let set = sets.get(&zero_shot.label_set)?;
        let pool = compute::pool(settings.threads)?;
        let models = pool.install(|| Models::load(zero_shot, settings.precision, life));
        let questions = Arc::new(Questions::new(&models, &set, zero_shot.multi_label));
        Ok(ZeroShotProfile {
            models,
            sets,
            multi_label: zero_shot.multi_label,
            max_batch_tokens: zero_shot.max_batch_tokens,
            prepared: Mutex::new([(set.name().to_owned(), Arc::clone(&questions))].into()),
            current: RwLock::new(questions),
            cache,
            pool,
        })
    }

    /// What became of the model of each role.
    pub(crate) fn loads(&self) -> impl Iterator<Item = ModelStatus> {
        let questions = self.questions();
        Role::ALL.into_iter().map(move |role| {
            let (model, question) = (self.models.of(role), questions.of(role));
            ModelStatus {
                repository: Some(model.repository().to_owned()),
                load_ms: model.load_ms(),
                size_bytes: model.digest().map_or(0, |digest| digest.bytes),
                ..ModelStatus::new(question.info(), question.refused())
            }
        })
    }

    /// Asks the labels of another set from now on. Whole: a batch that runs finishes with the set that
    /// it began with, and if one model cannot read the new set, all keep the old.
    pub fn switch_labels(&self, name: &str) -> Result<(), SwitchError> {
        let questions = self.prepare(name)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = questions;
        Ok(())
    }

    fn prepare(&self, name: &str) -> Result<Arc<Questions>, SwitchError> {
        let known = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(questions) = known().get(name) {
            return Ok(Arc::clone(questions));
        }
        let set = self.sets.get(name)?;
        let questions = Questions::new(&self.models, &set, self.multi_label);
        for role in Role::ALL {
            // A model that was never loaded is no reason to stay with the old set.
            if let (Some(error), Ok(_)) = (questions.of(role).refused(), self.models.of(role).get()) {
                return Err(SwitchError::Unreadable { set: name.to_owned(), source: error.clone() });
            }
        }
        let questions = Arc::new(questions);
        known().insert(name.to_owned(), Arc::clone(&questions));
        Ok(questions)
    }

    /// The set that the next batch is asked.
    pub fn labels(&self) -> Arc<LabelSet> {
        Arc::clone(self.questions().set())
    }

    /// All sets that can be switched to.
    pub fn label_sets(&self) -> &LabelSets {
        &self.sets
    }

    /// How many tokens a message of `tokens` tokens is with all that it is compared with.
    pub(crate) fn tokens(&self, tokens: usize) -> usize {
        let questions = self.questions();
        questions.set().hypotheses() * tokens + questions.tokens()
    }

    /// How many tokens each hypothesis of each role is, special ones apart; of a role whose model is not there, none.
    pub(crate) fn hypothesis_tokens(&self) -> Vec<(Role, Vec<usize>)> {
        let questions = self.questions();
        let of = |role| questions.of(role).hypotheses().map(|h| h.lengths().collect()).unwrap_or_default();
        Role::ALL.into_iter().map(|role| (role, of(role))).collect()
    }

    fn questions(&self) -> Arc<Questions> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the model of one role says of all texts, how long it tokenised, and how many tokens it read.
    fn answer(&self, role: Role, question: &Question, texts: &[&str]) -> (ModelAnswer, Duration, usize) {
        let failed =
            |why: &str| ClassifyError::Failed { model: role.as_str().to_owned(), why: why.to_owned() };
        let (model, hypotheses) = match (self.models.of(role).get(), question.hypotheses()) {
            (Ok(model), Ok(hypotheses)) => (model, hypotheses),
            (_, Err(refused)) => return (Err(refused.clone()), Duration::ZERO, 0),
            (Err(why), _) => return (Err(models::not_loaded(role, why)), Duration::ZERO, 0),
        };
        let (mut tokenise, mut tokens) = (Duration::ZERO, 0);
        let read = AssertUnwindSafe(|| {
            let start = Instant::now();
            let pairs = stage("tokenise", || model.pairs(texts, hypotheses));
            (tokenise, tokens) = (start.elapsed(), pairs.tokens());
            let logits: Vec<f32> =
                pairs.parts(self.max_batch_tokens).flat_map(|part| model.logits(&part)).collect();
            let scores = model.scores(&logits, hypotheses.len(), self.multi_label);
            let truncated = |message: usize| pairs.truncated(message * hypotheses.len());
            let reading = |(message, probabilities)| Reading {
                probabilities,
                tags: Vec::new(),
                truncated: truncated(message),
            };
            scores.into_iter().enumerate().map(reading).collect()
        });
        let answer = catch_unwind(read).map_err(|_| failed("its forward pass panicked"));
        (answer, tokenise, tokens)
    }

    /// What every role says of the texts.
    fn ask(&self, questions: &Questions, texts: &[&str]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let here = here();
        let said = self.pool.install(|| {
            let _here = here.resume();
            Role::ALL.map(|role| {
                let _model = enter(Level::Model, role.as_str());
                let start = Instant::now();
                (self.answer(role, questions.of(role), texts), start.elapsed())
            })
        });
        let answers = Role::ALL.into_iter().zip(said).map(|(role, ((answer, tokenise, tokens), took))| {
            spend(|spent| {
                spent.tokenise += tokenise;
                spent.tokens += tokens;
                spent.models.push((role.as_str().into(), took.saturating_sub(tokenise)));
            });
            (Arc::clone(questions.of(role).info()), answer)
        });
        answers.collect()
    }
}

impl Classifier for ZeroShotProfile {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        let questions = self.questions();
        Role::ALL.map(|role| Arc::clone(questions.of(role).info())).into()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        // Taken once: whatever is switched meanwhile, this batch is asked one set.
        let questions = self.questions();
        let infos = Role::ALL.map(|role| Arc::clone(questions.of(role).info()));
        // A version names the model and what it is asked.
        let versions: Vec<&[u8]> = infos.iter().map(|info| info.version.as_bytes()).collect();
        let read = |i: usize| [&versions[..], &[messages[i].clean().as_bytes()]].concat();
        self.cache.through(&infos, messages.len(), read, |missing| {
            let texts: Vec<&str> = missing.iter().map(|&i| messages[i].clean()).collect();
            stage("models", || self.ask(&questions, &texts))
        })
    }
}
