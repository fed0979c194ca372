//! A profile of models on one trunk: the shared layers run once a message, each model's own after.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ash_analysis::{Classifier, ClassifyError, Message, ModelAnswer, ModelInfo, undisguise};
use ash_encoder::recording::{Level, enter, here};
use ash_encoder::{Batch, Hidden, Precision, Trunk};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::cache::InferenceCache;
use crate::clock::spend;
use crate::compute::{contained, pool};
use crate::coordinator::ModelStatus;
use crate::error::LoadError;
use crate::hash::Digest;
use crate::lifecycle::Lifecycle;
use crate::manifest::{ModelManifest, ProfileManifest};
use crate::model::{self, Model};
use crate::recorded::stage;
use crate::settings::ModelSettings;
use crate::source::ProfileSource;
use crate::timing::{microseconds, ms};

/// The models of a profile; those that could not be loaded answer that they are not.
pub struct CompactProfile {
    name: String,
    trunk: Trunk,
    infos: Vec<Arc<ModelInfo>>,
    /// Their names once more, as timings share them.
    names: Vec<Arc<str>>,
    shared: Arc<str>,
    places: Vec<Place>,
    cache: Arc<InferenceCache>,
    pool: ThreadPool,
}

/// The name of the shared layers in timings and in the progress of a start.
const TRUNK: &str = "trunk";

/// One model, or why it is not there.
struct Place {
    model: Result<Model, ClassifyError>,
    load_ms: f64,
    /// The size of its files; 0 if they could not be read.
    bytes: u64,
}

impl CompactProfile {
    /// Loads the trunk, then every model in parallel, and tells `life` how far it is. Only what all models need is
    /// an error here; a model that fails leaves the others working.
    pub(crate) fn load(
        settings: &ModelSettings,
        cache: Arc<InferenceCache>,
        life: &Lifecycle,
    ) -> Result<Self, LoadError> {
        let source = ProfileSource::new(settings.path.as_deref());
        let pool = pool(settings.threads)?;
        let (name, trunk, loaded) = pool.install(|| Self::load_from(&source, settings.precision, life))?;
        let (infos, places): (Vec<Arc<ModelInfo>>, _) = loaded.into_iter().unzip();
        let names = infos.iter().map(|info| info.name.as_str().into()).collect();
        Ok(CompactProfile { name, trunk, infos, names, shared: TRUNK.into(), places, cache, pool })
    }

