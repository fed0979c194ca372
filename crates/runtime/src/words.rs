//! The words that the settings name: pattern packs and the lexicon beside them.

use ash_analysis::Words;

use crate::error::StartError;
use crate::lexicon::load_lexicon;
use crate::pattern_packs::load_pattern_packs;
use crate::settings::PatternSettings;

/// Reads and compiles them; nothing if they are switched off.
pub(crate) fn load_words(settings: &PatternSettings) -> Result<Words, StartError> {
    if !settings.enabled {
        return Ok(Words::none());
    }
    let path = settings.path.as_deref();
    Ok(Words::new(load_pattern_packs(path)?, Some(load_lexicon(path)?)))
}
