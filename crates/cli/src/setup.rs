//! From the options of the command line to settings and a running service.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use ash_runtime::{Configuration, LogLevel, LogSettings, Overrides, Profile, Service, Settings};
use ash_server::init_log;

use crate::args::Global;

/// The effective settings: defaults, file, environment, options; the later win.
///
/// `--models` is the directory of whichever profile is chosen, so that is found out first.
pub(crate) fn settings(global: &Global, overrides: Overrides) -> Result<Settings> {
    Ok(configuration(global, overrides)?.into_settings())
}

/// [`settings`], and where each of them comes from.
pub(crate) fn configuration(global: &Global, overrides: Overrides) -> Result<Configuration> {
    configuration_of(global, global.config.as_deref(), overrides)
}

/// [`configuration`] with another file than that of `--config`.
pub(crate) fn configuration_of(
    global: &Global,
    file: Option<&Path>,
    mut overrides: Overrides,
) -> Result<Configuration> {
    if let Some(name) = global.profile {
        overrides = overrides.set("models.profile", name.profile());
    }
    if let Some(name) = &global.labels {
        overrides = overrides.set("models.zero_shot.label_set", name);
    }
    if let Some(precision) = global.precision {
        overrides = overrides.set("models.precision", precision.as_str());
    }
    if let Some(threads) = global.threads {
        overrides = overrides.set("models.threads", threads);
    }
    if let Some(file) = file.filter(|file| !file.exists()) {
        let file = file.display();
        bail!(
            "there is no configuration file {file}; `ash-nlp config default > {file}` makes one to start from"
        );
    }
    let configuration = Configuration::load(file, overrides.clone())?;
    let profile = configuration.settings().models.profile;
    if let (Some(name), Profile::Compact) = (&global.labels, profile) {
        bail!(
            "--labels {name} needs the profile zero-shot: add `--profile zero-shot`, or set models.profile"
        );
    }
    let Some(path) = &global.models else { return Ok(configuration) };
    let key = match profile {
        Profile::Compact => "models.path",
        Profile::ZeroShot => "models.zero_shot.directory",
    };
    Ok(Configuration::load(file, overrides.set(key, path))?)
}

/// A service with its models loaded, and a log of warnings: whoever runs a command sees its output, and
/// beside it only what needs attention (a model that could not be loaded). Not warmed up: a command that
/// answers once would pay more for it than it gains.
pub(crate) fn service(global: &Global, overrides: Overrides) -> Result<Service> {
    // Nothing is remembered: a command asks each thing once, and what is measured must be computed.
    let settings = settings(global, overrides.set("cache.enabled", false))?;
    if let (Profile::Compact, Some(path)) = (settings.models.profile, &settings.models.path)
        && !path.join("profile.json").is_file()
    {
        let path = path.display();
        bail!(
            "there are no models in {path}: it has no profile.json; without --models those built in are used"
        );
    }
    init_log(LogSettings { level: LogLevel::Warn, ..settings.log });
    Ok(Service::start_cold(settings)?)
}

/// What a measurement must say about the models, or it cannot be compared with another one.
pub(crate) struct Provenance {
    /// Content hash by model name.
    pub(crate) versions: BTreeMap<String, String>,
    /// `f32` or `int8`; joined by `+` if the models differ.
    pub(crate) precision: String,
}

impl Provenance {
    /// Of the models of `service`.
    pub(crate) fn of(service: &Service) -> Self {
        let analyzer = service.analyzer();
        let models = || analyzer.models();
        let precisions: BTreeSet<String> = models().map(|m| m.precision.clone()).collect();
        Provenance {
            versions: models().map(|m| (m.name.clone(), m.version.clone())).collect(),
            precision: precisions.into_iter().collect::<Vec<_>>().join("+"),
        }
    }
}