    fn load_from(source: &ProfileSource, precision: Precision, life: &Lifecycle) -> Result<Parts, LoadError> {
        let manifest = ProfileManifest::load(source)?;
        life.expect(std::iter::once(TRUNK.to_owned()).chain(manifest.models.iter().cloned()));
        let files = source.folder(&manifest.trunk)?;
        let (trunk, digest) = rayon::join(
            || contained(&manifest.trunk, || Ok(Trunk::load(&files, precision)?)),
            || Digest::of_folder(&files, &["config.json", "tokenizer.json", "model.safetensors"]),
        );
        let (trunk, digest) = (trunk?, digest?);
        life.done(TRUNK, true);
        let load = |name: &String| {
            let loaded = load_model(source, name, &trunk, &digest, precision);
            life.done(name, loaded.1.model.is_ok());
            loaded
        };
        let loaded = manifest.models.par_iter().map(load).collect();
        Ok((manifest.name, trunk, loaded))
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What became of each model.
    pub(crate) fn loads(&self) -> impl Iterator<Item = ModelStatus> {
        self.infos.iter().zip(&self.places).map(|(info, place)| ModelStatus {
            load_ms: place.load_ms,
            size_bytes: place.bytes,
            ..ModelStatus::new(info, place.model.as_ref().err())
        })
    }

    /// What every model says of a batch, with the time that each took.
    fn answer(&self, batch: &Batch) -> (Duration, Vec<(ModelAnswer, Duration)>) {
        let start = Instant::now();
        let hidden = catch_unwind(AssertUnwindSafe(|| {
            let _trunk = enter(Level::Model, TRUNK);
            self.trunk.forward(batch)
        }))
        .ok();
        let trunk = start.elapsed();
        let here = here();
        let answers = self.infos.par_iter().zip(&self.places).map(|(info, place)| {
            let _here = here.resume();
            let _model = enter(Level::Model, &info.name);
            let start = Instant::now();
            (read(info, place, batch, hidden.as_ref()), start.elapsed())
        });
        (trunk, answers.collect())
    }
}

fn read(info: &ModelInfo, place: &Place, batch: &Batch, hidden: Option<&Hidden>) -> ModelAnswer {
    let failed = |why: String| ClassifyError::Failed { model: info.name.clone(), why };
    let model = place.model.as_ref().map_err(Clone::clone)?;
    let Some(hidden) = hidden else { return Err(failed("the shared layers panicked".into())) };
    match catch_unwind(AssertUnwindSafe(|| model.read(batch, hidden))) {
        Ok(readings) => readings.map_err(failed),
        Err(_) => Err(failed("its forward pass panicked".into())),
    }
}

impl Classifier for CompactProfile {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.infos.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let start = Instant::now();
        let batch = stage("tokenise", || {
            let plain = |m: &&Message| undisguise(m.clean(), |word| self.trunk.knows(word)).into_owned();
            self.trunk.tokenize(&messages.iter().map(plain).collect::<Vec<String>>())
        });
        spend(|spent| spent.tokenise += start.elapsed());
        // The tokens are all that the models read: equal tokens, equal answers. That some were cut off is told too.
        let tokens = |i: usize| batch.ids(i).iter().flat_map(|id| id.to_le_bytes());
        let keys: Vec<Vec<u8>> =
            (0..batch.len()).map(|i| tokens(i).chain([batch.truncated(i).into()]).collect()).collect();
        let read = |i: usize| [keys[i].as_slice()];
        self.cache.through(&self.infos, messages.len(), read, |missing| {
            let part = if missing.len() == batch.len() { batch.clone() } else { batch.select(missing) };
            let (trunk, answers) = stage("models", || {
                let here = here();
                self.pool.install(|| {
                    let _here = here.resume();
                    self.answer(&part)
                })
            });
            let (answers, took): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
            spend(|spent| {
                spent.tokens += part.tokens();
                spent.models.push((Arc::clone(&self.shared), trunk));
                spent.models.extend(self.names.iter().cloned().zip(took));
            });
            self.infos.iter().cloned().zip(answers).collect()
        })
    }
}

type Parts = (String, Trunk, Vec<(Arc<ModelInfo>, Place)>);

fn load_model(
    source: &ProfileSource,
    name: &str,
    trunk: &Trunk,
    trunk_digest: &Digest,
    precision: Precision,
) -> (Arc<ModelInfo>, Place) {
    let start = Instant::now();
    let (mut info, mut bytes) = (None, 0);
    let model = contained(name, || {
        let manifest = ModelManifest::load(source, name)?;
        let files = source.folder(name)?;
        let (model, digest) = rayon::join(
            || Model::load(source, &manifest, trunk, precision),
            || Digest::of_folder(&files, &["model.json", "model.safetensors"]),
        );
        let version = digest.map(|d| {
            bytes = d.bytes;
            d.on(trunk_digest).to_string()
        });
        info =
            Some(Arc::new(model::info(&manifest, version.as_ref().cloned().unwrap_or_default(), precision)));
        version.and(model)
    });
    let model = model.map_err(|error| {
        tracing::error!(model = name, %error, "a model could not be loaded");
        ClassifyError::NotLoaded { model: name.to_owned(), why: error.to_string() }
    });
    (
        info.unwrap_or_else(|| model::unknown(name, precision)),
        Place { model, load_ms: microseconds(ms(start.elapsed())), bytes },
    )
}
