//! What `profile.json` and `model.json` say: names, labels, severities, temperature.
//!
//! Both are written by training and read here; a manifest that this version does not fully
//! understand is refused, for a label read wrongly is worse than a model that is missing.

use ash_analysis::Label;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::LoadError;
use crate::source::ProfileSource;

/// The format number that both files carry.
const FORMAT: u32 = 1;

/// `profile.json`: which folders belong together.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ProfileManifest {
    format: u32,
    /// The profile's name, as answers show it.
    pub(crate) name: String,
    /// The folder of the shared trunk.
    pub(crate) trunk: String,
    /// The folders of the models, in the order in which they answer.
    pub(crate) models: Vec<String>,
}

/// `model.json`: what the outputs of one model mean. Training notes and metrics are ignored here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct ModelManifest {
    format: u32,
    /// The model's role in the ensemble.
    pub(crate) name: String,
    /// The head whose labels make the signal.
    pub(crate) primary: PrimaryHead,
    /// The head that reports tags, if there is one.
    pub(crate) tags: Option<TagHead>,
}

/// Labels of which exactly one is true.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct PrimaryHead {
    /// The head's name in the weights.
    pub(crate) head: String,
    /// Its labels with their severities, in the order of the outputs.
    pub(crate) labels: Vec<Label>,
    /// Logits are divided by this before the softmax; fitted on the dev split.
    pub(crate) temperature: f32,
}

/// Labels that are reported beside the signal: categories, emotions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct TagHead {
    /// The head's name in the weights.
    pub(crate) head: String,
    /// Its labels, in the order of the outputs.
    pub(crate) labels: Vec<String>,
    /// How logits become probabilities.
    pub(crate) activation: Activation,
}

/// How the logits of a tag head become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Activation {
    /// One of the labels is true.
    Softmax,
    /// Each label is true or not by itself.
    Sigmoid,
}

impl ProfileManifest {
    /// Reads and checks the profile's manifest.
    pub(crate) fn load(source: &ProfileSource) -> Result<Self, LoadError> {
        let manifest: ProfileManifest = read(source, "", "profile.json")?;
        let folders = manifest.models.iter().chain([&manifest.trunk]);
        if let Some(folder) = folders.into_iter().find(|f| !is_folder_name(f)) {
            return Err(invalid("", "profile.json", format!("{folder:?} is not the name of a folder")));
        }
        let unique: std::collections::BTreeSet<_> = manifest.models.iter().collect();
        if manifest.models.is_empty() || unique.len() != manifest.models.len() {
            return Err(invalid(
                "",
                "profile.json",
                "models must name at least one folder, each once".into(),
            ));
        }
        check_format("", "profile.json", manifest.format)?;
        Ok(manifest)
    }
}

impl ModelManifest {
    /// Reads and checks the manifest of the model in `folder`.
    pub(crate) fn load(source: &ProfileSource, folder: &str) -> Result<Self, LoadError> {
        let manifest: ModelManifest = read(source, folder, "model.json")?;
        let refuse = |why: &str| Err(invalid(folder, "model.json", why.into()));
        check_format(folder, "model.json", manifest.format)?;
        let primary = &manifest.primary;
        if manifest.name != folder {
            return refuse("name must be the name of its folder");
        }
        if primary.labels.len() < 2 {
            return refuse("primary.labels must name at least two labels");
        }
        if !primary.labels.iter().all(|l| (0.0..=1.0).contains(&l.severity)) {
            return refuse("primary.labels: every severity must be within 0 and 1");
        }
        if !(primary.temperature.is_finite() && primary.temperature > 0.0) {
            return refuse("primary.temperature must be a number above 0");
        }
        Ok(manifest)
    }
}

fn read<T: DeserializeOwned>(source: &ProfileSource, folder: &str, file: &str) -> Result<T, LoadError> {
    let bytes = source.read(folder, file)?;
    serde_json::from_slice(&bytes).map_err(|e| invalid(folder, file, e.to_string()))
}

fn check_format(folder: &str, file: &str, found: u32) -> Result<(), LoadError> {
    if found == FORMAT {
        return Ok(());
    }
    Err(invalid(folder, file, format!("format is {found}, this version reads format {FORMAT}")))
}

fn invalid(folder: &str, file: &str, why: String) -> LoadError {
    let file = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    LoadError::Manifest { file, why }
}

/// One plain path component: a manifest must not point outside its profile.
fn is_folder_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"format":1,"name":"mood","primary":{"head":"level","temperature":1.5,
        "labels":[{"name":"fine","severity":0.0},{"name":"bad","severity":0.9}]},
        "tags":{"head":"kind","labels":["a"],"activation":"sigmoid"},"metrics":{"f1":0.8}}"#;

    fn load(json: &str) -> Result<ModelManifest, LoadError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("mood")).unwrap();
        std::fs::write(dir.path().join("mood/model.json"), json).unwrap();
        ModelManifest::load(&ProfileSource::new(Some(dir.path())), "mood")
    }

    #[test]
    fn a_manifest_reads_with_its_free_form_parts_ignored() {
        let manifest = load(MODEL).unwrap();
        assert_eq!(manifest.primary.labels[1].name, "bad");
        assert!((manifest.primary.labels[1].severity - 0.9).abs() < 1e-6);
        assert_eq!(manifest.tags.unwrap().activation, Activation::Sigmoid);
    }

    #[test]
    fn a_manifest_that_cannot_be_trusted_is_refused_with_its_reason() {
        struct Case(&'static str, &'static str, &'static str);
        let cases = [
            Case("\"format\":1", "\"format\":2", "this version reads format 1"),
            Case("0.9", "1.9", "severity must be within 0 and 1"),
            Case("1.5", "0", "temperature must be a number above 0"),
            Case("\"mood\"", "\"food\"", "name must be the name of its folder"),
            Case("sigmoid", "tanh", "unknown variant `tanh`"),
        ];
        for Case(from, to, expected) in cases {
            let error = load(&MODEL.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains("mood/model.json") && error.contains(expected), "{to}: {error}");
        }
    }

    #[test]
    fn a_profile_does_not_point_outside_itself() {
        let dir = tempfile::tempdir().unwrap();
        let json = r#"{"format":1,"name":"x","trunk":"../trunk","models":["a"]}"#;
        std::fs::write(dir.path().join("profile.json"), json).unwrap();
        let error = ProfileManifest::load(&ProfileSource::new(Some(dir.path()))).unwrap_err();
        assert!(error.to_string().contains("not the name of a folder"), "{error}");
    }
}
