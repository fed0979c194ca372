//! A directory of the compact models in which single files can be broken and mended.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The models of the repository by links, with one folder whose weights can be touched.
pub(crate) struct Breakable {
    directory: TempDir,
    weights: PathBuf,
    original: PathBuf,
}

impl Breakable {
    /// `part` is the folder to be broken: a model's, or `trunk`.
    pub(crate) fn new(part: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/compact");
        let models = models.canonicalize().expect("the models are in the repository");
        let link_all = |from: &Path, to: &Path, but: &str| {
            for entry in fs::read_dir(from).expect("a folder") {
                let entry = entry.expect("an entry");
                if entry.file_name() != but {
                    symlink(entry.path(), to.join(entry.file_name())).expect("a link");
                }
            }
        };
        let folder = directory.path().join(part);
        fs::create_dir(&folder).expect("a folder");
        link_all(&models, directory.path(), part);
        link_all(&models.join(part), &folder, "model.safetensors");
        let original = models.join(part).join("model.safetensors");
        Breakable { directory, weights: folder.join("model.safetensors"), original }
    }

    /// For `--models`.
    pub(crate) fn path(&self) -> &str {
        self.directory.path().to_str().expect("UTF-8")
    }

    /// The weights are whole again.
    pub(crate) fn mend(&self) {
        // Made beside and moved into place: whoever reads meanwhile finds the old or the new.
        let beside = self.weights.with_extension("new");
        symlink(&self.original, &beside).expect("a link");
        fs::rename(beside, &self.weights).expect("in place");
    }

    /// The weights end in their middle, as after a copy that broke off.
    pub(crate) fn cut(&self) {
        let bytes = fs::read(&self.original).expect("the weights");
        fs::write(&self.weights, &bytes[..bytes.len() / 2]).expect("written");
    }

    /// The weights are something else.
    pub(crate) fn garble(&self) {
        fs::write(&self.weights, b"this is not a model").expect("written");
    }
}
