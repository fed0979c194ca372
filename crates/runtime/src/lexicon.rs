//! The lexicon at hand: the one in the binary, or `lexicon.bin` beside own pattern packs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ash_analysis::{Lexicon, LexiconError};

use crate::embedded::LEXICON;

/// The file beside pattern packs.
const FILE: &str = "lexicon.bin";

/// A lexicon that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LexiconFileError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is no lexicon.
    #[error("{place}: {source}")]
    Lexicon {
        /// The file, or "this program".
        place: String,
        /// What is wrong with it.
        source: LexiconError,
    },
}

/// The lexicon in the directory of packs, if it holds one, and the one in the binary otherwise.
pub fn load_lexicon(packs: Option<&Path>) -> Result<Lexicon, LexiconFileError> {
    let Some(path) = packs.map(|packs| packs.join(FILE)).filter(|path| path.exists()) else {
        let told = |source| LexiconFileError::Lexicon { place: "this program".to_owned(), source };
        return Lexicon::from_bytes(LEXICON).map_err(told);
    };
    let bytes =
        fs::read(&path).map_err(|source| LexiconFileError::Unreadable { path: path.clone(), source })?;
    let told = |source| LexiconFileError::Lexicon { place: path.display().to_string(), source };
    Lexicon::from_bytes(&bytes).map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_lexicon_can_be_read_and_knows_danger_from_calm() {
        let lexicon = load_lexicon(None).expect("packs/lexicon.bin");
        let urgent = |words: &[&str]| lexicon.read(words)[3..].iter().sum::<f32>();
        let danger = urgent(&["i", "want", "to", "die", "tonight"]);
        let calm = urgent(&["thanks", "that", "was", "a", "nice", "game"]);
        assert!(danger > 0.5 && calm < 0.2, "{danger} {calm}");
    }

    #[test]
    fn a_file_that_is_no_lexicon_is_named() {
        let folder = std::env::temp_dir().join(format!("ash-lexicon-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(FILE), b"no lexicon").expect("a file");
        let error = load_lexicon(Some(&folder)).expect_err("no lexicon").to_string();
        fs::remove_dir_all(&folder).expect("a folder that goes");
        assert!(error.contains("lexicon.bin: not a lexicon of this version"), "{error}");
    }
}
