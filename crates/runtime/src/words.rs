//! The words that the settings name: pattern packs and the lexicon beside them.

use std::sync::{Arc, OnceLock};

use ash_analysis::Words;

use crate::error::StartError;
use crate::lexicon::load_lexicon;
use crate::pattern_packs::load_pattern_packs;
use crate::settings::PatternSettings;

/// Those in the binary, compiled once in a process, for they never change: a reload, or another service beside the
/// first, need not spend a third of a second on them again.
static EMBEDDED: OnceLock<Arc<Words>> = OnceLock::new();

/// Reads and compiles them; nothing if they are switched off.
pub(crate) fn load_words(settings: &PatternSettings) -> Result<Arc<Words>, StartError> {
    if !settings.enabled {
        return Ok(Arc::new(Words::none()));
    }
    let path = settings.path.as_deref();
    if let (None, Some(words)) = (path, EMBEDDED.get()) {
        return Ok(Arc::clone(words));
    }
    let words = Arc::new(Words::new(load_pattern_packs(path)?, Some(load_lexicon(path)?)));
    Ok(if path.is_none() { Arc::clone(EMBEDDED.get_or_init(|| words)) } else { words })
}
