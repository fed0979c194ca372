//! The models of the roles: each folder is loaded once, whoever speaks through it.

use std::time::Instant;

use ash_analysis::{ClassifyError, Role};
use ash_encoder::{Files, Precision, ZeroShot};
use rayon::prelude::*;
use serde::Deserialize;

use crate::compute::contained;
use crate::error::LoadError;
use crate::hash::Digest;
use crate::lifecycle::Lifecycle;
use crate::settings::{ModelChoice, ZeroShotSettings};
use crate::timing::{microseconds, ms};

/// The files that make a model what it is.
const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// What `ash-nlp models pull` notes beside them.
const NOTE: &str = "ash-model.json";

/// The loaded models, and which of them speaks for which role.
pub(super) struct Models {
    loaded: Vec<Loaded>,
    roles: [usize; 3],
    pub(super) precision: Precision,
}

/// A model that is ready, or a sentence why it is not.
pub(super) struct Loaded {
    choice: ModelChoice,
    model: Result<(ZeroShot, Digest), String>,
    load_ms: f64,
}

impl Models {
    /// Loads every model that is named, those named twice once.
    pub(super) fn load(settings: &ZeroShotSettings, precision: Precision, life: &Lifecycle) -> Self {
        let mut choices: Vec<&ModelChoice> = Vec::new();
        let roles = Role::ALL.map(|role| {
            let choice = settings.model(role);
            choices.iter().position(|&known| known == choice).unwrap_or_else(|| {
                choices.push(choice);
                choices.len() - 1
            })
        });
        life.expect(choices.iter().map(|choice| choice.name.clone()));
        let load = |choice: &ModelChoice| {
            let loaded = Loaded::load(settings, choice, precision);
            life.done(&choice.name, loaded.model.is_ok());
            loaded
        };
        let loaded = choices.into_par_iter().map(load).collect();
        Models { loaded, roles, precision }
    }

    /// The model that speaks for `role`.
    pub(super) fn of(&self, role: Role) -> &Loaded {
        &self.loaded[self.roles[role as usize]]
    }
}

impl Loaded {
    fn load(settings: &ZeroShotSettings, choice: &ModelChoice, precision: Precision) -> Self {
        let start = Instant::now();
        let model = contained(&choice.name, || read(settings, choice, precision));
        let model = model.map_err(|error| {
            tracing::error!(model = choice.name, %error, "a model could not be loaded");
            error.to_string()
        });
        Loaded { choice: choice.clone(), model, load_ms: microseconds(ms(start.elapsed())) }
    }

    /// Its name on the hub.
    pub(super) fn repository(&self) -> &str {
        &self.choice.name
    }

    /// How long it took to load.
    pub(super) const fn load_ms(&self) -> f64 {
        self.load_ms
    }

    /// The model, or why it is not there.
    pub(super) fn get(&self) -> Result<&ZeroShot, &str> {
        self.model.as_ref().map(|(model, _)| model).map_err(String::as_str)
    }

    /// The hash of its files, if it is there.
    pub(super) fn digest(&self) -> Option<&Digest> {
        self.model.as_ref().ok().map(|(_, digest)| digest)
    }
}

/// What a role says whose model is not there.
pub(super) fn not_loaded(role: Role, why: &str) -> ClassifyError {
    ClassifyError::NotLoaded { model: role.as_str().to_owned(), why: why.to_owned() }
}

fn read(
    settings: &ZeroShotSettings,
    choice: &ModelChoice,
    precision: Precision,
) -> Result<(ZeroShot, Digest), LoadError> {
    let folder = settings.directory.join(choice.folder());
    if !folder.is_dir() {
        let folder = folder.display().to_string();
        return Err(LoadError::NotThere { repository: choice.name.clone(), folder });
    }
    let files = Files::directory(folder);
    if let Some(revision) = &choice.revision {
        check_revision(&files, choice, revision)?;
    }
    let (model, digest) =
        rayon::join(|| ZeroShot::load(&files, precision), || Digest::of_folder(&files, &FILES));
    Ok((model?, digest?))
}

/// The folder must be known to hold the commit that is asked for.
fn check_revision(files: &Files, choice: &ModelChoice, wanted: &str) -> Result<(), LoadError> {
    #[derive(Deserialize)]
    struct Note {
        revision: Option<String>,
    }
    let refuse = |found: String| LoadError::Revision {
        repository: choice.name.clone(),
        wanted: wanted.to_owned(),
        found,
    };
    let bytes = files.read(NOTE).map_err(|_| refuse(format!("no {NOTE} that says which commit it is")))?;
    let note: Note = serde_json::from_slice(&bytes)
        .map_err(|error| LoadError::Manifest { file: files.describe(NOTE), why: error.to_string() })?;
    match note.revision {
        Some(found) if found.starts_with(wanted) => Ok(()),
        Some(found) => Err(refuse(format!("commit {found}"))),
        None => Err(refuse(format!("a {NOTE} without a commit"))),
    }
}
