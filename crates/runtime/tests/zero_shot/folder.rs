//! A directory of three tiny NLI models, as `ash-nlp models pull` would leave it.

use std::fs;
use std::path::{Path, PathBuf};

use ash_analysis::Role;
use ash_runtime::folder_name;
use tempfile::TempDir;

/// The repositories of the roles, in their order.
pub(crate) const NAMES: [&str; 3] = ["tiny/first", "tiny/second", "tiny/third"];

/// Which model each of them is: three families, two and three labels.
const MODELS: [&str; 3] = ["bert", "distilbert", "roberta"];

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (role, model) in Role::ALL.into_iter().zip(MODELS) {
            let from = Path::new("../encoder/tests/data/classifiers").join(model);
            fs::create_dir(folder.model(role)).unwrap();
            for file in ["config.json", "tokenizer.json", "model.safetensors"] {
                fs::copy(from.join(file), folder.model(role).join(file)).unwrap();
            }
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The folder of the model that speaks for `role`.
    pub(crate) fn model(&self, role: Role) -> PathBuf {
        self.path().join(folder_name(NAMES[role as usize]))
    }
}
