//! From layers to settings, or to everything that is wrong with them.

use std::path::Path;

use super::faults::fault;
use super::layers::Layers;
use super::{Fault, Origin, Overrides, Profile, Settings, SettingsError};

/// Settings that remember where each of them comes from.
#[derive(Debug, Clone)]
pub struct Configuration {
    settings: Settings,
    layers: Layers,
}

/// More faults than these are not looked for.
const MOST_FAULTS: usize = 50;

impl Configuration {
    /// Default, then the profile's layer, then `file`, then the environment, then `overrides`; checked
    /// as a whole. The last three say which profile it is. Several wrong keys are all reported.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, SettingsError> {
        let layers = Layers::read(file, overrides)?;
        let settings = settle(&layers)?;
        if settings.models.profile != Profile::Compact {
            settings.is_not_judged_by(&settle(&Layers::of_profile(Profile::Compact)?)?)?;
        }
        Ok(Configuration { settings, layers })
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, without their origin.
    pub fn into_settings(self) -> Settings {
        self.settings
    }

    /// Where the value of a dotted key was set; none if nobody sets it, not even the default.
    pub fn origin(&self, key: &str) -> Option<Origin> {
        self.layers.origin(&key.split('.').collect::<Vec<_>>())
    }
}

/// The settings of `layers`. A wrong value is set aside, so that the next one shows as well.
pub(super) fn settle(layers: &Layers) -> Result<Settings, SettingsError> {
    let mut spare = layers.clone();
    let mut faults: Vec<Fault> = Vec::new();
    while faults.len() < MOST_FAULTS {
        let refusal = match spare.settings() {
            Ok(settings) if faults.is_empty() => return Ok(settings),
            Ok(_) => break,
            Err(refusal) => refusal,
        };
        let key: Vec<&str> = refusal.key.iter().map(String::as_str).collect();
        let found = fault(&spare, &refusal);
        let set_by_somebody = spare.set_aside(&key);
        // What only shows because another value was set aside would send people to the wrong place.
        if set_by_somebody || faults.is_empty() {
            faults.push(found);
        }
        if !set_by_somebody {
            break;
        }
    }
    faults.sort_by_key(|fault| match &fault.origin {
        Some(Origin::File { line, .. }) => line.unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    Err(SettingsError::Faulty(faults))
}
