//! A message in the three views that the analysis needs.

use std::fmt;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::normalise::normalise;
use crate::parts::Parts;
use crate::text::MessageText;
use crate::traced::Traced;

/// A message: as it was written, as the models read it, and as patterns match it.
#[derive(Clone)]
pub struct Message {
    raw: MessageText,
    clean: Traced,
    folded: String,
    parts: Parts,
}

impl Message {
    /// Normalises `text`. Never fails: a text that passed [`MessageText::parse`] has something to read.
    pub fn new(text: MessageText) -> Self {
        let (clean, parts) = normalise(text.expose());
        let folded = fold(clean.text());
        Self { raw: text, clean, folded, parts }
    }

    /// The text as it came.
    pub fn raw(&self) -> &MessageText {
        &self.raw
    }

    /// What the models read; never blank. A message made from it has the same `clean`.
    pub fn clean(&self) -> &str {
        self.clean.text()
    }

    /// `clean` in lower case and without accents.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What was recognised besides words.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The bytes of the raw text that the bytes `clean` of [`Message::clean`] were made from.
    ///
    /// The answer lies within the raw text, on character boundaries, and covers whole characters (a
    /// mention, an emoji name, a link: the whole of what was replaced). A range that reaches beyond
    /// the end is cut to it.
    pub fn raw_span(&self, clean: Range<usize>) -> Range<usize> {
        self.clean.origin(clean)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("raw", &self.raw).field("parts", &self.parts).finish_non_exhaustive()
    }
}

/// Lower case, and no accents. Only the general diacritics are dropped: in Indic scripts, Arabic or
/// Hebrew a combining mark is a letter, not an ornament.
fn fold(clean: &str) -> String {
    let bare: String = clean.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}')).nfc().collect();
    bare.to_lowercase()
}
