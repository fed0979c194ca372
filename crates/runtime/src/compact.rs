//! A profile of models on one trunk: the shared layers run once a message, each model's own after.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use ash_analysis::{Classifier, ClassifyError, Message, ModelAnswer, ModelInfo};
use ash_encoder::{Precision, Trunk};
use rayon::ThreadPool;
use rayon::prelude::*;

use crate::compute::{contained, pool};
use crate::error::LoadError;
use crate::hash::Digest;
use crate::manifest::{ModelManifest, ProfileManifest};
use crate::model::{self, Model};
use crate::pipeline::record_tokenise;
use crate::settings::ModelSettings;
use crate::source::ProfileSource;
use crate::timing::ms;

/// The models of a profile; those that could not be loaded answer that they are not.
pub struct CompactProfile {
    name: String,
    trunk: Trunk,
    infos: Vec<Arc<ModelInfo>>,
    places: Vec<Place>,
    pool: ThreadPool,
}

/// One model, or why it is not there.
struct Place {
    model: Result<Model, ClassifyError>,
    load_ms: f64,
}

impl CompactProfile {
    /// Loads the trunk, then every model in parallel. Only what all models need is an error here;
    /// a model that fails leaves the others working.
    pub fn load(settings: &ModelSettings) -> Result<Self, LoadError> {
        let source = ProfileSource::new(settings.path.as_deref());
        let pool = pool(settings.threads)?;
        pool.install(|| Self::load_from(&source, settings.precision)).map(|(name, trunk, loaded)| {
            let (infos, places) = loaded.into_iter().unzip();
            CompactProfile { name, trunk, infos, places, pool }
        })
    }

    fn load_from(source: &ProfileSource, precision: Precision) -> Result<Parts, LoadError> {
        let manifest = ProfileManifest::load(source)?;
        let files = source.folder(&manifest.trunk)?;
        let (trunk, digest) = rayon::join(
            || contained(&manifest.trunk, || Ok(Trunk::load(&files, precision)?)),
            || Digest::of_folder(&files, &["config.json", "tokenizer.json", "model.safetensors"]),
        );
        let (trunk, digest) = (trunk?, digest?);
        let load = |name: &String| load_model(source, name, &trunk, &digest, precision);
        let loaded = manifest.models.par_iter().map(load).collect();
        Ok((manifest.name, trunk, loaded))
    }

    /// The profile's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Each model's name, its load time in milliseconds, and why it is not there, if it is not.
    pub fn loads(&self) -> impl Iterator<Item = (&str, f64, Option<&ClassifyError>)> {
        let places = self.places.iter().map(|p| (p.load_ms, p.model.as_ref().err()));
        self.infos.iter().zip(places).map(|(info, (ms, error))| (info.name.as_str(), ms, error))
    }

    fn answer(&self, messages: &[&Message]) -> (Vec<ModelAnswer>, std::time::Duration) {
        let start = Instant::now();
        let texts: Vec<&str> = messages.iter().map(|m| m.clean()).collect();
        let batch = self.trunk.tokenize(&texts);
        let tokenise = start.elapsed();
        let hidden = catch_unwind(AssertUnwindSafe(|| self.trunk.forward(&batch))).ok();
        let answers = self.infos.par_iter().zip(&self.places).map(|(info, place)| {
            let failed = |why: String| ClassifyError::Failed { model: info.name.clone(), why };
            let model = place.model.as_ref().map_err(Clone::clone)?;
            let Some(hidden) = &hidden else { return Err(failed("the shared layers panicked".into())) };
            match catch_unwind(AssertUnwindSafe(|| model.read(&batch, hidden))) {
                Ok(readings) => readings.map_err(failed),
                Err(_) => Err(failed("its forward pass panicked".into())),
            }
        });
        (answers.collect(), tokenise)
    }
}

impl Classifier for CompactProfile {
    fn models(&self) -> Vec<Arc<ModelInfo>> {
        self.infos.clone()
    }

    fn classify(&self, messages: &[&Message]) -> Vec<(Arc<ModelInfo>, ModelAnswer)> {
        let (answers, tokenise) = self.pool.install(|| self.answer(messages));
        record_tokenise(tokenise);
        self.infos.iter().cloned().zip(answers).collect()
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
    let mut info = None;
    let model = contained(name, || {
        let manifest = ModelManifest::load(source, name)?;
        let files = source.folder(name)?;
        let (model, digest) = rayon::join(
            || Model::load(source, &manifest, trunk, precision),
            || Digest::of_folder(&files, &["model.json", "model.safetensors"]),
        );
        let version = digest.map(|d| d.on(trunk_digest).to_string());
        info =
            Some(Arc::new(model::info(&manifest, version.as_ref().cloned().unwrap_or_default(), precision)));
        version.and(model)
    });
    let model = model.map_err(|error| {
        tracing::error!(model = name, %error, "a model could not be loaded");
        ClassifyError::NotLoaded { model: name.to_owned(), why: error.to_string() }
    });
    (info.unwrap_or_else(|| model::unknown(name, precision)), Place { model, load_ms: ms(start.elapsed()) })
}
